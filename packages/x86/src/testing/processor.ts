/** For tests of what the processor does without any guest code: one in an arena with RAM at 0, and what it raises as text. */
import { PhysMap } from '@emu/softmmu';
import { GUEST_FAULT } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import type { X86Bus, X86Cpu } from '../cpu.ts';
import { createX86 } from '../create.ts';
import { CpuModel } from '../system/cpuid.ts';

const MIB = 1 << 20, RAM_BYTES = MIB;

export interface TestProcessor {
  readonly cpu: X86Cpu;
  /** Writes a 64-bit value to physical memory. */
  poke(at: number, lo: number, hi?: number): void;
  peek(at: number): number;
  /** What `action` raises: `#13(0)`, `#6`; empty if nothing. */
  raised(action: () => void): string;
  /** Lines logged so far. */
  readonly log: string[];
}

/** @param model as after `-cpu`. @param bus what the test needs of the machine. */
export function testProcessor(model = 'max', bus: Partial<X86Bus> = {}): TestProcessor {
  const arena = new Arena(64 * MIB), map = new PhysMap(arena), ram = arena.alloc(RAM_BYTES, 4096), log: string[] = [];
  map.addRam('ram', 0, RAM_BYTES, ram);
  const { cpu } = createX86({
    arena, map, model: new CpuModel(model), onCodeWrite: () => false, onFlush: () => {},
    bus: {
      ioRead: () => 0, ioWrite: () => {}, acknowledge: () => -1, tsc: () => 0, tscHi: () => 0, shutdown: () => {}, ferr: () => {}, random32: () => 4,
      logs: () => true, log: (_kind, text) => void log.push(text), ...bus,
    },
  });
  cpu.reset();
  return {
    cpu, log,
    poke: (at, lo, hi = 0) => {
      map.writePhys32(at, lo);
      map.writePhys32(at + 4, hi);
    },
    peek: (at) => map.readPhys32(at) >>> 0,
    raised: (action) => {
      try {
        action();
      } catch (thrown) {
        if (thrown !== GUEST_FAULT) throw thrown;
        const { exception, errorCode } = cpu.s;
        return errorCode < 0 ? `#${exception}` : `#${exception}(${errorCode.toString(16)})`;
      }
      return '';
    },
  };
}
