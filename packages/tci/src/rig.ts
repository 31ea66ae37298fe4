/** For tests: an arena with a CPU header and a jump cache, IR with a few globals of each type, and a back end to run hand-made TBs on. */
import { CPU_HEADER, HelperRegistry, Ir, JumpCache, Op, Tb, TB_RECORD, Type } from '@emu/tcg';
import type { Backend, OpName } from '@emu/tcg';
import { readValue, writeValue, type IrValue } from '@emu/tcg/testing';
import { Arena, type HostPtr } from '@emu/vaddr';

const ARENA_BYTES = 4 << 20;
const GLOBALS_EACH = 8;
const CELL = 16;
const TYPES = [Type.i32, Type.i64, Type.v128, Type.f32, Type.f64] as const;

/** For programs without guest accesses. */
export const noGuestMemory = { vaddrBits: 64, descriptor: () => 0, slowLoad: () => 0, slowStore: () => {} } as const;

/** What a back end is made from; guest memory is its own business. */
export interface Parts {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly helpers: HelperRegistry;
}

export class Rig {
  readonly arena: Arena = new Arena(ARENA_BYTES);
  readonly ir = new Ir();
  readonly header: ReturnType<typeof CPU_HEADER.at>;
  readonly headerAt: HostPtr;
  readonly jumpCache: JumpCache;
  readonly backend: Backend;
  readonly #globals: number[][];
  readonly #base: HostPtr;
  #tbs = 0;

  /** @param declare declares the helpers that the test's IR calls. */
  constructor(make: (parts: Parts) => Backend, declare: (helpers: HelperRegistry) => void = () => {}) {
    const { arena } = this;
    this.headerAt = arena.alloc(CPU_HEADER.size, 64);
    this.header = CPU_HEADER.at(arena, this.headerAt);
    this.#base = arena.alloc(TYPES.length * GLOBALS_EACH * CELL, 64);
    this.jumpCache = new JumpCache(arena);
    const helpers = new HelperRegistry(64);
    declare(helpers);
    this.backend = make({ arena, header: this.headerAt, jumpCache: this.jumpCache, helpers });
    this.ir.helpers = helpers.all;
    this.#globals = TYPES.map((type) => Array.from({ length: GLOBALS_EACH }, (_, i) => this.ir.global(`${'ilvfd'[type]}${i}`, type, this.#at(type, i))));
  }

  /** The temp of a global. */
  global(type: Type, i: number): number {
    return this.#globals[type]![i]!;
  }

  opcode(name: OpName): number {
    return Op[name];
  }

  read(type: Type, i: number): IrValue {
    return readValue(this.arena, type, this.#at(type, i));
  }

  write(type: Type, i: number, value: IrValue): void {
    writeValue(this.arena, type, this.#at(type, i), value);
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
