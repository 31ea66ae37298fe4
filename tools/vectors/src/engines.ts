/** The engines that everything here runs on: the interpreter alone, or with the compiler on top, which compiles each TB when it is first entered. */
import { Jit } from '@emu/jit';
import type { PhysMap } from '@emu/softmmu';
import { createTbLookup, Engine, JumpCache, PhysCache, type Tb, type TbSource } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { EmuError, type Arena } from '@emu/vaddr';
import type { X86Parts } from '@emu/x86';

/** Makes an engine with a back end for the parts of a CPU, with TBs of at most `maxInsns` instructions if that is given. */
export type MakeEngine = (arena: Arena, parts: X86Parts, map: PhysMap, maxInsns?: number) => Engine;

/** A region that the Wasm engine refuses, or a back end that there is none of. */
export class AccelError extends EmuError {}

/** The interpreter alone. */
export const tciEngine: MakeEngine = (arena, parts, map, maxInsns) => {
  const jumpCache = new JumpCache(arena), { header, registry: helpers, mmu } = parts;
  return new Engine({
    arena, header, jumpCache, guest: parts.guest, helpers, ...(maxInsns && { maxInsns }),
    backend: new Tci({ arena, header, jumpCache, helpers, memory: mmu }),
    codePages: { protect: (p) => map.protectCode(p), unprotect: (p) => map.unprotect(p) },
  });
};

/** A machine goes on with the interpreter where a module does not compile; here that is an error. */
class StrictJit extends Jit {
  override hot(tb: Tb, tbs: TbSource): void {
    super.hot(tb, tbs);
    if (this.stats.refused > 0) throw new AccelError(`A region does not compile: ${this.stats.lastRefusal}; see what the emitter made of it`);
  }
}

/** Interpreter and compiler wired as in a machine (`@emu/machine`, processor.ts), but that nothing runs twice before it is compiled. */
export const jitEngine: MakeEngine = (arena, parts, map, maxInsns) => {
  const jumpCache = new JumpCache(arena), physCache = new PhysCache(arena), { header, registry: helpers, mmu: memory, emitHostPc } = parts;
  const lookup = createTbLookup({ arena, header, jumpCache, physCache, emitHostPc }), table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const shared = { arena, header, jumpCache, helpers, functions: helpers.instantiate(arena, header), memory };
  const backend = new Tci({ ...shared, lookup, entries: table });
  return new Engine({
    arena, header, jumpCache, physCache, guest: parts.guest, backend, helpers, ...(maxInsns && { maxInsns }),
    hot: new StrictJit({ ...shared, table, interpreter: backend.run, lookup, threshold: 1, batch: 1 }),
    codePages: { protect: (p) => map.protectCode(p), unprotect: (p) => map.unprotect(p) },
  });
};

export const ENGINES = { tci: tciEngine, jit: jitEngine } as const satisfies Record<string, MakeEngine>;
export type Accel = keyof typeof ENGINES;
export const ACCELS = Object.keys(ENGINES) as Accel[];

/** Takes `--accel tci|jit` out of command-line arguments. */
export function accelOf(args: string[]): Accel {
  const at = args.indexOf('--accel');
  if (at < 0) return 'tci';
  const [, name = ''] = args.splice(at, 2);
  if (!(name in ENGINES)) throw new AccelError(`--accel ${name}: there is no such back end; choose one of ${ACCELS.join(', ')}`);
  return name as Accel;
}
