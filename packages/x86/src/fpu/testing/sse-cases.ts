/** SSE floating-point instruction forms as cases for `compare.ts`: XMM0 is the destination, XMM1 the source. */
import type { Case } from './compare.ts';
import { Record, xmmAt } from './record.ts';
import type { SoftFpu } from './soft-fpu.ts';
import { f32, f64, type Random } from './values.ts';

const SIGFPE = 8;
const COMPARED_FLAGS = 0x8d5;

/** Any MXCSR: mostly all masked, sometimes with DAZ or FTZ, sometimes flags set already. */
function mxcsr(r: Random): number {
  const masks = r.below(3) === 0 ? r.below(0x40) : 0x3f;
  return masks << 7 | r.below(4) << 13 | (r.below(4) === 0 ? 0x8000 : 0) | (r.below(4) === 0 ? 0x40 : 0) | (r.below(4) === 0 ? r.below(0x40) & masks : 0);
}

type Fill = (view: DataView, at: number, r: Random) => void;

const fillWith = (lanes: (view: DataView, at: number, r: Random) => void): Fill => (view, at, r) => {
  view.setUint32(at + Record.MXCSR, mxcsr(r), true);
  for (let i = 0; i < 3; i++) lanes(view, at + xmmAt(i), r);
  if (r.below(6) === 0) for (let i = 0; i < 16; i++) view.setUint8(at + xmmAt(1) + i, view.getUint8(at + xmmAt(0) + i));
  view.setUint32(at + Record.RFLAGS, 0x202 | r.below(0x1000) & COMPARED_FLAGS, true);
};
const singles = fillWith((view, at, r) => { for (let i = 0; i < 4; i++) view.setUint32(at + 4 * i, f32(r), true); });
const doubles = fillWith((view, at, r) => { for (let i = 0; i < 2; i++) view.setBigUint64(at + 8 * i, f64(r), true); });
const integers = fillWith((view, at, r) => {
  for (let i = 0; i < 4; i++) view.setInt32(at + 4 * i, r.pick([0, 1, -1, r.u32() | 0, (r.u32() | 0) >> r.below(32), 0x7fffffff, -0x80000000]), true);
});
/** A general register or memory operand of 64 bits. */
const quads: Fill = (view, at, r) => {
  doubles(view, at, r);
  view.setBigInt64(at + Record.RAX, r.pick([0n, 1n, -1n, BigInt.asIntN(64, r.u64()), BigInt.asIntN(64, r.u64()) >> BigInt(r.below(64))]), true);
};

type Run = (soft: SoftFpu, view: DataView, at: number) => void;
const row = (title: string, code: readonly number[], fill: Fill, run: Run): Case => ({ title, code, fill, run });

const PREFIX = { ps: [], pd: [0x66], ss: [0xf3], sd: [0xf2] } as const;
type Suffix = keyof typeof PREFIX;
const SUFFIXES = Object.keys(PREFIX) as Suffix[];
const fillOf = (suffix: Suffix): Fill => suffix.endsWith('s') ? singles : doubles;
const XMM0_XMM1 = 0xc1;

/** #XM is a signal in the harness. */
const signal = (view: DataView, at: number, taken: number): void => view.setUint32(at + Record.SIGNAL, taken ? SIGFPE : 0, true);

/** XMM0 = XMM0 op XMM1, with what follows as further arguments. */
const binary = (name: string, ...more: number[]): Run => (s, view, at) => signal(view, at, s.helpers[name]!(s.env, s.xmm(0), s.xmm(0), s.xmm(1), ...more));
const unary = (name: string, ...more: number[]): Run => (s, view, at) => signal(view, at, s.helpers[name]!(s.env, s.xmm(0), s.xmm(1), ...more));

const arithmetic = SUFFIXES.flatMap((suffix) => ([['add', 0x58], ['mul', 0x59], ['sub', 0x5c], ['min', 0x5d], ['div', 0x5e], ['max', 0x5f]] as const)
  .map(([name, opcode]) => row(`${name}${suffix}`, [...PREFIX[suffix], 0x0f, opcode, XMM0_XMM1], fillOf(suffix), binary(`${name}${suffix}`)))
  .concat(row(`sqrt${suffix}`, [...PREFIX[suffix], 0x0f, 0x51, XMM0_XMM1], fillOf(suffix), unary(`sqrt${suffix}`))));

const comparisons = SUFFIXES.flatMap((suffix) => Array.from({ length: 8 }, (_, imm) =>
  row(`cmp${suffix} ${imm}`, [...PREFIX[suffix], 0x0f, 0xc2, XMM0_XMM1, imm], fillOf(suffix), binary(`cmp${suffix}`, imm))));

const comis = ([['ss', []], ['sd', [0x66]]] as const).flatMap(([suffix, prefix]) => ([['comi', 0x2f, 0], ['ucomi', 0x2e, 1]] as const)
  .map(([name, opcode, quiet]) => row(`${name}${suffix}`, [...prefix, 0x0f, opcode, XMM0_XMM1], fillOf(suffix), (s, view, at) => {
    const flags = s.helpers[`comi${suffix}`]!(s.env, s.xmm(0), s.xmm(1), quiet);
    signal(view, at, flags < 0 ? 1 : 0);
    if (flags >= 0) view.setUint32(at + Record.RFLAGS, view.getUint32(at + Record.RFLAGS, true) & ~COMPARED_FLAGS | flags, true);
  })));

const horizontal = ([['ps', 0xf2], ['pd', 0x66]] as const).flatMap(([suffix, prefix]) =>
  ([['hadd', 0x7c], ['hsub', 0x7d], ['addsub', 0xd0]] as const).map(([name, opcode]) =>
    row(`${name}${suffix}`, [prefix, 0x0f, opcode, XMM0_XMM1], fillOf(suffix), binary(`${name}${suffix}`))));

