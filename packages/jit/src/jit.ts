/**
 * The compiler as a hot back end of the engine: collects hot TBs, makes regions of them, compiles those in batches and puts their functions
 * where the interpreter and other regions find them.
 *
 * A batch is one Wasm module. Its memory is the engine's to free, when nobody refers to any of its functions any more; so batches are thrown
 * away whole, the oldest first, when all together are too large.
 */
import { TB } from '@emu/tcg';
import type { HelperRegistry, HotBackend, Ir, JumpCache, Tb, TbSource } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import { FUNCREF, I32, ModuleBuilder } from '@emu/wasm';
import { RegionEmitter, type EmitContext } from './emit-region.ts';
import { JitError } from './errors.ts';
import type { GuestMemory } from './frame.ts';
import { RegionCode, type RegionTb } from './region-code.ts';
import { makeRuntime, RUNTIME, RUNTIME_NAMES, type Runtime, type RuntimeName } from './runtime.ts';
import { Selector } from './select.ts';
import { JitStats } from './stats.ts';

export interface JitOptions {
  readonly arena: Arena;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly helpers: HelperRegistry;
  /** What `helpers.instantiate` returned, if another back end needs it too. */
  readonly functions?: readonly Function[];
  readonly memory: GuestMemory;
  /** Where compiled entries go: the `entries` of the interpreter below. It grows. */
  readonly table: WebAssembly.Table;
  /** The interpreter's `run`: goes on from a TB that has no compiled entry. */
  readonly interpreter: (tb: HostPtr) => void;
  /** Finds the TB of the header's key behind the jump cache, as `createTbLookup` makes it; without it the engine is asked. */
  readonly lookup?: (() => HostPtr) | undefined;
  /** Executions after which a TB is hot (default 128). */
  readonly threshold?: number;
  /** Bytes of Wasm kept at most (default 32 MiB). The engine's machine code for it is several times larger. */
  readonly tbSize?: number;
  /** `async` (default): in batches on other threads, installed by `poll`. `sync`: at once, one region at a time. */
  readonly compile?: 'async' | 'sync';
  /** TBs in a region at most (default 64). */
  readonly maxRegionTbs?: number;
}

const MIB = 1 << 20;
const DEFAULT_THRESHOLD = 128;
const DEFAULT_TB_SIZE = 32 * MIB;
const DEFAULT_REGION_TBS = 64;
const MAX_REGION_INSNS = 1000;
/** Regions in a batch at most. */
const BATCH = 32;
/** Batches that may be compiling at the same time. */
const IN_FLIGHT = 2;

/** A compiled region. */
interface Region {
  readonly tbs: readonly RegionTb[];
  /** TBs at which it may be entered; entry `i` is the one for argument `i`. */
  readonly entries: readonly Tb[];
  /** Index of its function in the table. */
  readonly slot: number;
  readonly batch: Batch;
  dead: boolean;
}

interface Batch {
  readonly regions: Region[];
  bytes: number;
  installed: boolean;
}

export class Jit implements HotBackend {
  readonly name = 'jit';
  readonly threshold: number;
  readonly stats = new JitStats();
  readonly #options: JitOptions;
  readonly #runtime: Runtime;
  readonly #functions: readonly Function[];
  readonly #selector: Selector;
  readonly #emitter = new RegionEmitter();
  readonly #codes: RegionCode[] = [];
  readonly #i32: Int32Array;
  readonly #queue: Tb[] = [];
  readonly #batches: Batch[] = [];
  readonly #freeSlots: number[] = [];
  /** Regions that contain a TB. */
  readonly #regionsOf = new Map<Tb, Region[]>();
  #nextSlot = 1;
  #bytes = 0;
  #inFlight = 0;
  #source: TbSource | null = null;

