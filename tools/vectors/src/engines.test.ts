import { describe, expect, it } from 'vitest';
import { Exit } from '@emu/tcg';
import { EmulatedCpu } from './emulated.ts';
import { ACCELS, accelOf, AccelError, ENGINES, jitEngine, tciEngine } from './engines.ts';
import { FS_BASE, GS_BASE, Input, Output } from './step.ts';

describe('engines', () => {
  it('with the compiler, what runs once is compiled', () => {
    const input = new Input(), out = new Output();
    input.fsBase = BigInt(FS_BASE);
    input.gsBase = BigInt(GS_BASE);
    input.setCode(Uint8Array.of(0xff, 0xc0), 0, 64); // inc eax
    for (const [makeEngine, compiled] of [[tciEngine, 0], [jitEngine, 1]] as const) {
      const cpu = new EmulatedCpu(makeEngine);
      cpu.run(input, out);
      expect([out.vector, out.gpr(0), cpu.engine.stats.exits[Exit.HOT]]).toEqual([3, 1n, compiled]);
    }
  });

  it('compute what waits for its use before what it reads changes: a stream of the corpus (32-bit, seed 1484), shortened', () => {
    const input = new Input(), out = new Output();
    input.fsBase = BigInt(FS_BASE);
    input.gsBase = BigInt(GS_BASE);
    // aeskeygenassist xmm3, xmm6, 32; cmp esp, edi; cmovle ax, dx; xchg eax, edi
    input.setCode(Uint8Array.of(0x66, 0x0f, 0x3a, 0xdf, 0xde, 0x20, 0x39, 0xfc, 0x66, 0x0f, 0x4e, 0xc2, 0x87, 0xf8), 0, 32);
    input.setGpr(0, 0x18af2098n);
    input.setGpr(4, 0x20000800n);
    input.setGpr(7, 0xcdn);
    for (const accel of ACCELS) {
      new EmulatedCpu(ENGINES[accel]).run(input, out);
      expect([accel, out.gpr(0), out.gpr(7)]).toEqual([accel, 0xcdn, 0x18af2098n]);
    }
  });

  it('--accel is taken out of the arguments', () => {
    const args = ['recorded', '--accel', 'jit', '3'];
    expect([accelOf(args), args]).toEqual(['jit', ['recorded', '3']]);
    expect(accelOf([])).toBe('tci');
    expect(() => accelOf(['--accel', 'hvm'])).toThrow(AccelError);
  });
});