const dotProducts = [['ps', 0x40], ['pd', 0x41]].flatMap(([suffix, opcode]) => [0xff, 0x71, 0xbf, 0x3a].map((imm) =>
  row(`dp${suffix} ${imm.toString(16)}`, [0x66, 0x0f, 0x3a, opcode as number, XMM0_XMM1, imm], fillOf(suffix as Suffix), binary(`dp${suffix}`, imm))));

const ROUND_OPCODES = { ps: 0x08, pd: 0x09, ss: 0x0a, sd: 0x0b } as const;
const rounds = SUFFIXES.flatMap((suffix) => [0, 1, 2, 3, 4, 8, 9, 12].map((imm) =>
  row(`round${suffix} ${imm}`, [0x66, 0x0f, 0x3a, ROUND_OPCODES[suffix], XMM0_XMM1, imm], fillOf(suffix), unary(`round${suffix}`, imm))));

const floatToFloat = [
  row('cvtps2pd', [0x0f, 0x5a, XMM0_XMM1], singles, unary('cvtps2pd')),
  row('cvtpd2ps', [0x66, 0x0f, 0x5a, XMM0_XMM1], doubles, unary('cvtpd2ps')),
  row('cvtss2sd', [0xf3, 0x0f, 0x5a, XMM0_XMM1], singles, unary('cvtss2sd')),
  row('cvtsd2ss', [0xf2, 0x0f, 0x5a, XMM0_XMM1], doubles, unary('cvtsd2ss')),
];
const packedIntegers = [
  row('cvtdq2ps', [0x0f, 0x5b, XMM0_XMM1], integers, unary('cvtdq2ps')),
  row('cvtdq2pd', [0xf3, 0x0f, 0xe6, XMM0_XMM1], integers, unary('cvtdq2pd')),
  row('cvtps2dq', [0x66, 0x0f, 0x5b, XMM0_XMM1], singles, unary('cvtps2dq')),
  row('cvttps2dq', [0xf3, 0x0f, 0x5b, XMM0_XMM1], singles, unary('cvttps2dq')),
  row('cvtpd2dq', [0xf2, 0x0f, 0xe6, XMM0_XMM1], doubles, unary('cvtpd2dq')),
  row('cvttpd2dq', [0x66, 0x0f, 0xe6, XMM0_XMM1], doubles, unary('cvttpd2dq')),
];

/** The source is EAX or RAX, passed through the operand cell. */
const fromRegister = (name: string): Run => (s, view, at) => {
  s.arena.view.setBigUint64(s.operand, view.getBigUint64(at + Record.RAX, true), true);
  signal(view, at, s.helpers[name]!(s.env, s.xmm(0), s.operand));
};
const toRegister = (name: string, bits: 32 | 64): Run => (s, view, at) => {
  const taken = s.helpers[name]!(s.env, s.operand, s.xmm(1));
  signal(view, at, taken);
  if (taken) return;
  view.setBigUint64(at + Record.RAX, bits === 64 ? s.arena.view.getBigUint64(s.operand, true) : BigInt(s.arena.view.getUint32(s.operand, true)), true);
};
const scalarIntegers = ([['ss', 0xf3], ['sd', 0xf2]] as const).flatMap(([suffix, prefix]) => [
  row(`cvtsi2${suffix} eax`, [prefix, 0x0f, 0x2a, 0xc0], quads, fromRegister(`cvtsi2${suffix}`)),
  row(`cvtsi2${suffix} rax`, [prefix, 0x48, 0x0f, 0x2a, 0xc0], quads, fromRegister(`cvtsi2${suffix}_64`)),
  ...([['cvt', 0x2d], ['cvtt', 0x2c]] as const).flatMap(([name, opcode]) => [
    row(`${name}${suffix}2si eax`, [prefix, 0x0f, opcode, 0xc1], fillOf(suffix), toRegister(`${name}${suffix}2si`, 32)),
    row(`${name}${suffix}2si rax`, [prefix, 0x48, 0x0f, opcode, 0xc1], fillOf(suffix), toRegister(`${name}${suffix}2si_64`, 64)),
  ]),
]);

const approximations = ([['ps', []], ['ss', [0xf3]]] as const).flatMap(([suffix, prefix]) => ([['rcp', 0x53], ['rsqrt', 0x52]] as const).map(([name, opcode]) =>
  row(`${name}${suffix}`, [...prefix, 0x0f, opcode, XMM0_XMM1], singles, unary(`${name}${suffix}`))));

/** MMX forms: the register is the memory operand at [rdi], so that the x87 state stays out of it. */
const mmxMemory: Fill = (view, at, r) => {
  integers(view, at, r);
  view.setBigUint64(at + Record.MEMORY, r.u64() >> BigInt(r.below(64)), true);
};
const mmx = [
  row('cvtpi2ps m64', [0x0f, 0x2a, 0x07], mmxMemory, (s, view, at) => signal(view, at, s.helpers['cvtpi2ps']!(s.env, s.xmm(0), s.operand))),
  row('cvtpi2pd m64', [0x66, 0x0f, 0x2a, 0x07], mmxMemory, (s, view, at) => signal(view, at, s.helpers['cvtdq2pd']!(s.env, s.xmm(0), s.operand))),
];

export const sseCases: readonly Case[] =
  [...arithmetic, ...comparisons, ...comis, ...horizontal, ...dotProducts, ...rounds, ...floatToFloat, ...packedIntegers, ...scalarIntegers, ...approximations, ...mmx];
