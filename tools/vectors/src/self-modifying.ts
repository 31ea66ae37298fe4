/**
 * Random programs that write to their own code: loops whose bodies patch the immediates of instructions before and behind the one that stores, the very next one
 * included, by every kind of store. The code page is writable and executable for the processor and for our CPU alike.
 */
import { fillFx } from './prepare.ts';
import { Random } from './random.ts';
import { DATA, DATA_BYTES, FS_BASE, GS_BASE, SecondPage, type Input } from './step.ts';

/** Digests of the end states of the programs with the seeds 0, 1, 2 ..., as `record.ts` found them. */
export const SELF_MODIFYING_PATH = new URL('../corpus/self-modifying.bin', import.meta.url);

const CODE_AT = 0x400, INSIDE = 0x800;
const INSNS = 40, ROUNDS = 3;
const RCX = 1, RSP = 4, R15 = 15;

/** An instruction, and where in it is an immediate of 4 bytes that may be patched (-1: none). */
interface Piece { bytes: number[]; imm: number; patch?: { at: number; size: number; disp: number } }

const imm32 = (v: number): number[] => [v, v >> 8, v >> 16, v >> 24].map((b) => b & 0xff);
/** rAX rDX rBX rBP rSI: the others lead or count. */
const REGISTERS = [0, 2, 3, 5, 6] as const;

/** Instructions with an immediate to patch: MOV, ADD, XOR, IMUL, LEA with a displacement. */
function target(r: Random): Piece {
  const reg = r.pick(REGISTERS), value = imm32(r.bits32());
  switch (r.below(5)) {
    case 0: return { bytes: [0xb8 | reg, ...value], imm: 1 };
    case 1: return { bytes: [0x81, 0xc0 | reg, ...value], imm: 2 };
    case 2: return { bytes: [0x48, 0x81, 0xf0 | reg, ...value], imm: 3 };
    case 3: return { bytes: [0x69, 0xc0 | (reg << 3) | r.pick(REGISTERS), ...value], imm: 2 };
    default: return { bytes: [0x48, 0x8d, 0x80 | (reg << 3) | (reg === 5 ? 0 : 3), ...value], imm: 3 };
  }
}

/** Stores of 1, 2, 4, 8 and 16 bytes to [rip + disp]: MOV, ADD, XOR, XCHG, MOVNTI, MOVQ, SETcc, BTS, LOCK XADD, FSTP. */
function store(r: Random): Piece {
  const reg = r.pick(REGISTERS), rip = (bytes: number[], size: number, after: number[] = []): Piece =>
    ({ bytes: [...bytes, 0, 0, 0, 0, ...after], imm: -1, patch: { at: bytes.length, size, disp: bytes.length + 4 + after.length } });
  switch (r.below(10)) {
    case 0: return rip([0xc6, 0x05], 1, [r.below(256)]);
    case 1: return rip([0x66, 0xc7, 0x05], 2, [r.below(256), r.below(256)]);
    case 2: return rip([0xc7, 0x05], 4, imm32(r.bits32()));
    case 3: return rip([0x89, 0x05 | (reg << 3)], 4);
    case 4: return rip([0x00, 0x05 | (reg << 3 & 0x18)], 1);
    case 5: return rip([0x31, 0x05 | (reg << 3)], 4);
    case 6: return rip([0x87, 0x05 | (reg << 3)], 4);
    case 7: return rip([0x0f, 0xc3, 0x05 | (reg << 3)], 4);
    case 8: return rip([0xf0, 0x0f, 0xc1, 0x05 | (reg << 3)], 4);
    default: return rip([0x0f, 0x92, 0x05], 1); // CF is defined by all of them
  }
}

/** Fills `input` with program `seed`. */
export function prepareSelfModifying(input: Input, seed: number): void {
  const r = new Random(seed, 0x5e1f);
  input.bytes.fill(0);
  input.dataOffset = INSIDE;
  input.second = SecondPage.WRITABLE;
  input.fsBase = BigInt(FS_BASE);
  input.gsBase = BigInt(GS_BASE);
  fillFx(r, input.fx);
  for (let n = 0; n < 16; n++) input.setGpr(n, r.bits64());
  input.setGpr(RCX, BigInt(ROUNDS));
  input.setGpr(RSP, BigInt(DATA + INSIDE + DATA_BYTES / 2));
  input.setGpr(R15, 0n);
  input.rflags = 0x202;
  input.setCode(program(r), CODE_AT, 64);
}

function program(r: Random): Uint8Array {
  const pieces: Piece[] = [];
  for (let n = 0; n < INSNS; n++) pieces.push(r.below(3) === 0 ? store(r) : target(r));
  // the sum of everything so far, so that each value that was ever computed counts: ADD R15, rAX
  for (let n = 4; n < pieces.length; n += 5) pieces.splice(n, 0, { bytes: [0x49, 0x01, 0xc7], imm: -1 });
  const starts: number[] = [];
  let length = 0;
  for (const { bytes } of pieces) {
    starts.push(length);
    length += bytes.length;
  }
  const targets = pieces.map((p, k) => ({ k, at: starts[k]! + p.imm })).filter(({ k }) => pieces[k]!.imm >= 0);
  pieces.forEach((piece, k) => {
    const { patch } = piece;
    if (!patch) return;
    // half of the time the next instruction that can be patched, else any
    const next = targets.find((t) => t.k > k), to = next && r.below(2) ? next : r.pick(targets);
    const within = r.below(5 - patch.size);
    piece.bytes.splice(patch.at, 4, ...imm32(to.at + within - (starts[k]! + patch.disp)));
  });
  const body = pieces.flatMap((p) => p.bytes);
  // DEC RCX; JNZ to the start
  const loop = [0x48, 0xff, 0xc9, 0x0f, 0x85, ...imm32(-(body.length + 9))];
  return Uint8Array.from([...body, ...loop]);
}

