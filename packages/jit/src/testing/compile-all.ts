/** For tests: a back end that compiles every TB at once, over a real SoftMmu with the test machine's memory. */
import { flatMemory } from '@emu/softmmu/testing';
import { HDR, type Backend, type Ir, type Tb } from '@emu/tcg';
import { HOLE, type TestSetup } from '@emu/tcg/testing';
import { Tci } from '@emu/tci';
import { Jit } from '../index.ts';

export class CompileAll implements Backend {
  readonly name = 'compile-all';
  readonly jit: Jit;
  readonly #tci: Tci;

  constructor(setup: TestSetup) {
    const { arena, header, jumpCache, helpers, ram, ramPages, fault } = setup;
    const report = { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox };
    const memory = flatMemory({ arena, ram, pages: ramPages, hole: HOLE, report, alignmentFault: fault });
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 }), functions = helpers.instantiate(arena, header);
    const shared = { arena, header, jumpCache, helpers, functions, memory };
    this.#tci = new Tci({ ...shared, entries: table, codeBytes: 1 << 20 });
    this.jit = new Jit({ ...shared, table, interpreter: this.#tci.run, batch: 1, threshold: 1 });
  }

  generate(tb: Tb, ir: Ir): void {
    this.#tci.generate(tb, ir);
    tb.valid = true;
    this.jit.hot(tb, { tbAt: () => tb, retranslate: () => ir, following: () => null, incoming: () => [] });
    if (this.jit.stats.refused > 0) throw new Error(this.jit.stats.lastRefusal);
  }

  execute(tb: number): void {
    this.#tci.execute(tb);
  }

  invalidate(tb: Tb): void {
    tb.valid = false;
    this.jit.invalidate(tb);
    this.#tci.invalidate(tb);
  }

  flush(): void {
    this.jit.flush();
    this.#tci.flush();
  }

  get full(): boolean {
    return this.#tci.full;
  }
}
