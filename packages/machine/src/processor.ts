/** The processor with its engine: x86 front end, interpreter, and the region compiler on top where `-accel` says so. */
import { Jit } from '@emu/jit';
import type { PhysMap } from '@emu/softmmu';
import { createTbLookup, Engine, JumpCache, PhysCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import type { Arena } from '@emu/vaddr';
import { CpuModel, createX86, type X86Bus, type X86Cpu } from '@emu/x86';
import { DEFAULT_ACCEL, type MachineOptions } from './options/types.ts';
import { SliceGuest } from './slice-guest.ts';
import { compilationLog, translationLog } from './tb-log.ts';

export interface Processor {
  readonly cpu: X86Cpu;
  readonly engine: Engine;
  readonly slices: SliceGuest;
  /** Absent where the interpreter works alone. */
  readonly jit?: Jit;
}

/** @param codeBytes for translated code. @param log takes what `-d in_asm,op,out_asm` prints. @throws CpuModelError when `-cpu` names what does not exist. */
export function createProcessor(arena: Arena, map: PhysMap, bus: X86Bus, o: MachineOptions, codeBytes: number, log: (line: string) => void): Processor {
  const features = Object.entries(o.cpu.features).map(([name, on]) => `${on ? '+' : '-'}${name}`);
  const model = new CpuModel([o.cpu.model, ...features].join(','));
  const late: { engine?: Engine } = {}; // it needs the CPU, whose MMU tells it of flushes
  const x86 = createX86({
    arena, map, bus, model, onCodeWrite: (at, bytes) => !late.engine!.codeWrite(at, bytes), onFlush: () => late.engine?.flushJumpCache(),
  });
  const { cpu, header, registry, mmu: memory } = x86;
  const slices = new SliceGuest(x86.guest);
  slices.onTranslated = translationLog(o.log, arena, log);
  const jumpCache = new JumpCache(arena), physCache = new PhysCache(arena);
  const lookup = createTbLookup({ arena, header, jumpCache, physCache, emitHostPc: x86.emitHostPc });
  const functions = registry.instantiate(arena, header);
  const shared = { arena, header, jumpCache, helpers: registry, functions, memory };
  const kind = o.accel.kind === 'auto' ? DEFAULT_ACCEL : o.accel.kind;
  const entries = kind === 'jit' ? new WebAssembly.Table({ element: 'anyfunc', initial: 1 }) : undefined;
  const backend = new Tci({ ...shared, codeBytes, lookup, entries });
  const jit = entries && new Jit({
    ...shared, table: entries, interpreter: backend.run, lookup, threshold: o.accel.threshold, tbSize: o.accel.tbSizeBytes, onCompile: compilationLog(o.log, log),
  });
  const engine = late.engine = new Engine({
    arena, header, jumpCache, physCache, guest: slices, backend, hot: jit, helpers: registry, ...(o.accel.oneInsnPerTb ? { maxInsns: 1 } : {}),
    codePages: { protect: (page) => map.protectCode(page), unprotect: (page) => map.unprotect(page) },
  });
  map.onCodeWrite = (at, bytes) => engine.invalidatePhys(at, bytes);
  return { cpu, engine, slices, jit };
}
