/** Helpers of MMX and SSE that know their CPU: masked stores, #XM. SDM Vol. 2; Vol. 1, 11.5.4. */
import { Access } from '@emu/softmmu';
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { CR4, EFER, Vector } from '../state.ts';

export function simdHelpers(r: HelperRegistry, cpu: X86Cpu) {
  return {
    /** (address, bytes in CPU state, which of them, mmu index, how many there are): all or a fault, also for bytes that are not written (as hardware). */
    maskmov: r.js('maskmov', ['vaddr', 'ptr', 'i32', 'i32', 'i32'], 'void', (lo, hi, from, mask, mmu, bytes) => {
      cpu.checkAlignment(lo!, 8);
      const at = (i: number): number => ((lo! + i) | 0);
      const high = (i: number): number => (cpu.s.efer & EFER.LMA ? cpu.carry(lo!, hi!, i) : 0);
      for (const i of [0, bytes! - 1]) cpu.mmu.probe(at(i), high(i), 1, Access.WRITE, mmu!);
      for (let i = 0; i < bytes!; i++) if (mask! >> i & 1) cpu.mmu.store8(at(i), high(i), mmu!, cpu.arena.u8[from! + i]!);
    }, { noWriteGlobals: true }),
    /** An unmasked exception: #XM, or #UD where the system does not expect that. */
    simdException: r.js('simdException', [], 'void', () => cpu.raise(cpu.s.cr4 & CR4.OSXMMEXCPT ? Vector.XM : Vector.UD), { noWriteGlobals: true, alwaysFaults: true }),
  };
}
