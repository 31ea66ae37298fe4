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
import { FUNCREF, functionTexts, I32, ModuleBuilder } from '@emu/wasm';
import { AccessFunctions } from './access-functions.ts';
import { RegionEmitter, type EmitContext } from './emit-region.ts';
import { JitError } from './errors.ts';
import type { GuestMemory } from './frame.ts';
import { FIND_PARAMS, FIND_RESULTS, LEAVE_PARAMS, makeLeave } from './leave.ts';
import { RegionCode, type RegionTb } from './region-code.ts';
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
  /** Executions after which a TB is hot (default 30,000). */
  readonly threshold?: number;
  /** Bytes of Wasm kept at most (default 6 MiB, ten times what a boot compiles). The engine's machine code for it, and what it knows of each module, is ten times larger. */
  readonly tbSize?: number;
  /**
   * `sync` (default): batches are compiled when they are full, and by `poll`, somewhat later if they are small; engines make fast code at once, and better code later on threads of
   * their own. `async`: batches are compiled on other threads altogether, and are there some turns of the event loop later.
   */
  readonly compile?: 'async' | 'sync';
  /** Hears of each region before it is compiled, for logs: its TBs, the first entry first, and its WebAssembly as text. */
  readonly onCompile?: ((tbs: readonly Tb[], text: string) => void) | undefined;
  /** Regions in a batch at most (default 32). 1 with `sync` compiles each hot TB at once. */
  readonly batch?: number;
}

const MIB = 1 << 20;
/**
 * The interpreter has all its code in the host's caches, compiled code is fifty times the guest's: what is run a few thousand times, as a kernel that boots does, takes
 * less time interpreted, even without what the engine's compilers cost.
 */
const DEFAULT_THRESHOLD = 30_000;
const DEFAULT_TB_SIZE = 6 * MIB;
/**
 * Tiers. The first compiles what is hot at all, and leaves to other regions what they have an entry for. Where compiled code goes from region to
 * region often, the second makes one large region of those, whatever they have compiled already. The later ones do so again where control still
 * crosses often: more is known by then of where computed jumps lead.
 */
const FIRST = { tbs: 32, insns: 400 }, LARGE = { tbs: 64, insns: 1500 } as const;
const LAST_TIER = 4;
/** First-tier regions that a TB may be in without being entered there. */
const COPIES = 2;
/**
 * Share of the threshold below which a TB of a region is rare: code for it is made small where it is in no loop. In the first tier hardly any is not: what control comes to
 * often from elsewhere is compiled again. With a threshold of 1 nothing that ran is rare.
 */
const RARE = 0.5, RARE_FIRST = 2;
/** Times that compiled code goes to a first-tier region from another before it is made anew; for each later tier twice as many. */
const REGION_HOT = 50_000;
const DEFAULT_BATCH = 32;
/** A module has its price: with fewer hot TBs than that it waits for more, not longer than that. */
const WORTHWHILE = 8, PATIENCE_MS = 40;
/** Batches that may be compiling at the same time. */
const IN_FLIGHT = 2;

/** A compiled region. */
interface Region {
  readonly tbs: readonly RegionTb[];
  /** TBs at which it may be entered; entry `i` is the one for argument `i`. */
  readonly entries: readonly Tb[];
  /** 0 to LAST_TIER. */
  readonly tier: number;
  /** Index of its function in the table; 0 until it has one. */
  slot: number;
  readonly batch: Batch;
  dead: boolean;
}