  constructor(options: JitOptions) {
    const { arena, header, helpers, memory, jumpCache } = options;
    this.#options = options;
    this.threshold = options.threshold ?? DEFAULT_THRESHOLD;
    if (!(Number.isInteger(this.threshold) && this.threshold >= 1)) throw new JitError(`A threshold of ${this.threshold} executions is not possible; use a whole number from 1`);
    this.#functions = options.functions ?? helpers.instantiate(arena, header);
    if (this.#functions.length !== helpers.all.length) {
      throw new JitError(`${this.#functions.length} functions for ${helpers.all.length} helpers; pass what helpers.instantiate returned after the last declaration`);
    }
    this.#i32 = arena.i32;
    this.#selector = new Selector(arena);
    this.#runtime = makeRuntime({
      arena, header, jumpCache: jumpCache.address, slowLoad: memory.slowLoad, slowStore: memory.slowStore, interpreter: options.interpreter,
      lookup: options.lookup, table: options.table,
    });
  }

  hot(tb: Tb, tbs: TbSource): void {
    this.#source = tbs;
    this.stats.hot++;
    this.#queue.push(tb);
    if (this.#options.compile === 'sync') this.#compileSync();
  }

  poll(): void {
    if (this.#options.compile === 'sync' || this.#queue.length === 0 || this.#inFlight >= IN_FLIGHT) return;
    this.#compileAsync();
  }

  invalidate(tb: Tb): void {
    const regions = this.#regionsOf.get(tb);
    if (!regions) return;
    for (const region of [...regions]) {
      this.#kill(region);
      this.stats.invalidated++;
    }
  }

  flush(): void {
    this.#queue.length = 0;
    for (const batch of [...this.#batches]) this.#drop(batch, () => this.stats.flushed++);
    this.#regionsOf.clear();
  }

  // ---- Compiling -------------------------------------------------------------------------------------------------------------------

  #compileSync(): void {
    const made = this.#makeBatch();
    if (!made) return;
    const start = performance.now();
    try {
      new WebAssembly.Instance(new WebAssembly.Module(made.bytes), made.imports);
      this.#install(made.batch);
    } catch (error) {
      this.#refuse(made.batch, error);
    }
    this.stats.compileNs += (performance.now() - start) * 1e6;
  }

  #compileAsync(): void {
    const made = this.#makeBatch();
    if (!made) return;
    this.#inFlight++;
    const { batch } = made;
    WebAssembly.instantiate(made.bytes, made.imports).then(
      () => this.#install(batch),
      (error: unknown) => this.#refuse(batch, error),
    ).finally(() => { this.#inFlight--; });
  }

  #makeBatch(): { batch: Batch; bytes: Uint8Array<ArrayBuffer>; imports: WebAssembly.Imports } | null {
    const start = performance.now(), source = this.#source!, batch: Batch = { regions: [], bytes: 0, installed: false };
    const codes: RegionCode[] = [], taken = new Set<Tb>();
    while (this.#queue.length > 0 && codes.length < BATCH) {
      const head = this.#queue.shift()!;
      if (!head.valid) continue;
      if (taken.has(head)) {
        this.#i32[(head.record + TB.count) >>> 2] = 0; // it gets hot again if it is entered from elsewhere
        this.stats.absorbed++;
        continue;
      }
      const code = this.#build(this.#codes[codes.length] ??= new RegionCode(), head, source);
      codes.push(code);
      for (const { tb } of code.tbs) taken.add(tb);
    }
    if (codes.length === 0) return null;
    const made = this.#assemble(batch, codes);
    this.#batches.push(batch);
    this.#bytes += batch.bytes;
    this.stats.emitNs += (performance.now() - start) * 1e6;
    this.#evict();
    return { batch, ...made };
  }

  #build(code: RegionCode, head: Tb, source: TbSource): RegionCode {
    const { header, maxRegionTbs = DEFAULT_REGION_TBS } = this.#options;
    const tbs = this.#selector.select(head, source, { tbs: maxRegionTbs, insns: MAX_REGION_INSNS, warm: Math.max(1, this.threshold >> 3) });
    tbs.forEach(({ tb }, i) => {
      const ir: Ir = source.retranslate(tb);
      if (i === 0) code.begin(ir, header, tbs);
      code.add(i, ir);
    });
    code.finish();
    return code;
  }

  #assemble(batch: Batch, codes: readonly RegionCode[]): { bytes: Uint8Array<ArrayBuffer>; imports: WebAssembly.Imports } {
    const { arena, header, jumpCache, helpers, memory, table } = this.#options, m = new ModuleBuilder();
    const runtime = Object.fromEntries(RUNTIME_NAMES.map((name) => [name, m.importFunc('r', name, RUNTIME[name].params, RUNTIME[name].results)])) as Record<RuntimeName, number>;
    const used = new Map<number, number>(), functions: Record<string, Function> = {};
    for (const code of codes) for (const index of code.helpers) {
      if (used.has(index)) continue;
      const { params, results } = helpers.wasmType(helpers.all[index]!);
      used.set(index, m.importFunc('h', `${index}`, params as never, results as never));
      functions[index] = this.#functions[index]!;
    }
    m.importMemory('e', 'm', { min: 1, max: 65536 });
    const tableIndex = m.importTable('e', 't', { type: FUNCREF, min: 0 });
    const context: EmitContext = { header, jumpCache: jumpCache.address, memory, runtime, helpers: used };
    for (const code of codes) {
      const f = m.func({ params: [I32] }), slot = this.#slot();
      this.#emitter.emit(f, code, [0], context);
      m.elem(tableIndex, slot, [f.index]);
      const region: Region = { tbs: code.tbs, entries: [code.tbs[0]!.tb], slot, batch, dead: false };
      batch.regions.push(region);
      for (const { tb } of code.tbs) this.#noteRegion(tb, region);
      this.stats.regions++;
      this.stats.tbs += code.tbs.length;
      this.stats.insns += code.insns;
      this.stats.guestBytes += code.bytes;
    }
    const bytes = m.finish();
    batch.bytes = bytes.length;
    this.stats.wasmBytes += bytes.length;
    this.stats.modules++;
    return { bytes, imports: { r: this.#runtime, h: functions, e: { m: arena.memory, t: table } } as unknown as WebAssembly.Imports };
  }

  // ---- Bookkeeping -----------------------------------------------------------------------------------------------------------------

  #slot(): number {
    const { table } = this.#options, slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    if (slot >= table.length) table.grow(Math.max(64, slot - table.length + 1));
    return slot;
  }

  #noteRegion(tb: Tb, region: Region): void {
    const list = this.#regionsOf.get(tb);
    if (list) list.push(region);
    else this.#regionsOf.set(tb, [region]);
  }

  #install(batch: Batch): void {
    batch.installed = true;
    for (const region of batch.regions) {
      if (region.dead) this.#freeSlot(region);
      else region.entries.forEach((tb, i) => {
        this.#i32[(tb.record + TB.entry) >>> 2] = region.slot;
        this.#i32[(tb.record + TB.entryArg) >>> 2] = i;
      });
    }
    if (batch.regions.every((region) => region.dead)) this.#forget(batch);
  }

  #refuse(batch: Batch, error: unknown): void {
    this.stats.refused++;
    this.stats.lastRefusal = String(error);
    batch.installed = true;
    for (const region of batch.regions) this.#kill(region);
    this.#forget(batch);
  }

  /** Nothing enters the region any more. */
  #kill(region: Region): void {
    if (region.dead) return;
    region.dead = true;
    for (const tb of region.entries) {
      const at = tb.record >>> 2;
      if (this.#i32[at + (TB.entry >> 2)] !== region.slot) continue;
      this.#i32[at + (TB.entry >> 2)] = 0;
      this.#i32[at + (TB.count >> 2)] = 0;
    }
    for (const { tb } of region.tbs) {
      const list = this.#regionsOf.get(tb);
      if (!list) continue;
      const i = list.indexOf(region);
      if (i >= 0) list.splice(i, 1);
      if (list.length === 0) this.#regionsOf.delete(tb);
    }
    if (region.batch.installed) this.#freeSlot(region);
    if (region.batch.installed && region.batch.regions.every((r) => r.dead)) this.#forget(region.batch);
  }

  #freeSlot(region: Region): void {
    this.#options.table.set(region.slot, null);
    this.#freeSlots.push(region.slot);
  }

  #evict(): void {
    const limit = this.#options.tbSize ?? DEFAULT_TB_SIZE;
    while (this.#bytes > limit && this.#batches.length > 1) this.#drop(this.#batches[0]!, () => this.stats.evicted++);
  }

  #drop(batch: Batch, count: () => void): void {
    for (const region of batch.regions) {
      if (region.dead) continue;
      this.#kill(region);
      count();
    }
    this.#forget(batch);
  }

  #forget(batch: Batch): void {
    const i = this.#batches.indexOf(batch);
    if (i < 0) return;
    this.#batches.splice(i, 1);
    this.#bytes -= batch.bytes;
  }
}
