/** Code that writes to itself, in all its kinds: against the processor, and against what the manual says where user mode cannot go. SDM Vol. 3, 8.1.3 and 11.6. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { X86_STATE } from '@emu/x86';
import { Board } from './board.ts';
import { statesDiffer } from './compare.ts';
import { EmulatedCpu } from './emulated.ts';
import { ACCELS, ENGINES, type Accel } from './engines.ts';
import { canRunNatively, runNatively } from './native.ts';
import { prepareSelfModifying, SELF_MODIFYING_PATH } from './self-modifying.ts';
import { FS_BASE, GS_BASE, Input, INPUT_BYTES, Output, SecondPage } from './step.ts';
import { digest } from './streams.ts';
import { inputAt, outputAt } from './suite.ts';

const EXACT = { flagsUndefined: 0, approximate: false, several: false } as const;
/** Programs that are run: each is translated again and again. */
const RECORDED: Readonly<Record<Accel, number>> = { tci: 400, jit: 60 }, FRESH: Readonly<Record<Accel, number>> = { tci: 100, jit: 20 };

describe.each(ACCELS)('programs that patch their own immediates by every kind of store, on %s', (accel) => {
  it('end as the processor recorded', { timeout: 60_000 }, () => {
    const digests = new Int32Array(new Uint8Array(readFileSync(SELF_MODIFYING_PATH)).buffer).subarray(0, RECORDED[accel]);
    const cpu = new EmulatedCpu(ENGINES[accel]), input = new Input(), ours = new Output(), failed: number[] = [];
    digests.forEach((expected, seed) => {
      prepareSelfModifying(input, seed);
      cpu.run(input, ours);
      if (digest(ours, 64) !== expected) failed.push(seed);
    });
    expect(failed).toEqual([]);
    expect(digests.length).toBe(RECORDED[accel]);
  });

  it.runIf(canRunNatively())('end as this processor finds, afresh', { timeout: 60_000 }, () => {
    const fresh = FRESH[accel], first = Date.now() % 1e9, inputs = new Uint8Array(fresh * INPUT_BYTES), cpu = new EmulatedCpu(ENGINES[accel]), ours = new Output(), failed: string[] = [];
    for (let k = 0; k < fresh; k++) prepareSelfModifying(inputAt(inputs, k), first + k);
    const outputs = runNatively(inputs);
    for (let k = 0; k < fresh; k++) {
      cpu.run(inputAt(inputs, k), ours);
      const why = statesDiffer(ours, outputAt(outputs, k), 64, EXACT);
      if (why.length > 0) failed.push(`seed ${first + k}: ${why.slice(0, 3).join('; ')}`);
    }
    expect(failed).toEqual([]);
  });
});

/** Runs 64-bit code at the start of the code page. */
function run(accel: Accel, code: readonly number[]): Output {
  const input = new Input(), out = new Output();
  input.second = SecondPage.WRITABLE;
  input.fsBase = BigInt(FS_BASE);
  input.gsBase = BigInt(GS_BASE);
  input.rflags = 2;
  input.setCode(Uint8Array.from(code), 0, 64);
  new EmulatedCpu(ENGINES[accel]).run(input, out);
  return out;
}

describe.each(ACCELS)('single stores, on %s', (accel) => {
  it('change the very next instruction: mov byte [rip+1], 7; mov eax, 1', () => {
    expect(run(accel, [0xc6, 0x05, 1, 0, 0, 0, 7, 0xb8, 1, 0, 0, 0]).gpr(0)).toBe(7n);
  });

  it('make an instruction of what was none: UD2 behind the store becomes NOP NOP', () => {
    const out = run(accel, [0x66, 0xc7, 0x05, 0, 0, 0, 0, 0x90, 0x90, 0x0f, 0x0b, 0xff, 0xc0]);
    expect([out.vector, out.gpr(0)]).toEqual([3, 1n]);
  });

  it('REP STOSB over the code behind it is seen: inc eax twelve times becomes nop', () => {
    // lea rdi, [rip+..]; mov ecx, 24; mov al, 0x90; rep stosb; 12 x (inc ebx)
    const code = [0x48, 0x8d, 0x3d, 9, 0, 0, 0, 0xb9, 24, 0, 0, 0, 0xb0, 0x90, 0xf3, 0xaa, ...Array.from({ length: 12 }, () => [0xff, 0xc3]).flat()];
    expect(run(accel, code).gpr(3)).toBe(0n);
  });

  it('a loop that counts in its own immediate: add dword [rip], 1 in front of mov eax, imm32', () => {
    // mov ecx, 5; 1: add dword [rip+6], 1; add edx, eax...; mov eax, 0; dec ecx; jnz 1b
    const body = [0x83, 0x05, 1, 0, 0, 0, 1, 0xb8, 0, 0, 0, 0, 0x01, 0xc2, 0xff, 0xc9];
    expect(run(accel, [0xb9, 5, 0, 0, 0, ...body, 0x75, -(body.length + 2) & 0xff]).gpr(2)).toBe(1n + 2n + 3n + 4n + 5n);
  });
});

