/**
 * A machine without a guest CPU, to run one TB of hand-made or random IR on any back end and look at all it left behind: globals, host
 * scratch memory, guest memory, and how it left.
 *
 * Guest memory is 16 pages at guest address 0 of which page 7 is not mapped; everything else faults too.
 */
import { Arena } from '@emu/vaddr';
import type { HostPtr } from '@emu/vaddr';
import type { Backend } from '../backend.ts';
import { CPU_HEADER, TB } from '../cpu.ts';
import { HelperRegistry } from '../helpers.ts';
import type { Helper } from '../helpers.ts';
import { GUEST_FAULT } from '../helpers.ts';
import { Ir } from '../ir.ts';
import type { Temp } from '../ir.ts';
import { JumpCache } from '../jump-cache-table.ts';
import { Op } from '../ops.ts';
import { TbStore } from '../tb-store.ts';
import { Exit, MemOp, memOpOf, Type } from '../types.ts';
import type { GuestMemoryAccess } from './reference.ts';
import { readValue, writeValue } from '../reference-values.ts';
import type { IrValue } from '../reference-values.ts';

const PAGE = 4096;
const PAGES = 16;
/** Page of guest memory that is not mapped. */
export const HOLE = 7;
const SCRATCH_BYTES = 256;

/** Globals of the test machine by type: how many there are, and the letter they are named with. */
const GLOBALS = [
  { type: Type.i64, letter: 'g', count: 8 }, { type: Type.i32, letter: 'w', count: 4 }, { type: Type.v128, letter: 'v', count: 3 },
  { type: Type.f64, letter: 'd', count: 2 }, { type: Type.f32, letter: 's', count: 2 },
] as const;

export interface GlobalInfo { readonly name: string; readonly type: Type; readonly address: HostPtr }

/** What a back end is made from. */
export interface TestSetup {
  readonly arena: Arena;
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly helpers: HelperRegistry;
  /** Guest memory for back ends without a SoftMMU. */
  readonly memory: GuestMemoryAccess;
  /** Host address of guest page 0. Pages 0 to 15 follow each other, page `HOLE` must fault. */
  readonly ram: HostPtr;
  readonly ramPages: number;
  /** To be called by a slow path that finds no page. */
  readonly fault: () => void;
}

export interface TestHelpers {
  /** (a: i64, b: i32) -> i64. A pure function. */
  readonly mix: Helper;
  /** (env) -> i64. Reads globals, writes none, cannot fault. */
  readonly sum: Helper;
  /** (env, i64). Adds to g0 and g1, cannot fault. */
  readonly bump: Helper;
  /** (env, i32). Faults if the low bits of its argument are 0, after writing nothing. */
  readonly check: Helper;
}

/** Everything that a program can change. */
export interface Outcome {
  readonly exit: Exit;
  /** `exit_tb`'s reason or the `goto_tb` slot; the instruction for a fault. */
  readonly detail: number;
  readonly budget: number;
  readonly globals: Readonly<Record<string, IrValue>>;
  readonly scratch: Uint8Array;
  readonly ram: Uint8Array;
}

export class TestMachine {
  readonly arena = new Arena(1 << 22);
  readonly header: HostPtr;
  readonly globals: readonly GlobalInfo[];
  readonly helpers: TestHelpers;
  /** Host memory for `ld` and `st`. */
  readonly scratch: HostPtr;
  readonly ram: HostPtr;
  readonly backend: Backend;
  readonly ir = new Ir();
  readonly #registry = new HelperRegistry(64);
  readonly #store: TbStore;
  readonly #cpu;

  constructor(makeBackend: (setup: TestSetup) => Backend) {
    const arena = this.arena;
    const jumpCache = new JumpCache(arena);
    this.header = arena.alloc(CPU_HEADER.size);
    this.#cpu = CPU_HEADER.at(arena, this.header);
    this.globals = GLOBALS.flatMap(({ type, letter, count }) =>
      Array.from({ length: count }, (_, i) => ({ name: `${letter}${i}`, type, address: arena.alloc(16) })));
    this.scratch = arena.alloc(SCRATCH_BYTES);
    this.ram = arena.alloc(PAGES * PAGE, PAGE);
    this.helpers = this.#declareHelpers();
    this.#store = new TbStore(arena, jumpCache);
    for (const { name, type, address } of this.globals) this.ir.global(name, type, address);
    this.ir.helpers = this.#registry.all;
    this.backend = makeBackend({
      arena, header: this.header, jumpCache, helpers: this.#registry, memory: this.#memory(), ram: this.ram, ramPages: PAGES,
      fault: () => { this.#cpu.fault = 1; },
    });
  }

  /** The temp of a global by name. */
  global(name: string): Temp {
    return this.globals.findIndex((g) => g.name === name);
  }

  setGlobal(name: string, value: IrValue): void {
    const g = this.globals[this.global(name)]!;
    writeValue(this.arena, g.type, g.address, value);
  }

  /**
   * Builds a TB and runs it once with a budget of 1000. Memory and globals are as they were left, unless `reset` was called.
   * @param change what to do to the IR before the back end gets it: optimise, verify.
   */
  run(build: (ir: Ir) => void, change: (ir: Ir) => void = () => {}): Outcome {
    const { ir, arena, backend } = this;
    ir.reset();
    build(ir);
    const tb = this.#store.allocate(0, 0, 0, 0);
    for (let i = 0; i < ir.length; i++) if (ir.op[i] === Op.insn_start) tb.icount++;
    change(ir);
    arena.i32[(tb.record + TB.icount) >>> 2] = tb.icount;
    backend.generate(tb, ir);
    this.#cpu.budget = 1000;
    this.#cpu.fault = 0;
    backend.execute(tb.record);
    backend.invalidate(tb);
    this.#store.release(tb);
    this.#store.reclaim();
    if (backend.full) backend.flush();
    return this.#outcome();
  }

  /** Zeroes globals, scratch and guest memory. */
  reset(): void {
    for (const g of this.globals) this.arena.u8.fill(0, g.address, g.address + 16);
    this.arena.u8.fill(0, this.scratch, this.scratch + SCRATCH_BYTES);
    this.arena.u8.fill(0, this.ram, this.ram + PAGES * PAGE);
  }

  #outcome(): Outcome {
    const { arena } = this, cpu = this.#cpu, exit = cpu.exitReason as Exit;
    return {
      exit,
      detail: exit === Exit.FAULT ? cpu.faultInsn : exit === Exit.LOOKUP ? 0 : cpu.exitSlot,
      budget: cpu.budget,
      globals: Object.fromEntries(this.globals.map((g) => [g.name, readValue(arena, g.type, g.address)])),
      scratch: arena.u8.slice(this.scratch, this.scratch + SCRATCH_BYTES),
      ram: arena.u8.slice(this.ram, this.ram + PAGES * PAGE),
    };
  }

