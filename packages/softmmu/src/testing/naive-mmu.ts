/** Page tables as a JavaScript Map, and accesses through them byte by byte: slow, obvious, and without a TLB that could be stale. */
import type { VaddrBits } from '@emu/vaddr';
import { Access } from '../memop.ts';
import type { PhysMap } from '../phys-map.ts';
import { Prot, type Walk, type WalkResult } from '../options.ts';

export interface Mapping { phys: number; prot: number; pageBits?: number; global?: boolean }
export interface NaiveFault { va: bigint; access: Access; mmuIdx: number }

const PROT_OF = [Prot.READ, Prot.WRITE, Prot.EXEC] as const;
const PAGE = 4096n;

/** Linear = physical, everything allowed. */
export const flatWalk: Walk = (lo, hi, _access, _mmuIdx, result) => {
  result.phys = (hi >>> 0) * 2 ** 32 + (lo >>> 0);
  result.prot = Prot.READ | Prot.WRITE | Prot.EXEC;
  result.pageBits = 12;
  result.global = false;
  return true;
};

export class NaiveMmu {
  readonly map: PhysMap;
  readonly bits: VaddrBits;
  /** The last fault that `walk`, `load` or `store` met. */
  fault: NaiveFault | undefined;
  /** Calls of `walk`. */
  walks = 0;
  readonly #pages: Map<bigint, Required<Mapping>>[] = [];

  constructor(map: PhysMap, bits: VaddrBits = 64, mmuModes = 1) {
    this.map = map;
    this.bits = bits;
    for (let i = 0; i < mmuModes; i++) this.#pages.push(new Map());
  }

  /** Maps the page (of 2^pageBits bytes) around `va`. */
  mapPage(va: bigint, mapping: Mapping, mmuIdx = 0): void {
    const page = { pageBits: 12, global: false, ...mapping };
    const size = 1n << BigInt(page.pageBits), base = va - (va % size);
    for (let at = 0n; at < size; at += PAGE) this.#pages[mmuIdx]!.set(base + at, { ...page, phys: mapping.phys + Number(at) });
  }

  unmapPage(va: bigint, pageBits = 12, mmuIdx = 0): void {
    const size = 1n << BigInt(pageBits), base = va - (va % size);
    for (let at = 0n; at < size; at += PAGE) this.#pages[mmuIdx]!.delete(base + at);
  }

  /** The callback for `SoftMmu`. */
  readonly walk: Walk = (lo: number, hi: number, access: Access, mmuIdx: number, result: WalkResult): boolean => {
    this.walks++;
    const va = this.#join(lo, hi), page = this.#lookup(va, access, mmuIdx);
    if (!page) return false;
    result.phys = page.phys + Number(va % PAGE);
    result.prot = page.prot;
    result.pageBits = page.pageBits;
    result.global = page.global;
    return true;
  };

  /** Little-endian value of `size` bytes, or undefined after a fault. */
  load(va: bigint, size: number, mmuIdx = 0, access: Access = Access.READ): bigint | undefined {
    const bytes = this.#translate(va, size, access, mmuIdx);
    return bytes?.reduce((value, phys, i) => value | (BigInt(this.map.readPhys8(phys)) << BigInt(8 * i)), 0n);
  }

  /** False after a fault; then nothing is written. */
  store(va: bigint, size: number, value: bigint, mmuIdx = 0): boolean {
    const bytes = this.#translate(va, size, Access.WRITE, mmuIdx);
    bytes?.forEach((phys, i) => this.map.writePhys8(phys, Number((value >> BigInt(8 * i)) & 0xffn)));
    return bytes !== undefined;
  }

  #join(lo: number, hi: number): bigint {
    return BigInt.asUintN(this.bits, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
  }

  #lookup(va: bigint, access: Access, mmuIdx: number): Required<Mapping> | undefined {
    const page = this.#pages[mmuIdx]!.get(va - (va % PAGE));
    if (page && page.prot & PROT_OF[access]) return page;
    this.fault = { va, access, mmuIdx };
    return undefined;
  }

  /** Physical address of each byte. */
  #translate(va: bigint, size: number, access: Access, mmuIdx: number): number[] | undefined {
    const result: number[] = [];
    for (let i = 0n; i < BigInt(size); i++) {
      const at = BigInt.asUintN(this.bits, va + i), page = this.#lookup(at, access, mmuIdx);
      if (!page) return undefined;
      result.push(page.phys + Number(at % PAGE));
    }
    return result;
  }
}