describe.each(ACCELS)('code in two pages, on %s', (accel) => {
  /** An instruction that begins at the last byte of a page: B8 imm32. */
  const ACROSS = 0x1fff;
  const board = () => {
    const b = new Board(new Uint8Array(0x10000), 'max', ENGINES[accel]), { cpu } = b.parts;
    cpu.setSegment(1, 0, 0, 0, 0xffff, cpu.segAttr(1)); // CS = 0: real-mode code below 64 KiB
    cpu.updateHflags();
    const put = (at: number, ...bytes: number[]) => b.arena.u8.set(bytes, b.ram + at);
    const go = (at: number) => {
      cpu.setPc(at, 0);
      cpu.s.halted = 0;
      b.engine.run(1000, true);
      return cpu.gprLo(0) & 0xffff;
    };
    return { b, cpu, put, go };
  };

  it('runs across the boundary', () => {
    const { put, go } = board();
    put(ACROSS, 0xb8, 0x34, 0x12, 0xf4);
    expect(go(ACROSS)).toBe(0x1234);
  });

  it('sees a guest store to the part in the second page', () => {
    const { put, go } = board();
    put(ACROSS, 0xb8, 0x34, 0x12, 0xf4);
    go(ACROSS);
    put(0x3000, 0xc6, 0x06, 0x00, 0x20, 0x99, 0xea, 0xff, 0x1f, 0, 0); // mov byte [2000], 99; jmp 0:1fff
    expect(go(0x3000)).toBe(0x1299);
  });

  it('sees a guest store to the part in the first page: MOV AX becomes ADD AX', () => {
    const { put, go } = board();
    put(ACROSS, 0xb8, 0x34, 0x12, 0xf4);
    go(ACROSS);
    put(0x3000, 0xb8, 1, 0, 0xc6, 0x06, 0xff, 0x1f, 0x05, 0xea, 0xff, 0x1f, 0, 0); // mov ax, 1; mov byte [1fff], 05; jmp 0:1fff
    expect(go(0x3000)).toBe(0x1235);
  });

  it('sees what a device wrote (invalidatePhys), as another processor or DMA would', () => {
    const { b, put, go } = board();
    put(ACROSS, 0xb8, 0x34, 0x12, 0xf4);
    go(ACROSS);
    put(0x2001, 0x77);
    b.engine.invalidatePhys(b.ram + 0x2001, 1);
    expect(go(ACROSS)).toBe(0x7734);
  });

  it('a breakpoint on the second byte of a page is hit by the instruction that begins there, not by one that crosses it', () => {
    const { b, cpu, put, go } = board(), dr = (n: number) => (cpu.env + X86_STATE.offset.dr + 8 * n) >>> 2;
    put(0x2000, 0x90, 0x40, 0xf4); // nop; inc ax; hlt
    put(ACROSS, 0x90);
    put(4, 0x00, 0x40, 0, 0); // vector 1: 0:4000
    put(0x4000, 0xb8, 0xdb, 0, 0xf4);
    cpu.setGpr(4, 0x7000, 0);
    // mov eax, 2001; mov dr0, eax; mov eax, 402 (G0); mov dr7, eax; hlt
    put(0x5000, 0x66, 0xb8, 0x01, 0x20, 0, 0, 0x0f, 0x23, 0xc0, 0x66, 0xb8, 0x02, 0x04, 0, 0, 0x0f, 0x23, 0xf8, 0xf4);
    go(0x5000);
    expect(go(ACROSS)).toBe(0xdb);
    expect(b.arena.i32[dr(6)]! & 0xf).toBe(1);
    // MOV AX, imm16 from 1FFF to 2001 covers the byte, but does not begin there
    put(ACROSS, 0xb8, 0x34, 0x12, 0xf4);
    b.engine.invalidatePhys(b.ram + ACROSS, 4);
    cpu.setGpr(4, 0x7000, 0);
    b.arena.i32[dr(6)] = 0;
    expect([go(ACROSS), b.arena.i32[dr(6)]! & 0xf]).toEqual([0x1234, 0]);
  });
});