  #declareHelpers(): TestHelpers {
    const { arena, globals } = this, registry = this.#registry;
    const word = (name: string) => globals.find((g) => g.name === name)!.address >>> 2;
    const words = globals.filter((g) => g.type === Type.i64).map((g) => g.address >>> 2);
    const retHi = (this.header + CPU_HEADER.offset.retHi) >>> 2;
    const nothing = { noReadGlobals: true, noWriteGlobals: true, noFault: true } as const;
    return {
      mix: registry.js('mix', ['i64', 'i32'], 'i64', (lo, hi, b) => {
        arena.i32[retHi] = Math.imul(hi!, 7) ^ b!;
        return (lo! + b!) | 0;
      }, { ...nothing, noSideEffects: true }),
      sum: registry.js('sum', ['env'], 'i64', () => {
        arena.i32[retHi] = words.reduce((n, w) => n ^ arena.i32[w + 1]!, 0);
        return words.reduce((n, w) => (n + arena.i32[w]!) | 0, 0);
      }, { noWriteGlobals: true, noFault: true }),
      bump: registry.js('bump', ['env', 'i64'], 'void', (_env, lo, hi) => {
        arena.i32[word('g0')]! += lo!;
        arena.i32[word('g1') + 1]! ^= hi!;
      }, { noFault: true }),
      check: registry.js('check', ['env', 'i32'], 'void', (_env, a) => {
        if ((a! & 3) === 0) throw GUEST_FAULT;
        arena.i32[word('w0')]! += 1;
      }),
    };
  }

  #memory(): GuestMemoryAccess {
    const { arena, ram } = this;
    const at = (oi: number, lo: number, hi: number): HostPtr => {
      const size = 1 << (memOpOf(oi) & MemOp.SIZE), a = lo >>> 0;
      const bad = hi !== 0 || a + size > PAGES * PAGE || (a < (HOLE + 1) * PAGE && a + size > HOLE * PAGE)
        || (memOpOf(oi) & MemOp.ALIGN && a % size !== 0);
      if (bad) this.#cpu.fault = 1;
      return bad ? -1 : ram + a;
    };
    return {
      load: (oi, lo, hi) => {
        const host = at(oi, lo, hi);
        let value = 0n;
        if (host >= 0) for (let i = (1 << (memOpOf(oi) & MemOp.SIZE)) - 1; i >= 0; i--) value = (value << 8n) | BigInt(arena.u8[host + i]!);
        return value;
      },
      store: (oi, lo, hi, value) => {
        const host = at(oi, lo, hi);
        if (host >= 0) for (let i = 0; i < 1 << (memOpOf(oi) & MemOp.SIZE); i++) arena.u8[host + i] = Number((value >> BigInt(8 * i)) & 0xffn);
      },
    };
  }
}

/** Text of an outcome with NaNs made equal, for comparison and for messages. Guest memory is given as a sum for each of its pages. */
export function describeOutcome(outcome: Outcome): string {
  const globals = Object.entries(outcome.globals).map(([name, v]) => `${name}=${typeof v === 'object' ? [...v].join(' ') : Object.is(v, -0) ? '-0' : v}`);
  return [`exit ${outcome.exit} ${outcome.detail} budget ${outcome.budget}`, ...globals, `scratch ${outcome.scratch.join(' ')}`, `ram ${pageSums(outcome.ram).join(' ')}`].join('\n');
}

function pageSums(ram: Uint8Array): number[] {
  const sums = new Int32Array(ram.length / PAGE);
  const words = new Int32Array(ram.buffer, ram.byteOffset, ram.length >> 2);
  for (let i = 0; i < words.length; i++) sums[(i << 2) / PAGE | 0] = Math.imul(sums[(i << 2) / PAGE | 0]! ^ words[i]!, 0x01000193);
  return [...sums];
}
