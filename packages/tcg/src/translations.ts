/**
 * The TBs of one engine: finds the one at the guest's pc in the store or translates it, makes those that run once, throws them away. For a hot back
 * end it translates a TB a second time and says what follows it in memory.
 *
 * A TB is stored under its physical pc, so code that is mapped at several addresses is translated once. One whose code crosses into a second page is
 * only used where the same physical page follows. Code that cannot be cached (in a device) runs one instruction at a time.
 */
import type { HostPtr } from '@emu/vaddr';
import type { TbSource } from './backend.ts';
import { PAGE_SIZE } from './code-page.ts';
import { CPU_HEADER, HDR, TB } from './cpu.ts';
import type { EngineOptions } from './engine-options.ts';
import type { EngineStats } from './engine-stats.ts';
import { EngineError } from './errors.ts';
import { Ir } from './ir.ts';
import { Optimiser } from './optimiser/optimise.ts';
import type { Tb } from './tb.ts';
import { TbStore } from './tb-store.ts';

/** `CodeSource.page` reports a guest fault. */
const FAULTED = -1;
/** The key in the header, as word offsets: read at every miss of the jump cache. */
const FLAGS = HDR.flags >> 2, CS_BASE = HDR.csBase >> 2;

export class Translations implements TbSource {
  readonly store: TbStore;
  readonly #options: EngineOptions;
  readonly #stats: EngineStats;
  readonly #header;
  readonly #words: Int32Array;
  /** Word index of the header. */
  readonly #base: number;
  readonly #ir = new Ir();
  readonly #optimiser: Optimiser | null;
  /** The guest's pc as it was looked up last. */
  readonly #linear = { lo: 0, hi: 0 };
  /** The TB made last to run once, until the next one is looked up. */
  #onceTb: Tb | null = null;

