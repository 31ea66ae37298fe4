/**
 * Integer vectors: MMX and the integer half of SSE2 to SSE4.2. One emitter serves the MMX and the XMM row of an operation.
 * SDM Vol. 1 chapters 9 to 12, Vol. 2.
 */
import { unimplemented, type Emit } from './types.ts';

/** Lane width in bits. */
export type Lane = 8 | 16 | 32 | 64;

/**
 * Operation on lanes: dst = dst op src. `S` and `U` are signed and unsigned; `adds`/`subs` saturate; `mullo`/`mulhi` keep a half of the
 * product, `muleven` multiplies the even lanes to double width; `shl`, `shr`, `sar` take one count for all lanes from the source.
 */
export type VecOp =
  | 'add' | 'sub' | 'addsS' | 'addsU' | 'subsS' | 'subsU' | 'mullo' | 'mulhiS' | 'mulhiU' | 'mulevenS' | 'mulevenU' | 'avgU'
  | 'and' | 'andn' | 'or' | 'xor' | 'cmpeq' | 'cmpgtS' | 'minS' | 'minU' | 'maxS' | 'maxU' | 'shl' | 'shr' | 'sar'
  | 'unpckl' | 'unpckh' | 'sign' | 'hadd' | 'hsub' | 'haddsS' | 'hsubsS';

/** The operation `op` on lanes of `lane` bits. */
export const emitVec = (op: VecOp, lane: Lane): Emit => unimplemented(`emitVec(${op}, ${lane})`);
/** dst = |src| a lane. */
export const emitPabs = (lane: Lane): Emit => unimplemented(`emitPabs(${lane})`);
/** Narrows lanes of `lane` bits to half of that with signed or unsigned saturation (PACKSS, PACKUS). */
export const emitPack = (to: 'S' | 'U', lane: Lane): Emit => unimplemented(`emitPack(${to}, ${lane})`);
/** Widens the low lanes from `from` to `to` bits with sign or zero extension (PMOVSX, PMOVZX). */
export const emitPmovx = (ext: 'S' | 'U', from: Lane, to: Lane): Emit => unimplemented(`emitPmovx(${ext}, ${from}, ${to})`);
/** Inserts the low `lane` bits of a general register or memory at the lane in imm8. */
export const emitPinsr = (lane: Lane): Emit => unimplemented(`emitPinsr(${lane})`);
/** Extracts the lane in imm8, zero-extended to a register, or to memory. */
export const emitPextr = (lane: Lane): Emit => unimplemented(`emitPextr(${lane})`);
/** Lane width 32 or 64 from the operand size: PINSRD/PINSRQ. */
export const emitPinsrDq: Emit = unimplemented('emitPinsrDq');
/** Lane width 32 or 64 from the operand size: PEXTRD/PEXTRQ. */
export const emitPextrDq: Emit = unimplemented('emitPextrDq');
/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: explicit or implicit lengths, index or mask result. */
export const emitPcmpstr = (lengths: 'explicit' | 'implicit', result: 'index' | 'mask'): Emit => unimplemented(`emitPcmpstr(${lengths}, ${result})`);

export const emitPmadd: Emit = unimplemented('emitPmadd');
export const emitPmaddubsw: Emit = unimplemented('emitPmaddubsw');
export const emitPmulhrsw: Emit = unimplemented('emitPmulhrsw');
export const emitPsadbw: Emit = unimplemented('emitPsadbw');
export const emitMpsadbw: Emit = unimplemented('emitMpsadbw');
export const emitPhminposuw: Emit = unimplemented('emitPhminposuw');
export const emitPshufb: Emit = unimplemented('emitPshufb');
export const emitPshufw: Emit = unimplemented('emitPshufw');
export const emitPshufd: Emit = unimplemented('emitPshufd');
export const emitPshuflw: Emit = unimplemented('emitPshuflw');
export const emitPshufhw: Emit = unimplemented('emitPshufhw');
export const emitPalignr: Emit = unimplemented('emitPalignr');
export const emitPslldq: Emit = unimplemented('emitPslldq');
export const emitPsrldq: Emit = unimplemented('emitPsrldq');
export const emitPmovmskb: Emit = unimplemented('emitPmovmskb');
export const emitPblendvb: Emit = unimplemented('emitPblendvb');
export const emitPblendw: Emit = unimplemented('emitPblendw');
export const emitPtest: Emit = unimplemented('emitPtest');
export const emitEmms: Emit = unimplemented('emitEmms');
