/**
 * Helpers: functions that generated code calls. Parameters are named for what they hold, because the three widths differ:
 * `(env, vaddr, ptr)` of a 64-bit target has the Wasm type `(i32, i64, i32)`.
 *
 * A helper is a TypeScript function or a function of a Wasm instance. No i64 crosses into TypeScript: a 64-bit parameter
 * arrives as two numbers (low, high), a 64-bit result is returned as its low half with the high half in `retHi` of the CPU
 * header. The registry generates one small module of thunks that converts; back ends import the thunks.
 */
import { EmuError } from '@emu/vaddr';
import type { Arena, HostPtr } from '@emu/vaddr';
import { I32, I64, ModuleBuilder } from '@emu/wasm';
import { HDR } from './cpu.ts';
import { Type } from './types.ts';

/** What a parameter holds: the CPU state's address, a guest virtual address, an address in the arena, or a plain integer. */
export type HelperParam = 'env' | 'vaddr' | 'ptr' | 'i32' | 'i64';
export type HelperResult = 'void' | 'i32' | 'i64' | 'ptr' | 'vaddr';

export interface HelperFlags {
  /** Does not read guest globals: their cached values need not be stored before the call. */
  readonly noReadGlobals?: boolean;
  /** Does not write guest globals: cached values stay valid after the call. */
  readonly noWriteGlobals?: boolean;
  /** Of guest globals it reads and writes those alone that a `ptr` argument is the address of. For helpers that do not fault. */
  readonly pointersOnly?: boolean;
  /** Nothing but its result: the call may be removed when the result is unused. */
  readonly noSideEffects?: boolean;
  /** Always raises a guest fault: what follows the call is never reached. */
  readonly alwaysFaults?: boolean;
  /** Never raises a guest fault: generated code need not look at the fault flag after the call. */
  readonly noFault?: boolean;
}

export class HelperError extends EmuError {}

/** Thrown inside TypeScript helpers to abandon the instruction after the guest's fault has been recorded in CPU state. */
export const GUEST_FAULT: unique symbol = Symbol('guest fault');

export interface Helper {
  readonly index: number;
  readonly name: string;
  readonly params: readonly HelperParam[];
  readonly result: HelperResult;
  readonly flags: HelperFlags;
  /** Type code of the result temp, or -1. */
  readonly resultType: number;
  readonly paramTypes: readonly Type[];
}

type JsFunction = (...args: number[]) => number | void;
type Implementation = { readonly js: JsFunction } | { readonly wasm: Function };

export class HelperRegistry {
  readonly #helpers: Helper[] = [];
  readonly #implementations: Implementation[] = [];
  readonly #names = new Set<string>();
  readonly vaddrBits: 32 | 64;

  /** @param vaddrBits width of guest virtual addresses of this target. */
  constructor(vaddrBits: 32 | 64) {
    this.vaddrBits = vaddrBits;
  }

  get all(): readonly Helper[] {
    return this.#helpers;
  }

  /** Declares a helper written in TypeScript. `fn` takes two numbers for each 64-bit parameter. */
  js(name: string, params: readonly HelperParam[], result: HelperResult, fn: JsFunction, flags: HelperFlags = {}): Helper {
    const expected = params.reduce((n, p) => n + (this.#typeOf(p) === Type.i64 ? 2 : 1), 0);
    if (fn.length > expected) {
      throw new HelperError(`Helper ${name} takes ${fn.length} numbers, but (${params.join(', ')}) passes ${expected}; a 64-bit parameter is two numbers`);
    }
    return this.#add(name, params, result, flags, { js: fn });
  }

  /** Declares a helper that is an exported function of a Wasm instance with exactly the declared type. */
  wasm(name: string, params: readonly HelperParam[], result: HelperResult, fn: Function, flags: HelperFlags = {}): Helper {
    return this.#add(name, params, result, flags, { wasm: fn });
  }

  #add(name: string, params: readonly HelperParam[], result: HelperResult, flags: HelperFlags, implementation: Implementation): Helper {
    if (this.#names.has(name)) throw new HelperError(`A helper named ${name} exists already; names are unique`);
    this.#names.add(name);
    const helper: Helper = {
      index: this.#helpers.length, name, params, result, flags,
      resultType: result === 'void' ? -1 : this.#typeOf(result),
      paramTypes: params.map((p) => this.#typeOf(p)),
    };
    this.#helpers.push(helper);
    this.#implementations.push(implementation);
    return helper;
  }

  /** Wasm parameter and result types of a helper as generated code calls it. */
  wasmType(helper: Helper): { params: number[]; results: number[] } {
    const wasm = (t: number) => (t === Type.i64 ? I64 : I32);
    return { params: helper.paramTypes.map(wasm), results: helper.resultType < 0 ? [] : [wasm(helper.resultType)] };
  }

  /** The functions that back ends import, by helper index, with the Wasm types that `wasmType` says. Call once, after the last declaration. */
  instantiate(arena: Arena, header: HostPtr): Function[] {
    const thunks = thunkModule(this, arena, header, (i) => {
      const implementation = this.#implementations[i]!;
      return 'js' in implementation ? implementation.js : undefined;
    });
    return this.#implementations.map((implementation, i) => ('wasm' in implementation ? implementation.wasm : thunks[`h${i}`] as Function));
  }

  #typeOf(p: HelperParam | HelperResult): Type {
    return p === 'i64' || (p === 'vaddr' && this.vaddrBits === 64) ? Type.i64 : Type.i32;
  }
}

/** Wraps a helper that may fault: the sentinel becomes the header's fault flag, so that nothing is thrown through Wasm frames. */
function catching(fn: JsFunction, arena: Arena, header: HostPtr): JsFunction {
  const i32 = arena.i32, fault = (header + HDR.fault) >>> 2;
  return (...args) => {
    try {
      return fn(...args);
    } catch (e) {
      if (e !== GUEST_FAULT) throw e;
      i32[fault] = 1;
      return 0;
    }
  };
}

function thunkModule(registry: HelperRegistry, arena: Arena, header: HostPtr, jsOf: (index: number) => JsFunction | undefined): WebAssembly.Exports {
  const m = new ModuleBuilder();
  const imports: Record<string, Function> = {};
  const wrapped = registry.all.filter((h) => jsOf(h.index));
  const imported = wrapped.map((h) => {
    const fn = jsOf(h.index)!;
    imports[h.name] = h.flags.noFault ? fn : catching(fn, arena, header);
    return m.importFunc('js', h.name, h.paramTypes.flatMap((t) => (t === Type.i64 ? [I32, I32] : [I32])), h.resultType < 0 ? [] : [I32]);
  });
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  wrapped.forEach((h, i) => {
    const { params, results } = registry.wasmType(h);
    const f = m.func({ name: h.name, params: params as never, results: results as never });
    h.paramTypes.forEach((t, p) => {
      f.localGet(p);
      if (t !== Type.i64) return;
      f.i32WrapI64();
      f.localGet(p);
      f.i64Const(32, 0);
      f.i64ShrU();
      f.i32WrapI64();
    });
    f.call(imported[i]!);
    if (h.resultType === Type.i64) {
      f.i64ExtendI32U();
      f.i32Const(header);
      f.i64Load32U(HDR.retHi);
      f.i64Const(32, 0);
      f.i64Shl();
      f.i64Or();
    }
    f.end();
    m.exportFunc(`h${h.index}`, f);
  });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { js: imports as WebAssembly.ModuleImports, env: { memory: arena.memory } });
  return instance.exports;
}