  constructor(options: EngineOptions, stats: EngineStats) {
    const { arena, header, guest, backend, hot } = options;
    this.#options = options;
    this.#stats = stats;
    this.#header = CPU_HEADER.at(arena, header);
    this.#words = arena.i32;
    this.#base = header >>> 2;
    this.#optimiser = options.optimise === false ? null : new Optimiser();
    this.store = new TbStore(arena, options.jumpCache, {
      ...(options.maxTbs === undefined ? {} : { maxTbs: options.maxTbs }),
      codePages: options.codePages,
      onInvalidate: (tb) => {
        this.#stats.invalidatedTbs++;
        options.physCache?.forget(tb);
        backend.invalidate(tb);
        hot?.invalidate(tb);
      },
    });
    if (options.helpers) this.#ir.helpers = options.helpers.all;
    guest.declareGlobals(this.#ir);
  }

  /** The TB at the guest's pc; of `once` one that nobody finds again. Null: the fetch faulted, and the guest has recorded that. */
  atPc(maxInsns: number, once: boolean): Tb | null {
    const { guest } = this.#options, { code } = guest, linear = this.#linear;
    this.#releaseOnce();
    guest.linearPc(linear);
    const page = code.page(linear.lo, linear.hi);
    if (page === FAULTED) return null;
    const cacheable = page >= 0;
    const physPc = (cacheable ? code.physPage * PAGE_SIZE : 0) + (linear.lo & (PAGE_SIZE - 1));
    const found = cacheable && !once ? this.#find(physPc) : null;
    if (!found) return this.#make(physPc, page, cacheable ? maxInsns : 1, once || !cacheable);
    this.#options.physCache?.fill(found); // another TB may have taken its place
    return found;
  }

  /** Throws all TBs away. Not while generated code runs. */
  flush(): void {
    const { backend, hot } = this.#options;
    this.#onceTb = null;
    this.#stats.flushes++;
    this.store.flush();
    this.#options.physCache?.flush();
    backend.flush();
    hot?.flush();
  }

  tbAt(record: HostPtr): Tb {
    return this.store.at(record);
  }

  retranslate(tb: Tb): Ir {
    if (!tb.valid) throw new EngineError(`TB ${tb.id} is not valid any more; look at tb.valid first`);
    this.#stats.retranslatedTbs++;
    if (!this.#translate(tb, tb.icount)) throw new EngineError(`TB ${tb.id} cannot be translated again; the guest's translate must depend on the TB alone`);
    return this.#ir;
  }

  incoming(tb: Tb): readonly Tb[] {
    return this.store.incoming(tb);
  }

  following(tb: Tb): Tb | null {
    const end = (tb.physPc % PAGE_SIZE) + tb.size, page = Math.floor(tb.physPc / PAGE_SIZE);
    if (end === PAGE_SIZE) return null; // which page comes next is not known
    const physPc = end < PAGE_SIZE ? page * PAGE_SIZE + end : tb.physPage2 * PAGE_SIZE + end - PAGE_SIZE;
    const found = this.store.find(physPc, tb.csBaseLo, tb.csBaseHi, tb.flags);
    return found && found.physPage2 < 0 ? found : null;
  }

  /** The stored TB at `physPc` with the header's key whose second page, if it has one, is the one that follows now. */
  #find(physPc: number): Tb | null {
    const words = this.#words, base = this.#base, csBaseLo = words[base + CS_BASE]!, csBaseHi = words[base + CS_BASE + 1]!, flags = words[base + FLAGS]!;
    let tb = this.store.find(physPc, csBaseLo, csBaseHi, flags);
    while (tb && tb.physPage2 >= 0 && tb.physPage2 !== this.#followingPage()) tb = this.store.find(physPc, csBaseLo, csBaseHi, flags, tb);
    return tb;
  }

  /** Physical number of the page after that of the pc, or -1. A fault found here is found again, and reported, by the translation. */
  #followingPage(): number {
    const { lo, hi } = this.#linear, { code } = this.#options.guest;
    const next = ((lo | (PAGE_SIZE - 1)) + 1) | 0;
    const page = code.page(next, next === 0 ? (hi + 1) | 0 : hi);
    this.#header.fault = 0;
    return page < 0 ? -1 : code.physPage;
  }

  /** Translates the TB at the pc. Null: a fetch faulted. */
  #make(physPc: number, page: HostPtr, maxInsns: number, once: boolean): Tb | null {
    const { backend, hot } = this.#options, { csBaseLo, csBaseHi, flags } = this.#header, { store } = this, stats = this.#stats;
    if (backend.full || store.full) this.flush();
    store.reclaim();
    const tb = store.allocate(physPc, csBaseLo, csBaseHi, flags);
    if (page >= 0) tb.hostPc = page + (physPc % PAGE_SIZE);
    tb.linearLo = this.#linear.lo | 0;
    tb.linearHi = this.#linear.hi | 0;
    if (!this.#translate(tb, maxInsns)) {
      store.release(tb);
      return null;
    }
    this.#words[(tb.record + TB.icount) >>> 2] = tb.icount;
    const inMemory = tb.physPage2 < 0 || tb.hostPage2 >= 0, findable = !once && inMemory;
    if (findable && hot) this.#words[(tb.record + TB.hotCount) >>> 2] = hot.threshold;
    backend.generate(tb, this.#ir);
    if (findable) {
      store.insert(tb);
      this.#options.physCache?.fill(tb);
      stats.translatedTbs++;
      stats.translatedInsns += tb.icount;
    } else {
      this.#onceTb = tb;
      if (inMemory && tb.icount > 1) store.watch(tb); // one of its instructions may write to a later one
      stats.onceTbs++;
    }
    return tb;
  }

  #translate(tb: Tb, maxInsns: number): boolean {
    const start = this.#stats.timing ? performance.now() : 0;
    const done = this.#options.guest.translate(this.#ir, tb, maxInsns);
    if (done) this.#optimiser?.run(this.#ir);
    if (this.#stats.timing) this.#stats.translateNs += (performance.now() - start) * 1e6;
    return done;
  }

  #releaseOnce(): void {
    const tb = this.#onceTb;
    if (!tb) return;
    this.#onceTb = null;
    this.#options.backend.invalidate(tb);
    this.store.release(tb);
  }
}
