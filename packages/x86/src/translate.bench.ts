/**
 * Guest instructions translated per second from a real kernel's text, and IR ops per guest instruction after optimisation. The text is cut into TBs as a run
 * that reaches all of it would: each begins where the last one ended. Needs `pack/bzImage` (`pnpm start` fetches it). Run: `pnpm bench translate`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { leastCpuNs } from '../../../tools/dev/cpu-ns.ts';
import { PhysMap } from '@emu/softmmu';
import { Ir, JumpCache, Op, Optimiser, TbStore, type Tb } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { createX86 } from './create.ts';
import { HF } from './hflags.ts';
import { kernelText } from './testing/kernel-text.ts';

const BZIMAGE = new URL('../../../pack/bzImage', import.meta.url);
const MIB = 1 << 20;
const TEXT_BYTES = MIB;
const ROUNDS = 25;
const MAX_INSNS = 512;
/** TBs after which the interpreter's code is thrown away. */
const FLUSH = 8192;
/** 64-bit kernel code as Linux runs it. */
const KERNEL = HF.CS64 | HF.CS32 | HF.SS32 | HF.PE | HF.LMA | HF.MP | HF.OSFXSR | HF.SMAP | HF.FSGSBASE | HF.OSXSAVE;

class Bench {
  readonly #ir = new Ir();
  readonly #optimiser = new Optimiser();
  readonly #arena = new Arena(256 * MIB);
  readonly #parts;
  readonly #store;
  readonly #tci;
  readonly #text: number;
  readonly #bytes: number;
  insns = 0;
  ops = 0;

  constructor(text: Uint8Array) {
    const arena = this.#arena, map = new PhysMap(arena), ram = arena.alloc(64 * MIB, 4096);
    map.addRam('ram', 0, 64 * MIB, ram);
    this.#parts = createX86({
      arena, map, onCodeWrite: () => false, onFlush: () => {},
      bus: {
        ioRead: () => 0, ioWrite: () => {}, acknowledge: () => -1, tsc: () => 0, tscHi: () => 0, shutdown: () => {}, ferr: () => {}, random32: () => 0,
        logs: () => false, log: () => {},
      },
    });
    this.#bytes = Math.min(text.length, TEXT_BYTES);
    this.#text = MIB;
    arena.u8.set(text.subarray(0, this.#bytes), ram + this.#text);
    const { guest, cpu, header, registry, mmu } = this.#parts;
    cpu.reset();
    this.#ir.helpers = registry.all;
    guest.declareGlobals(this.#ir);
    const jumpCache = new JumpCache(arena);
    this.#store = new TbStore(arena, jumpCache);
    this.#tci = new Tci({ arena, header, jumpCache, helpers: registry, memory: mmu });
  }

  /** Translates the whole text: `optimise` the IR too, `generate` the interpreter's code too; `count` the ops. */
  run(optimise: boolean, generate: boolean, count = false): void {
    const { guest } = this.#parts, ir = this.#ir, store = this.#store, end = this.#text + this.#bytes;
    this.insns = this.ops = 0;
    let tbs = 0;
    for (let at = this.#text; at < end;) {
      const tb = store.allocate(at, 0, 0, KERNEL);
      this.#place(tb, at);
      if (!guest.translate(ir, tb, MAX_INSNS)) throw new Error(`no code at ${at}`);
      if (optimise) this.#optimiser.run(ir);
      if (generate) this.#tci.generate(tb, ir);
      this.insns += tb.icount;
      if (count) this.ops += countOps(ir);
      at += tb.size;
      store.release(tb);
      if (++tbs % FLUSH === 0) {
        store.reclaim();
        if (generate) this.#tci.flush();
      }
    }
  }

  #place(tb: Tb, at: number): void {
    tb.hostPc = this.#parts.mmu.codePage(at, 0, 0) + (at & 0xfff);
    tb.linearLo = at;
    tb.linearHi = 0;
  }
}

/** All but the marks of instructions. */
function countOps(ir: Ir): number {
  let n = 0;
  for (let i = 0; i < ir.length; i++) if (ir.op[i] !== Op.insn_start) n++;
  return n;
}

export function bench(): { name: string; value: number; unit: string }[] {
  if (!existsSync(BZIMAGE)) throw new Error('pack/bzImage is not there; `pnpm start` fetches it');
  const b = new Bench(kernelText(readFileSync(BZIMAGE)));
  b.run(false, false, true);
  const rawOps = b.ops / b.insns;
  const measure = (optimise: boolean, generate: boolean) => b.insns / leastCpuNs(ROUNDS, () => b.run(optimise, generate)) * 1000;
  b.run(true, false, true);
  const ops = b.ops / b.insns;
  return [
    { name: 'x86: instructions of a kernel translated to IR', value: measure(false, false), unit: 'M/s' },
    { name: 'x86: ... and optimised', value: measure(true, false), unit: 'M/s' },
    { name: 'x86: ... and made into the interpreter\'s code', value: measure(true, true), unit: 'M/s' },
    { name: 'x86: IR ops per instruction of a kernel, before optimisation', value: rawOps, unit: '' },
    { name: 'x86: IR ops per instruction of a kernel', value: ops, unit: '' },
  ];
}
