import { describe, expect, it } from 'vitest';
import { Exit } from '@emu/tcg';
import { EmulatedCpu } from './emulated.ts';
import { accelOf, AccelError, jitEngine, tciEngine } from './engines.ts';
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

  it('--accel is taken out of the arguments', () => {
    const args = ['recorded', '--accel', 'jit', '3'];
    expect([accelOf(args), args]).toEqual(['jit', ['recorded', '3']]);
    expect(accelOf([])).toBe('tci');
    expect(() => accelOf(['--accel', 'hvm'])).toThrow(AccelError);
  });
});
