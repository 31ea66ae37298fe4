/** SYSCALL and SYSRET inline: the mode they leave is the one that the processor's registers say. SDM Vol. 2, SYSCALL, SYSRET. */
import { CR0, CR4, EFER, EFLAGS, HF, Reg } from '@emu/x86';
import { expect, it } from 'vitest';
import { EmulatedCpu } from './emulated.ts';
import { ACCELS, ENGINES, type Accel } from './engines.ts';
import { CODE, FS_BASE, GS_BASE, Input, Output } from './step.ts';

/** SYSRET is where LSTAR points to. */
const KERNEL = CODE + 16, SYSCALL = [0x0f, 0x05], SYSRETQ = [0x48, 0x0f, 0x07];
const MXCSR = { plain: 0x1fa0, exact: 0x1f80, rounding: 0x3fa0 } as const;

function processor(accel: Accel): EmulatedCpu {
  const cpu = new EmulatedCpu(ENGINES[accel]), input = new Input(), code = new Uint8Array(32).fill(0xcc), { s } = cpu.parts.cpu;
  code.set(SYSCALL, 0);
  code.set(SYSRETQ, KERNEL - CODE);
  input.fsBase = BigInt(FS_BASE);
  input.gsBase = BigInt(GS_BASE);
  input.setCode(code, 0, 64);
  cpu.run(input, new Output()); // enters the mode
  s.efer = EFER.SCE | EFER.LME | EFER.LMA;
  s.lstarLo = KERNEL;
  s.starHi = 0x0023_0010;
  s.sfmaskLo = EFLAGS.IF | EFLAGS.TF;
  return cpu;
}

/** Every combination of bits that the mode depends on. */
function* states(): Generator<{ cr0: number; cr4: number; mxcsr: number; eflags: number }> {
  const eflags = [0, EFLAGS.AC].flatMap((ac) => [0, 1, 2, 3].flatMap((iopl) => [0, EFLAGS.DF | EFLAGS.CF | EFLAGS.OF | EFLAGS.IF].map((rest) => ac | iopl << 12 | rest)));
  for (const cr0 of [0, CR0.AM]) for (const cr4 of [0, CR4.SMAP]) for (const mxcsr of Object.values(MXCSR)) for (const e of eflags) yield { cr0, cr4, mxcsr, eflags: e };
}

it.each(ACCELS)('as `updateHflags` works it out, from any mode to any other, on %s', { timeout: 60_000 }, (accel) => {
  const emulated = processor(accel), { parts: { cpu }, engine } = emulated, { s } = cpu, cr0 = s.cr0 & ~CR0.AM, cr4 = s.cr4 & ~CR4.SMAP;
  const seen = new Set<number>();
  /** Runs the one instruction; what it leaves. */
  const run = (): { inline: number; flags: number; eflags: number } => {
    expect(engine.run(1, true)).toBe(1);
    const inline = s.flags;
    cpu.updateHflags();
    seen.add(inline);
    return { inline, flags: s.flags, eflags: cpu.readEflags() };
  };
  for (const before of states()) {
    s.cr0 = cr0 | before.cr0;
    s.cr4 = cr4 | before.cr4;
    s.mxcsr = before.mxcsr;
    cpu.updateHflags(3);
    cpu.writeEflags(before.eflags, ~0);
    cpu.setPc(CODE, 0);
    const entered = run();
    expect([before, entered.inline, entered.eflags, cpu.cpl]).toEqual([before, entered.flags, before.eflags & ~EFLAGS.IF | EFLAGS.FIXED1, 0]);
    for (const r11 of [before.eflags, before.eflags ^ EFLAGS.AC, before.eflags | EFLAGS.TF, before.eflags | EFLAGS.RF | EFLAGS.VM]) {
      cpu.updateHflags(0);
      cpu.writeEflags(before.eflags & ~EFLAGS.IF, ~0);
      cpu.setPc(KERNEL, 0);
      cpu.setGpr(Reg.R11, r11, 0);
      const left = run();
      expect([before, r11, left.inline, left.eflags, cpu.cpl]).toEqual([before, r11, left.flags, r11 & ~(EFLAGS.RF | EFLAGS.VM) | EFLAGS.FIXED1, 3]);
    }
  }
  expect([...seen].reduce((a, b) => a | b) & (HF.CPL | HF.IOPL | HF.TF | HF.SMAP | HF.AC | HF.SSE_FAST)).toBe(HF.CPL | HF.IOPL | HF.TF | HF.SMAP | HF.AC | HF.SSE_FAST);
});
