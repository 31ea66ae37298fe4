/**
 * REP MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS: as many elements as lie in the pages at hand are moved with one check, others one by
 * one. Registers are exact after every element, so that a fault or an interrupt finds them so; a call does at most `CHUNK`
 * elements and returns 1 if there are more.
 */
import { Access } from '@emu/softmmu';
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { HF, isChecked, mmuIndex } from '../hflags.ts';
import { Attention, Reg, SegReg, ST } from '../state.ts';

const CHUNK = 4096;
const PAGE = 4096;

export function stringHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const s = cpu.s, arena = cpu.arena, u8 = arena.u8, view = arena.view;
  /** The last address computed. */
  let addrHi = 0;

  /** Register `n` as an offset of `asz` bits in segment `seg`: low half returned, high half in `addrHi`; with the segment's checks. */
  const address = (n: number, asz: number, seg: number, bytes: number, write: boolean): number => {
    const lo = asz === 16 ? cpu.gprLo(n) & 0xffff : cpu.gprLo(n), hi = asz === 64 ? cpu.gprHi(n) : 0;
    addrHi = hi;
    cpu.checkAlignment(lo, bytes); // bases are multiples of an element where anybody checks alignment
    if (s.flags & HF.CS64) {
      if (seg < SegReg.FS) return lo;
      const base = cpu.segBaseLo(seg), sum = (base >>> 0) + (lo >>> 0);
      addrHi = (hi + cpu.segBaseHi(seg) + (sum > 0xffffffff ? 1 : 0)) | 0;
      return sum | 0;
    }
    if (isChecked(s.flags, seg, write)) cpu.segCheck(seg, lo, bytes, write);
    addrHi = 0;
    return (cpu.segBaseLo(seg) + lo) | 0;
  };

  const advance = (n: number, asz: number, by: number): void => {
    const lo = cpu.gprLo(n), hi = cpu.gprHi(n);
    if (asz === 64) {
      const sum = lo + by;
      const low = (lo >>> 0) + by;
      cpu.setGpr(n, sum | 0, (hi + (low > 0xffffffff ? 1 : low < 0 ? -1 : 0)) | 0);
    } else if (asz === 32) cpu.setGpr(n, (lo + by) | 0, 0);
    else cpu.setGpr(n, (lo & ~0xffff) | ((lo + by) & 0xffff), hi);
  };

  /** rCX as a number; more than 2^31 is as good as infinite here. */
  const count = (asz: number): number => {
    const lo = cpu.gprLo(Reg.RCX);
    if (asz === 16) return lo & 0xffff;
    return asz === 64 && cpu.gprHi(Reg.RCX) !== 0 ? 0x7fffffff : lo >>> 0;
  };
  const countDown = (asz: number, by: number): void => advance(Reg.RCX, asz, -by);

  /** How many elements from offset register `n` on lie in one page (and in front of the offset's wrap), in the direction of `df`. */
  const inPage = (n: number, asz: number, linear: number, bytes: number, down: boolean): number => {
    const at = linear & (PAGE - 1);
    let room = down ? Math.floor((at + bytes) / bytes) : Math.floor((PAGE - at) / bytes);
    if (down && at + bytes > PAGE) room = 0; // the element itself crosses into the next page
    if (asz === 16) {
      const offset = cpu.gprLo(n) & 0xffff;
      room = Math.min(room, down ? Math.floor(offset / bytes) + 1 : Math.floor((0x10000 - offset) / bytes));
    } else if (asz === 32) {
      const offset = cpu.gprLo(n) >>> 0;
      room = Math.min(room, down ? Math.floor(offset / bytes) + 1 : Math.floor((0x100000000 - offset) / bytes));
    }
    return room;
  };

  /** The last element that a bulk operation touches must pass the segment check too. */
  const checkLast = (n: number, seg: number, elements: number, bytes: number, down: boolean, write: boolean): void => {
    if (isChecked(s.flags, seg, write)) {
      const offset = cpu.gprLo(n) + (down ? -1 : 1) * (elements - 1) * bytes;
      cpu.segCheck(seg, offset, bytes, write);
    }
  };

  const load = (lo: number, hi: number, bytes: number, mmu: number): number => {
    if (bytes === 1) return cpu.mmu.load8(lo, hi, mmu);
    if (bytes === 2) return cpu.mmu.load16(lo, hi, mmu);
    return bytes === 4 ? cpu.mmu.load32(lo, hi, mmu) : cpu.mmu.loadPair(lo, hi, mmu);
  };
  const store = (lo: number, hi: number, bytes: number, mmu: number, v: number, vHi: number): void => {
    if (bytes === 1) cpu.mmu.store8(lo, hi, mmu, v);
    else if (bytes === 2) cpu.mmu.store16(lo, hi, mmu, v);
    else if (bytes === 4) cpu.mmu.store32(lo, hi, mmu, v);
    else cpu.mmu.storePair(lo, hi, mmu, v, vHi);
  };

  /** Runs `step(elements allowed)` until rCX is 0 or the chunk is used up; `step` returns how many it did, or ~n if it is to stop after n. */
  const loop = (asz: number, rep: number, step: (limit: number) => number): number => {
    if (rep === 0) {
      step(1);
      return 0;
    }
    let budget = s.flags & HF.TF ? 1 : CHUNK; // a single step is one iteration
    for (let left = count(asz); left > 0 && budget > 0; left = count(asz)) {
      const did = step(Math.min(left, budget));
      const n = did < 0 ? ~did : did;
      countDown(asz, n);
      if (did < 0) return 0;
      budget -= n;
      if (s.attention & Attention.TRAP) break; // so is a data breakpoint
    }
    return count(asz) > 0 ? 1 : 0;
  };

  /** `bytes`-sized elements, smallest first, repeated: what STOS writes, when all bytes are alike. */
  const fillByte = (bytes: number): number => {
    const lo = cpu.gprLo(Reg.RAX), b = lo & 0xff;
    if (bytes === 1) return b;
    const all = Math.imul(b, 0x01010101);
    if (bytes === 2) return ((lo ^ all) & 0xffff) === 0 ? b : -1;
    return lo === all && (bytes === 4 || cpu.gprHi(Reg.RAX) === all) ? b : -1;
  };

  const movs = (bytes: number, asz: number, seg: number, rep: number): number => {
    const mmu = mmuIndex(s.flags), down = s.df < 0, by = down ? -bytes : bytes;
    return loop(asz, rep, (limit) => {
      const from = address(Reg.RSI, asz, seg, bytes, false), fromHi = addrHi;
      const to = address(Reg.RDI, asz, SegReg.ES, bytes, true), toHi = addrHi;
      const n = Math.min(limit, inPage(Reg.RSI, asz, from, bytes, down), inPage(Reg.RDI, asz, to, bytes, down));
      if (n > 1) {
        checkLast(Reg.RSI, seg, n, bytes, down, false);
        checkLast(Reg.RDI, SegReg.ES, n, bytes, down, true);
        const len = n * bytes, back = down ? len - bytes : 0;
        const src = cpu.mmu.probe((from - back) | 0, fromHi, len, Access.READ, mmu);
        const dst = src < 0 ? -1 : cpu.mmu.probe((to - back) | 0, toHi, len, Access.WRITE, mmu);
        if (dst >= 0) {
          copy(dst, src, len, bytes, down);
          advance(Reg.RSI, asz, by * n);
          advance(Reg.RDI, asz, by * n);
          return n;
        }
      }
      const v = load(from, fromHi, bytes, mmu), vHi = cpu.mmu.hi;
      store(to, toHi, bytes, mmu, v, vHi);
      advance(Reg.RSI, asz, by);
      advance(Reg.RDI, asz, by);
      return 1;
    });
  };

  /** Copies as the element-wise loop would: overlapping in its direction, it repeats what it has just written. */
  const copy = (dst: number, src: number, len: number, bytes: number, down: boolean): void => {
    const repeats = down ? dst < src && src < dst + len : src < dst && dst < src + len;
    if (!repeats) {
      u8.copyWithin(dst, src, src + len);
      return;
    }
    for (let k = 0; k < len; k += bytes) {
      const at = down ? len - bytes - k : k;
      u8.copyWithin(dst + at, src + at, src + at + bytes);
    }
  };

  const stos = (bytes: number, asz: number, _seg: number, rep: number): number => {
    const mmu = mmuIndex(s.flags), down = s.df < 0, by = down ? -bytes : bytes;
    const lo = cpu.gprLo(Reg.RAX), hi = cpu.gprHi(Reg.RAX), fill = fillByte(bytes);
    return loop(asz, rep, (limit) => {
      const to = address(Reg.RDI, asz, SegReg.ES, bytes, true), toHi = addrHi;
      const n = Math.min(limit, inPage(Reg.RDI, asz, to, bytes, down));
      if (n > 1) {
        checkLast(Reg.RDI, SegReg.ES, n, bytes, down, true);
        const len = n * bytes;
        const dst = cpu.mmu.probe((to - (down ? len - bytes : 0)) | 0, toHi, len, Access.WRITE, mmu);
        if (dst >= 0) {
          if (fill >= 0) u8.fill(fill, dst, dst + len);
          else for (let k = 0; k < len; k += bytes) storeHost(dst + k, bytes, lo, hi);
          advance(Reg.RDI, asz, by * n);
          return n;
        }
      }
      store(to, toHi, bytes, mmu, lo, hi);
      advance(Reg.RDI, asz, by);
      return 1;
    });
  };

  const storeHost = (at: number, bytes: number, lo: number, hi: number): void => {
    if (bytes === 2) view.setUint16(at, lo, true);
    else {
      view.setInt32(at, lo, true);
      if (bytes === 8) view.setInt32(at + 4, hi, true);
    }
  };

  const lods = (bytes: number, asz: number, seg: number, rep: number): number => {
    const mmu = mmuIndex(s.flags), by = s.df < 0 ? -bytes : bytes;
    return loop(asz, rep, () => {
      const from = address(Reg.RSI, asz, seg, bytes, false);
      const v = load(from, addrHi, bytes, mmu);
      if (bytes === 8) cpu.setGpr(Reg.RAX, v, cpu.mmu.hi);
      else if (bytes === 4) cpu.setGpr(Reg.RAX, v, 0);
      else {
        const mask = bytes === 2 ? 0xffff : 0xff;
        cpu.setGpr(Reg.RAX, (cpu.gprLo(Reg.RAX) & ~mask) | (v & mask), cpu.gprHi(Reg.RAX));
      }
      advance(Reg.RSI, asz, by);
      return 1;
    });
  };

  /** Puts the pair compared last into scratch words 0 and 1; word 2 says that there was one. */
  const pair = (aLo: number, aHi: number, bLo: number, bHi: number): void => {
    const at = (cpu.env + ST.scratch) >>> 2;
    arena.i32[at] = aLo;
    arena.i32[at + 1] = aHi;
    arena.i32[at + 2] = bLo;
    arena.i32[at + 3] = bHi;
    arena.i32[at + 4] = 1;
  };
  const nonePaired = (): void => {
    arena.i32[((cpu.env + ST.scratch) >>> 2) + 4] = 0;
  };
  /** Keep comparing? REPE while equal, REPNE while different. */
  const goesOn = (rep: number, equal: boolean): boolean => (rep === 2 ? equal : !equal);

  const compare = (bytes: number, asz: number, seg: number, rep: number, withMemory: boolean): number => {
    const mmu = mmuIndex(s.flags), by = s.df < 0 ? -bytes : bytes;
    const mask = bytes === 1 ? 0xff : bytes === 2 ? 0xffff : -1;
    nonePaired();
    return loop(asz, rep, () => {
      let aLo = cpu.gprLo(Reg.RAX) & mask, aHi = bytes === 8 ? cpu.gprHi(Reg.RAX) : 0;
      if (withMemory) {
        const from = address(Reg.RSI, asz, seg, bytes, false);
        aLo = load(from, addrHi, bytes, mmu);
        aHi = bytes === 8 ? cpu.mmu.hi : 0;
      }
      const to = address(Reg.RDI, asz, SegReg.ES, bytes, false);
      const bLo = load(to, addrHi, bytes, mmu), bHi = bytes === 8 ? cpu.mmu.hi : 0;
      pair(aLo, aHi, bLo, bHi);
      if (withMemory) advance(Reg.RSI, asz, by);
      advance(Reg.RDI, asz, by);
      return goesOn(rep, aLo === bLo && aHi === bHi) ? 1 : ~1;
    });
  };

  const ins = (bytes: number, asz: number, _seg: number, rep: number): number => {
    const mmu = mmuIndex(s.flags), by = s.df < 0 ? -bytes : bytes, port = cpu.gprLo(Reg.RDX) & 0xffff;
    return loop(asz, rep, () => {
      const to = address(Reg.RDI, asz, SegReg.ES, bytes, true), toHi = addrHi;
      cpu.mmu.probe(to, toHi, bytes, Access.WRITE, mmu); // a fault must come before the device is read
      store(to, toHi, bytes, mmu, cpu.bus.ioRead(port, bytes as 1 | 2 | 4), 0);
      advance(Reg.RDI, asz, by);
      return 1;
    });
  };
  const outs = (bytes: number, asz: number, seg: number, rep: number): number => {
    const mmu = mmuIndex(s.flags), by = s.df < 0 ? -bytes : bytes, port = cpu.gprLo(Reg.RDX) & 0xffff;
    return loop(asz, rep, () => {
      const from = address(Reg.RSI, asz, seg, bytes, false);
      const v = load(from, addrHi, bytes, mmu);
      cpu.bus.ioWrite(port, bytes as 1 | 2 | 4, bytes === 4 ? v >>> 0 : v);
      advance(Reg.RSI, asz, by);
      return 1;
    });
  };

  const params = ['i32', 'i32', 'i32', 'i32'] as const;
  const helper = (name: string, fn: (bytes: number, asz: number, seg: number, rep: number) => number) =>
    r.js(name, params, 'i32', (bytes, asz, seg, rep) => fn(bytes!, asz!, seg!, rep!));
  return {
    movs: helper('movs', movs),
    stos: helper('stos', stos),
    lods: helper('lods', lods),
    cmps: helper('cmps', (bytes, asz, seg, rep) => compare(bytes, asz, seg, rep, true)),
    scas: helper('scas', (bytes, asz, seg, rep) => compare(bytes, asz, seg, rep, false)),
    ins: helper('ins', ins),
    outs: helper('outs', outs),
  };
}
