/**
 * Where SSE operations leave their TB in the middle: each instruction counts once, also one that is worked out exactly in a TB of its own, and
 * interrupts come when due.
 * Expected counts are those of the programs: a processor retires what it executes, and INT3 at the end is a fault here.
 */
import { describe, expect, it } from 'vitest';
import { EFLAGS } from '@emu/x86';
import { EmulatedCpu } from './emulated.ts';
import { ENGINES, tciEngine, type MakeEngine } from './engines.ts';
import { CODE, DATA, FS_BASE, Fx, GS_BASE, Input, Output } from './step.ts';

const oneInsn: MakeEngine = (arena, parts, map) => tciEngine(arena, parts, map, 1);
const WAYS: readonly (readonly [string, MakeEngine])[] = [...Object.entries(ENGINES), ['tci, one instruction a TB', oneInsn]];

const BREAKPOINT = 3;
const RAX = 0, RBX = 3, ROUNDS = 300;
/** MXCSR: all masked, with and without PE. */
const INEXACT_SET = 0x1fa0, INEXACT_CLEAR = 0x1f80;

/** A run of `code` in 64-bit mode. XMM0 is the smallest denormal, XMM1 and XMM2 are 1/3 and 1; RBX points to `data`. */
function prepare(code: readonly number[], mxcsr: number): Input {
  const input = new Input(), fx = new DataView(input.fx.buffer, input.fx.byteOffset);
  input.fsBase = BigInt(FS_BASE);
  input.gsBase = BigInt(GS_BASE);
  input.rflags = 2;
  input.setGpr(RBX, BigInt(DATA));
  input.view.setUint32(input.data.byteOffset - input.bytes.byteOffset, INEXACT_CLEAR, true);
  fx.setUint32(Fx.MXCSR, mxcsr, true);
  [Number.MIN_VALUE, 1 / 3, 1].forEach((x, n) => fx.setFloat64(Fx.XMM + 16 * n, x, true));
  input.setCode(Uint8Array.from(code), 0, 64);
  return input;
}

/** Instructions that the run takes, in slices of `slice` if that is given, and RAX at the end. */
function run(makeEngine: MakeEngine, input: Input, slice?: number): { instructions: number; rax: number; slices: Set<number> } {
  const cpu = new EmulatedCpu(makeEngine), out = new Output(), { engine } = cpu, slices = new Set<number>();
  if (slice) {
    const whole = engine.run.bind(engine);
    engine.run = () => {
      let total = 0;
      for (let n = slice; n === slice; total += n) slices.add((n = whole(slice, true)));
      return total;
    };
  }
  cpu.run(input, out);
  expect(out.vector).toBe(BREAKPOINT);
  return { instructions: engine.instructions, rax: Number(out.gpr(RAX)), slices };
}

/** mov ecx, ROUNDS; 1: body; dec ecx; jnz 1b */
const loop = (...body: readonly number[]): number[] => [0xb9, ROUNDS & 0xff, ROUNDS >> 8, 0, 0, ...body, 0xff, 0xc9, 0x75, -(body.length + 4) & 0xff];

const INC_EAX = [0xff, 0xc0], XOR_EAX = [0x31, 0xc0];
/** Seven instructions; two of them have a denormal operand. addsd xmm3, xmm0; inc; mulsd xmm4, xmm0; inc; mulsd xmm1, xmm2; inc; inc */
const DENORMAL = [0xf2, 0x0f, 0x58, 0xd8, ...INC_EAX, 0xf2, 0x0f, 0x59, 0xe0, ...INC_EAX, 0xf2, 0x0f, 0x59, 0xca, ...INC_EAX, ...INC_EAX];
/** Four instructions; the first inexact result sets PE. ldmxcsr [rbx]; addsd xmm2, xmm1; inc; inc */
const FIRST_INEXACT = [0x0f, 0xae, 0x13, 0xf2, 0x0f, 0x58, 0xd1, ...INC_EAX, ...INC_EAX];

describe.each(WAYS)('on %s', (_, makeEngine) => {
  it('what leaves its TB to be worked out exactly counts once, and what follows it too', () => {
    const { instructions, rax } = run(makeEngine, prepare([...XOR_EAX, ...loop(...DENORMAL)], INEXACT_SET));
    expect([rax, instructions]).toEqual([ROUNDS * 4, 2 + ROUNDS * (7 + 2)]);
  });

  it('what leaves its TB since MXCSR allows plain results from now on does so too', () => {
    const { instructions, rax } = run(makeEngine, prepare([...XOR_EAX, ...loop(...FIRST_INEXACT)], INEXACT_SET));
    expect([rax, instructions]).toEqual([ROUNDS * 2, 2 + ROUNDS * (4 + 2)]);
  });

  it('an interrupt that STI lets in comes behind the next instruction, also if that leaves its TB: sti; addsd xmm3, xmm0; inc eax; inc eax', () => {
    const input = prepare([0xfb, 0xf2, 0x0f, 0x58, 0xd8, ...INC_EAX, ...INC_EAX], INEXACT_SET), cpu = new EmulatedCpu(makeEngine), { s, bus } = cpu.parts.cpu;
    const at: number[] = [];
    input.rflags = 2 | EFLAGS.IOPL;
    cpu.parts.cpu.setIntr(true);
    bus.acknowledge = () => at.push(s.pcLo - CODE) && -1;
    cpu.run(input, new Output());
    expect(at[0]).toBe(5);
  });

  it.each([1, 2, 5, 64])('an exact slice of %i instructions is one, wherever it ends', (slice) => {
    const { instructions, rax, slices } = run(makeEngine, prepare([...XOR_EAX, ...loop(...DENORMAL)], INEXACT_SET), slice);
    expect([rax, instructions]).toEqual([ROUNDS * 4, 2 + ROUNDS * (7 + 2)]);
    expect([...slices]).toEqual([slice, (2 + ROUNDS * (7 + 2)) % slice]);
  });
});
