/** Puts one CPU together: state, MMU, page walk, helpers, guest. The caller adds an engine and a back end. */
import type { Arena, HostPtr } from '@emu/vaddr';
import { Access, SoftMmu } from '@emu/softmmu';
import type { PhysMap } from '@emu/softmmu';
import { GUEST_FAULT, HDR, HelperRegistry } from '@emu/tcg';
import type { TbLookupOptions } from '@emu/tcg';
import { X86Cpu } from './cpu.ts';
import { hostPcEmitter } from './fetch-probe.ts';
import type { X86Bus } from './cpu.ts';
import { X86Guest } from './guest.ts';
import { createHelpers } from './helpers/index.ts';
import { Mmu } from './hflags.ts';
import { X86_STATE } from './state.ts';
import type { CpuModel } from './system/cpuid.ts';
import { dataBreakpointsAt } from './system/debug.ts';
import { PageWalker } from './system/paging.ts';

export interface X86Options {
  readonly arena: Arena;
  readonly map: PhysMap;
  readonly bus: X86Bus;
  readonly model?: CpuModel;
  readonly apicId?: number;
  /** A store into translated code: `Engine.codeWrite`, inverted (true = abandon the instruction). */
  readonly onCodeWrite: (host: HostPtr, bytes: number) => boolean;
  /** Translations changed: `Engine.flushJumpCache`. */
  readonly onFlush: () => void;
}

export interface X86Parts {
  readonly cpu: X86Cpu;
  readonly guest: X86Guest;
  readonly mmu: SoftMmu;
  readonly registry: HelperRegistry;
  /** Address of the CPU state, which begins with the header. */
  readonly header: HostPtr;
  /** The guest's part of `createTbLookup`. */
  readonly emitHostPc: TbLookupOptions['emitHostPc'];
}

export function createX86(options: X86Options): X86Parts {
  const { arena, map, bus } = options;
  const env = arena.alloc(X86_STATE.size, 64);
  const cpu = new X86Cpu(arena, env, bus, options.model, options.apicId);
  const walker = new PageWalker(cpu, map);
  const mmu = new SoftMmu(arena, map, {
    vaddrBits: 64,
    mmuModes: Mmu.COUNT,
    walk: (lo, hi, access, mmuIdx, result) => walker.walk(lo, hi, access, mmuIdx, result),
    fault: { flag: env + HDR.fault, retHi: env + HDR.retHi, mailbox: env + HDR.mailbox },
    onCodeWrite: options.onCodeWrite,
    onFlush: options.onFlush,
    alignmentFault: () => cpu.recordMisaligned(),
    raise: () => { throw GUEST_FAULT; },
    // the access goes on, the trap comes after the instruction
    onWatch: (lo, hi, size, access) => {
      const hits = dataBreakpointsAt(cpu, lo, hi, size, access === Access.WRITE);
      if (hits) cpu.debugTrap(hits);
      return false;
    },
  });
  cpu.mmu = mmu;
  cpu.phys = map;
  const registry = new HelperRegistry(64);
  const helpers = createHelpers(registry, cpu);
  return { cpu, guest: new X86Guest(cpu, helpers), mmu, registry, header: env, emitHostPc: hostPcEmitter(mmu, env) };
}
