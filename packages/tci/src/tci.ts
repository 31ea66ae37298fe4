/** The interpreter as a back end of the engine: code memory, and one Wasm instance per machine. */
import { TB } from '@emu/tcg';
import type { Backend, HelperRegistry, Ir, JumpCache, Tb } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { Encoder } from './encode.ts';
import { TciError } from './errors.ts';
import type { GuestMemory } from './guest-access.ts';
import { buildInterpreter } from './interpreter.ts';

export interface TciOptions {
  readonly arena: Arena;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  /** With all helpers declared. */
  readonly helpers: HelperRegistry;
  /** What `helpers.instantiate` returned, if another back end needs it too. */
  readonly functions?: readonly Function[];
  readonly memory: GuestMemory;
  /** What `createTbLookup` made: finds TBs behind the jump cache. Without it the engine does. */
  readonly lookup?: () => HostPtr;
  /** Compiled entries of TBs, functions `(entryArg: i32) -> ()` that go on until they leave, as the interpreter does. Without it `entry` is ignored. */
  readonly entries?: WebAssembly.Table;
  /** Code memory in bytes; 32 MiB by default. The engine flushes all TBs when it is full. */
  readonly codeBytes?: number;
}

const MIB = 1 << 20;
const DEFAULT_CODE_BYTES = 32 * MIB;
/** Room that is left for one more TB before the code memory counts as full. */
const RESERVE = MIB / 2;
const CODE_ALIGN = 16;

export class Tci implements Backend {
  readonly name = 'tci';
  /** Runs from the TB at an address until generated code leaves: the Wasm function itself, `(tb: i32) -> ()`, for other back ends to call. */
  readonly run: (tb: HostPtr) => void;
  readonly #arena: Arena;
  readonly #encoder: Encoder;
  readonly #start: HostPtr;
  readonly #limit: HostPtr;
  #next: HostPtr;
  /** The TB generated last, and where its code starts. */
  #last: Tb | null = null;
  #lastStart: HostPtr = 0;

  constructor(options: TciOptions) {
    const { arena, header, helpers, entries, codeBytes = DEFAULT_CODE_BYTES } = options;
    const functions = options.functions ?? helpers.instantiate(arena, header);
    if (functions.length !== helpers.all.length) {
      throw new TciError(`${functions.length} functions for ${helpers.all.length} helpers; pass what helpers.instantiate returned after the last declaration`);
    }
    if (codeBytes < 2 * RESERVE) throw new TciError(`Code memory of ${codeBytes} bytes is too small; give at least ${2 * RESERVE}`);
    const interpreter = buildInterpreter({ ...options, jumpCache: options.jumpCache.address, compiledEntries: entries !== undefined, lookup: options.lookup !== undefined });
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: functions.length });
    functions.forEach((fn, i) => table.set(i, fn));
    const env = { memory: arena.memory, helpers: table, ...(entries && { entries }), ...(options.lookup && { lookup: options.lookup }) };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(interpreter.bytes), { env, slow: { load: options.memory.slowLoad, store: options.memory.slowStore } });
    this.run = exports.run as (tb: HostPtr) => void;
    this.#arena = arena;
    this.#encoder = new Encoder(arena, interpreter, options.memory);
    this.#start = this.#next = arena.alloc(codeBytes, 64);
    this.#limit = this.#start + codeBytes;
  }

  get full(): boolean {
    return this.#limit - this.#next < RESERVE;
  }

  generate(tb: Tb, ir: Ir): void {
    const bound = Encoder.bound(ir);
    if (this.#next + bound > this.#limit) {
      throw new TciError(`A TB of ${ir.length} ops may need ${bound} bytes, and ${this.#limit - this.#next} of code memory are left; flush, or give more codeBytes`);
    }
    this.#arena.u32[(tb.record + TB.code) >>> 2] = this.#encoder.encode(ir, this.#next);
    tb.codeBytes = this.#encoder.end - this.#next;
    this.#last = tb;
    this.#lastStart = this.#next;
    this.#next = Math.ceil(this.#encoder.end / CODE_ALIGN) * CODE_ALIGN;
  }

  execute(tb: HostPtr): void {
    this.run(tb);
  }

  /** Gives back the code of the TB generated last. Other code waits for `flush`; none is overwritten before the next `generate`, so a running TB ends in peace. */
  invalidate(tb: Tb): void {
    if (tb !== this.#last) return;
    this.#last = null;
    this.#next = this.#lastStart;
  }

  flush(): void {
    this.#last = null;
    this.#next = this.#start;
  }
}