/** A region to be compiled. */
interface Plan { readonly code: RegionCode; readonly entries: readonly number[]; readonly region: Region }

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
  readonly #leaving: { readonly leave: Function; readonly find: Function };
  readonly #access: AccessFunctions;
  readonly #isAsync: boolean;
  readonly #batch: number;
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
  /** The region that a TB is an entry of, compiled or being compiled. */
  readonly #entryOf = new Map<Tb, Region>();
  /** TBs that got hot, but were inside a region by then. */
  readonly #postponed = new Set<Tb>();
  readonly #bySlot: (Region | undefined)[] = [];
  #nextSlot = 1;
  #bytes = 0;
  #inFlight = 0;
  /** When the first TB came into the empty queue: host ms. */
  #queuedAt = 0;
  #source: TbSource | null = null;

  constructor(options: JitOptions) {
    const { arena, header, helpers, memory, jumpCache } = options;
    this.#options = options;
    this.threshold = options.threshold ?? DEFAULT_THRESHOLD;
    if (!(Number.isInteger(this.threshold) && this.threshold >= 1)) throw new JitError(`A threshold of ${this.threshold} executions is not possible; use a whole number from 1`);
    this.#isAsync = options.compile === 'async';
    this.#batch = options.batch ?? DEFAULT_BATCH;
    this.#functions = options.functions ?? helpers.instantiate(arena, header);
    if (this.#functions.length !== helpers.all.length) {
      throw new JitError(`${this.#functions.length} functions for ${helpers.all.length} helpers; pass what helpers.instantiate returned after the last declaration`);
    }
    this.#i32 = arena.i32;
    this.#selector = new Selector(arena);
    this.#leaving = makeLeave({ arena, header, jumpCache: jumpCache.address, interpreter: options.interpreter, lookup: options.lookup, table: options.table });
    this.#access = new AccessFunctions({ arena, header, memory });
  }

  hot(tb: Tb, tbs: TbSource): void {
    this.#source = tbs;
    this.stats.hot++;
    if (this.#queue.length === 0) this.#queuedAt = performance.now();
    this.#queue.push(tb);
    if (!this.#isAsync && this.#queue.length >= this.#batch) this.#compileSync();
  }

  poll(): void {
    if (this.#queue.length === 0 || (this.#queue.length < WORTHWHILE && performance.now() - this.#queuedAt < PATIENCE_MS)) return;
    if (!this.#isAsync) this.#compileSync();
    else if (this.#inFlight < IN_FLIGHT) this.#compileAsync();
  }

  invalidate(tb: Tb): void {
    this.#postponed.delete(tb);
    this.#selector.forget(tb);
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
    this.#postponed.clear();
    this.#selector.clear();
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
    const plans: Plan[] = [];
    while (this.#queue.length > 0 && plans.length < this.#batch) {
      const head = this.#queue.shift()!, before = this.#entryOf.get(head);
      if (!head.valid || before?.tier === LAST_TIER) continue;
      if (this.#isServed(head, before, batch)) {
        this.#postpone(head, before ? 4 * REGION_HOT : this.threshold);
        continue;
      }
      plans.push(this.#plan(this.#codes[plans.length] ??= new RegionCode(), head, before ? before.tier + 1 : 0, source, batch));
    }
    if (plans.length === 0) return null;
    const made = this.#assemble(batch, plans);
    this.#batches.push(batch);
    this.#bytes += batch.bytes;
    this.stats.emitNs += (performance.now() - start) * 1e6;
    this.#evict();
    return { batch, ...made };
  }

  /** Whether a hot TB runs inside another region from now on, mostly. Asked a second time, it must have code of its own. */
  #isServed(tb: Tb, before: Region | undefined, batch: Batch): boolean {
    if (before?.batch === batch) return true;
    if (this.#postponed.delete(tb)) return false;
    const inside = this.#regionsOf.get(tb)?.some((region) => (before ? region.tier > before.tier : region.batch === batch)) ?? false;
    if (inside) this.#postponed.add(tb);
    return inside;
  }

  /** Whether a first-tier region may take the TB in: if it cannot be entered elsewhere and is in at most `copies` regions. */
  #isFree(tb: Tb, copies: number): boolean {
    return !this.#entryOf.has(tb) && (this.#regionsOf.get(tb)?.length ?? 0) <= copies;
  }

  /** The TB gets hot again if it is entered from elsewhere as often as that. */
  #postpone(tb: Tb, executions: number): void {
    const at = tb.record >>> 2;
    this.#i32[at + (TB.hotCount >> 2)] = this.#i32[at + (TB.count >> 2)]! + executions;
    this.stats.absorbed++;
  }

  /** Selects a region and gets its IR. */
  #plan(code: RegionCode, head: Tb, tier: number, source: TbSource, batch: Batch): Plan {
    const { header } = this.#options, limits = { ...(tier === 0 ? FIRST : LARGE), warm: Math.max(1, this.threshold >> 3) };
    const copies = this.#regionsOf.has(head) ? COPIES : 0; // the head is inside a region that it cannot be entered in: others may be so too
    const { tbs, entries: entered } = this.#selector.select(head, source, limits, (tb) => tier > 0 || this.#isFree(tb, copies));
    tbs.forEach(({ tb }, i) => {
      const ir: Ir = source.retranslate(tb);
      if (i === 0) code.begin(ir, header, tbs);
      code.add(i, ir);
    });
    code.finish();
    const entries = [...new Set([...(tier === 0 ? entered : [0]), ...code.switchTargets])];
    const region: Region = { tbs, entries: entries.map((i) => tbs[i]!.tb), tier, slot: 0, batch, dead: false };
    batch.regions.push(region);
    for (const { tb } of tbs) this.#noteRegion(tb, region);
    for (const tb of region.entries) this.#entryOf.set(tb, region);
    return { code, entries, region };
  }

  #assemble(batch: Batch, plans: readonly Plan[]): { bytes: Uint8Array<ArrayBuffer>; imports: WebAssembly.Imports } {
    const { arena, header, jumpCache, helpers, memory, table } = this.#options, m = new ModuleBuilder();
    const leave = m.importFunc('i', 'l', LEAVE_PARAMS, []), find = m.importFunc('i', 'f', FIND_PARAMS, FIND_RESULTS), used = new Map<number, number>(), access = new Map<number, number>();
    const functions: Record<string, Function> = { l: this.#leaving.leave, f: this.#leaving.find }, names = new Map([[leave, 'leave'], [find, 'find']]);
    for (const { code } of plans) {
      for (const index of code.helpers) {
        if (used.has(index)) continue;
        const helper = helpers.all[index]!, { params, results } = helpers.wasmType(helper), at = m.importFunc('i', `${names.size}`, params as never, results as never);
        functions[names.size] = this.#functions[index]!;
        used.set(index, at);
        names.set(at, helper.name);
      }
      for (const key of code.accesses) {
        if (access.has(key)) continue;
        const { name, params, results, run } = this.#access.get(key), at = m.importFunc('i', `${names.size}`, params, results);
        functions[names.size] = run;
        access.set(key, at);
        names.set(at, name);
      }
    }
    m.importMemory('e', 'm', { min: 1, max: 65536 });
    const tableIndex = m.importTable('e', 't', { type: FUNCREF, min: 0 });
    const context: EmitContext = { header, jumpCache: jumpCache.address, memory, leave, find, helpers: used, access };
    for (const { code, entries, region } of plans) {
      const f = m.func({ params: [I32] }), { tier } = region;
      region.slot = this.#slot(region);
      this.#emitter.emit(f, code, entries, region.slot, this.threshold * RARE, this.threshold * (tier === 0 && this.threshold > 1 ? RARE_FIRST : RARE), context);
      m.elem(tableIndex, region.slot, [f.index]);
      this.stats.regions++;
      this.stats.tbs += code.tbs.length;
      this.stats.regionsByTier[tier] = (this.stats.regionsByTier[tier] ?? 0) + 1;
      this.stats.tbsByTier[tier] = (this.stats.tbsByTier[tier] ?? 0) + code.tbs.length;
      this.stats.insns += code.insns;
      this.stats.guestBytes += code.bytes;
    }
    const bytes = m.finish(), { onCompile } = this.#options;
    if (onCompile) {
      functionTexts(bytes, names).forEach((text, k) => onCompile(plans[k]!.code.tbs.map(({ tb }) => tb), text));
    }
    batch.bytes = bytes.length;
    this.stats.wasmBytes += bytes.length;
    this.stats.modules++;
    return { bytes, imports: { i: functions, e: { m: arena.memory, t: table } } as unknown as WebAssembly.Imports };
  }

  // ---- Bookkeeping -----------------------------------------------------------------------------------------------------------------

  #slot(region: Region): number {
    const { table } = this.#options, slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    if (slot >= table.length) table.grow(Math.max(64, slot - table.length + 1));
    this.#bySlot[slot] = region;
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
      else this.#enter(region);
    }
    if (batch.regions.every((region) => region.dead)) this.#forget(batch);
  }

  /** From now on the region's entries lead into it. What they led to before is of no use any more if nothing else leads there. */
  #enter(region: Region): void {
    const before = new Set<Region>();
    region.entries.forEach((tb, i) => {
      if (this.#entryOf.get(tb) !== region) return; // a later one has it
      const at = tb.record >>> 2, old = this.#bySlot[this.#i32[at + (TB.entry >> 2)]!];
      if (old) before.add(old);
      this.#i32[at + (TB.entry >> 2)] = region.slot;
      this.#i32[at + (TB.entryArg >> 2)] = i;
      this.#i32[at + (TB.hotCount >> 2)] = region.tier === LAST_TIER ? 0 : this.#i32[at + (TB.count >> 2)]! + (REGION_HOT << region.tier);
    });
    for (const old of before) if (!old.entries.some((tb) => this.#leadsTo(tb, old))) this.#kill(old);
  }

  #leadsTo(tb: Tb, region: Region): boolean {
    return this.#i32[(tb.record + TB.entry) >>> 2] === region.slot;
  }

  #setCount(tb: Tb, count: number): void {
    this.#i32[(tb.record + TB.count) >>> 2] = count;
    this.#i32[(tb.record + TB.hotCount) >>> 2] = this.threshold;
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
      const entry = (tb.record + TB.entry) >>> 2;
      if (this.#leadsTo(tb, region)) this.#i32[entry] = 0;
      if (this.#entryOf.get(tb) !== region) continue;
      const other = this.#bySlot[this.#i32[entry]!]; // that it was to take the place of
      if (other) this.#entryOf.set(tb, other);
      else {
        this.#entryOf.delete(tb);
        this.#setCount(tb, 0);
      }
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
    if (region.slot === 0) return;
    this.#options.table.set(region.slot, null);
    this.#bySlot[region.slot] = undefined;
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
