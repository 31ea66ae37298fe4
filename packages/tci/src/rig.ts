/** For tests: an arena with a CPU header and a jump cache, IR with a few globals of each type, and a back end to run it on. */
import { CPU_HEADER, HelperRegistry, Ir, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY, Tb, TB_RECORD, Type, TYPE_BITS } from '@emu/tcg';
import type { Backend } from '@emu/tcg';
import { Arena, type HostPtr } from '@emu/vaddr';
import { fromBytes, toBytes, type Value } from './reference.ts';

const ARENA_BYTES = 4 << 20;
const GLOBALS_EACH = 8;
const CELL = 16;
const TYPES = [Type.i32, Type.i64, Type.v128, Type.f32, Type.f64] as const;

/** What a back end is made from; guest memory is its own business. */
export interface Parts {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  readonly helpers: HelperRegistry;
  readonly functions: readonly Function[];
}

export class Rig {
  readonly arena: Arena;
  readonly ir: Ir;
  readonly header: ReturnType<typeof CPU_HEADER.at>;
  readonly headerAt: HostPtr;
  readonly jumpCacheAt: HostPtr;
  readonly backend: Backend;
  readonly #globals: number[][];
  readonly #base: HostPtr;
  #tbs = 0;

  /** @param declare declares the helpers that the test's IR calls. */
  constructor(make: (parts: Parts) => Backend, declare: (helpers: HelperRegistry, arena: Arena) => void = () => {}, arena: Arena = new Arena(ARENA_BYTES)) {
    this.arena = arena;
    this.headerAt = arena.alloc(CPU_HEADER.size, 64);
    this.header = CPU_HEADER.at(arena, this.headerAt);
    this.#base = arena.alloc(TYPES.length * GLOBALS_EACH * CELL, 64);
    this.jumpCacheAt = arena.alloc(JUMP_CACHE_ENTRY.size << JUMP_CACHE_BITS, 64);
    const helpers = new HelperRegistry(64);
    declare(helpers, arena);
    this.backend = make({ arena, header: this.headerAt, jumpCache: this.jumpCacheAt, helpers, functions: helpers.instantiate(arena, this.headerAt) });
    this.ir = new Ir();
    this.ir.helpers = helpers.all;
    this.#globals = TYPES.map((type) => Array.from({ length: GLOBALS_EACH }, (_, i) => this.ir.global(`${'ilvfd'[type]}${i}`, type, this.#at(type, i))));
  }

  /** The temp of a global. */
  global(type: Type, i: number): number {
    return this.#globals[type]![i]!;
  }

  read(type: Type, i: number): Value {
    return fromBytes(type, this.arena.u8.slice(this.#at(type, i), this.#at(type, i) + TYPE_BITS[type] / 8));
  }

  write(type: Type, i: number, value: Value): void {
    this.arena.u8.set(toBytes(type, value), this.#at(type, i));
  }

  /** All globals as bytes. */
  get state(): Uint8Array {
    return this.arena.u8.slice(this.#base, this.#base + TYPES.length * GLOBALS_EACH * CELL);
  }

  /** A TB of what `build` emits. */
  tb(build: (ir: Ir) => void, icount = 1): Tb {
    const tb = new Tb(this.arena.alloc(TB_RECORD.size), this.#tbs++);
    this.ir.reset();
    build(this.ir);
    this.record(tb).icount = icount;
    this.backend.generate(tb, this.ir);
    return tb;
  }

  record(tb: Tb): ReturnType<typeof TB_RECORD.at> {
    return TB_RECORD.at(this.arena, tb.record);
  }

  /** Runs from `tb` with a budget; returns the exit reason. */
  run(tb: Tb, budget = 1): number {
    this.header.budget = budget;
    this.header.exitReason = -1;
    this.backend.execute(tb.record);
    return this.header.exitReason;
  }

  #at(type: Type, i: number): HostPtr {
    return this.#base + (type * GLOBALS_EACH + i) * CELL;
  }
}
