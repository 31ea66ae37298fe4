/** For tests: a back end that compiles every TB at once, over a real SoftMmu with the test machine's memory. */
import { PhysMap, Prot, SoftMmu } from '@emu/softmmu';
import { HDR, type Backend, type Ir, type Tb } from '@emu/tcg';
import { HOLE, type TestSetup } from '@emu/tcg/testing';
import { Tci } from '@emu/tci';
import { Jit } from '../index.ts';

const PAGE = 4096;

/** 16 pages at guest address 0, one of them missing; misaligned accesses fault where asked. */
export function testMemory({ arena, header, ram, ramPages, fault }: TestSetup): SoftMmu {
  const map = new PhysMap(arena);
  map.addRam('ram', 0, ramPages * PAGE, ram);
  return new SoftMmu(arena, map, {
    vaddrBits: 64, mmuModes: 1, fault: { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox },
    walk: (lo, hi, _access, _mmuIdx, result) => {
      const page = (lo >>> 0) / PAGE;
      if (hi !== 0 || page >= ramPages || Math.floor(page) === HOLE) return false;
      Object.assign(result, { phys: lo >>> 0, prot: Prot.READ | Prot.WRITE, pageBits: 12, global: false });
      return true;
    },
    alignmentFault: fault, onCodeWrite: () => false, onFlush: () => {},
  });
}

export class CompileAll implements Backend {
  readonly name = 'compile-all';
  readonly jit: Jit;
  readonly #tci: Tci;

  constructor(setup: TestSetup) {
    const { arena, header, jumpCache, helpers } = setup, memory = testMemory(setup);
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 }), functions = helpers.instantiate(arena, header);
    const shared = { arena, header, jumpCache, helpers, functions, memory };
    this.#tci = new Tci({ ...shared, entries: table, codeBytes: 1 << 20 });
    this.jit = new Jit({ ...shared, table, interpreter: this.#tci.run, compile: 'sync', threshold: 1 });
  }

  generate(tb: Tb, ir: Ir): void {
    this.#tci.generate(tb, ir);
    tb.valid = true;
    this.jit.hot(tb, { tbAt: () => tb, retranslate: () => ir, following: () => null });
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
