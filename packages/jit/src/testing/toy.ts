/** For tests: the toy guest on the interpreter, with or without the compiler. Its memory has no TLB, so every access takes the slow path. */
import { HDR, MemOp, memOpOf, type HotBackend, type Tb, type TbSource } from '@emu/tcg';
import { ToyMachine, type ToySetup } from '@emu/tcg/testing';
import { Tci } from '@emu/tci';
import { Jit, type GuestMemory, type JitOptions } from '../index.ts';

/** Slow paths over the toy's memory, behind a TLB of one entry that nothing matches. */
function toyMemory({ arena, header, memory }: ToySetup): GuestMemory {
  const descriptor = arena.alloc(128, 64);
  arena.u8.fill(0xff, descriptor + 32, descriptor + 128);
  const retHi = (header + HDR.retHi) >>> 2;
  return {
    vaddrBits: 64,
    descriptor: () => descriptor,
    slowLoad: (oi, lo, hi) => {
      const value = memory.load(oi, lo, hi), size = memOpOf(oi) & MemOp.SIZE;
      arena.i32[retHi] = Number(BigInt.asIntN(32, value >> 32n));
      return Number(BigInt.asIntN(32, size === MemOp.b64 ? value : value & ((1n << BigInt(8 << size)) - 1n)));
    },
    slowStore: (oi, lo, hi, valueLo, valueHi) => memory.store(oi, lo, hi, (BigInt(valueHi >>> 0) << 32n) | BigInt(valueLo >>> 0)),
  };
}

export class CompiledToy extends ToyMachine {
  readonly jit: Jit | undefined;

  /** @param jit options of the compiler, or null for the interpreter alone. */
  constructor(jit: Partial<JitOptions> | null) {
    const forward = new Forward(jit?.threshold ?? 128), made: { jit?: Jit } = {};
    super({
      ...(jit ? { hot: forward } : {}),
      backend: (setup) => {
        const memory = toyMemory(setup), functions = setup.helpers.instantiate(setup.arena, setup.header);
        const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
        const tci = new Tci({ ...setup, memory, functions, entries: table, codeBytes: 2 << 20 });
        if (jit) forward.to = made.jit = new Jit({ ...setup, memory, functions, table, interpreter: tci.run, batch: 1, ...jit });
        return tci;
      },
    });
    this.jit = made.jit;
  }
}

/** Stands in for a compiler that does not exist yet. */
class Forward implements HotBackend {
  readonly name = 'jit';
  readonly threshold: number;
  to: HotBackend | undefined;
  constructor(threshold: number) {
    this.threshold = threshold;
  }
  hot(tb: Tb, tbs: TbSource): void { this.to!.hot(tb, tbs); }
  poll(): void { this.to?.poll(); }
  invalidate(tb: Tb): void { this.to?.invalidate(tb); }
  flush(): void { this.to?.flush(); }
}
