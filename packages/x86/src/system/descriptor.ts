/** Segment descriptors as they stand in the GDT and LDT, and how they are fetched. Intel SDM Vol. 3, 3.4.5 and 5.8. */
import type { X86Cpu } from '../cpu.ts';
import { ATTR, DPL_SHIFT, SegReg, Vector } from '../state.ts';

/** Types of system descriptors (S = 0). SDM Vol. 3, table 3-2. */
export const SystemType = {
  TSS16: 1, LDT: 2, TSS16_BUSY: 3, CALL16: 4, TASK_GATE: 5, INT16: 6, TRAP16: 7, TSS32: 9, TSS32_BUSY: 11, CALL32: 12, INT32: 14, TRAP32: 15,
} as const;

const TI = 4;
/** Descriptor bits of the second word that a segment register keeps. */
const ATTR_MASK = 0x00f0ff00;

/** A descriptor as fetched: its two words, the fields made of them, and where it came from. Reused; copy what must last. */
export class Descriptor {
  lo = 0;
  hi = 0;
  selector = 0;
  /** Linear address it was read from. */
  addrLo = 0;
  addrHi = 0;

  copy(): Descriptor {
    return Object.assign(new Descriptor(), this);
  }

  get attr(): number { return this.hi & ATTR_MASK; }
  get base(): number { return ((this.lo >>> 16) | ((this.hi & 0xff) << 16) | (this.hi & 0xff000000)) | 0; }
  /** Bytes minus one, unsigned. */
  get limit(): number {
    const raw = (this.lo & 0xffff) | (this.hi & 0x000f0000);
    return (this.hi & ATTR.G ? (raw << 12) | 0xfff : raw) >>> 0;
  }
  get type(): number { return (this.hi >>> 8) & 15; }
  get dpl(): number { return (this.hi >>> DPL_SHIFT) & 3; }
  get rpl(): number { return this.selector & 3; }
  get present(): boolean { return (this.hi & ATTR.P) !== 0; }
  /** Code or data, not a system descriptor. */
  get isSegment(): boolean { return (this.hi & ATTR.S) !== 0; }
  get isCode(): boolean { return (this.hi & (ATTR.S | ATTR.CODE)) === (ATTR.S | ATTR.CODE); }
  get isConforming(): boolean { return (this.hi & ATTR.CONFORMING) !== 0; }
  get isWritableData(): boolean { return (this.hi & (ATTR.S | ATTR.CODE | ATTR.WRITABLE)) === (ATTR.S | ATTR.WRITABLE); }
  get isReadable(): boolean { return this.isSegment && (!(this.hi & ATTR.CODE) || (this.hi & ATTR.READABLE) !== 0); }
  get isLong(): boolean { return (this.hi & ATTR.L) !== 0; }

  /** Gate fields: target selector and offset (low 32 bits), parameter count. */
  get gateSelector(): number { return this.lo >>> 16; }
  get gateOffset(): number { return (this.lo & 0xffff) | (this.hi & 0xffff0000); }
  get gateOffset16(): number { return this.lo & 0xffff; }
  get gateCount(): number { return this.hi & 31; }
}

export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;

/** Fetches the descriptor of `selector` into `d`. Outside its table: `vector` with the selector as error code (plus `ext`). */
export function fetchDescriptor(cpu: X86Cpu, d: Descriptor, selector: number, vector: number, ext = 0): void {
  if (!tryFetch(cpu, d, selector)) cpu.raise(vector, (selector & 0xfffc) | ext);
}

/** As `fetchDescriptor`; false instead of a fault when the selector is outside its table. */
export function tryFetch(cpu: X86Cpu, d: Descriptor, selector: number): boolean {
  const s = cpu.s, local = (selector & TI) !== 0, offset = selector & 0xfff8;
  const limit = local ? cpu.segLimit(SegReg.LDTR) : s.gdtLimit;
  if (local && !(cpu.segAttr(SegReg.LDTR) & ATTR.P)) return false;
  if (offset + 7 > limit) return false;
  const baseLo = local ? cpu.segBaseLo(SegReg.LDTR) : s.gdtBaseLo, baseHi = local ? cpu.segBaseHi(SegReg.LDTR) : s.gdtBaseHi;
  d.selector = selector;
  d.addrLo = (baseLo + offset) | 0;
  d.addrHi = cpu.carry(baseLo, baseHi, offset);
  d.lo = cpu.sysRead32(d.addrLo, d.addrHi);
  d.hi = cpu.sysRead32((d.addrLo + 4) | 0, cpu.carry(d.addrLo, d.addrHi, 4));
  return true;
}

/** The high base word of a 16-byte system descriptor (LDT, TSS in long mode). Its type field must be 0. */
export function fetchHighBase(cpu: X86Cpu, d: Descriptor): number {
  const limit = d.selector & TI ? cpu.segLimit(SegReg.LDTR) : cpu.s.gdtLimit;
  const high = cpu.sysRead32((d.addrLo + 12) | 0, cpu.carry(d.addrLo, d.addrHi, 12));
  if ((d.selector & 0xfff8) + 15 > limit || high & 0x1f00) cpu.raise(Vector.GP, d.selector & 0xfffc);
  return cpu.sysRead32((d.addrLo + 8) | 0, cpu.carry(d.addrLo, d.addrHi, 8));
}

/** Sets the accessed bit of a code or data descriptor in memory, as the processor does when it loads one. */
export function markAccessed(cpu: X86Cpu, d: Descriptor): void {
  if (d.hi & ATTR.ACCESSED) return;
  d.hi |= ATTR.ACCESSED;
  cpu.sysWrite32((d.addrLo + 4) | 0, cpu.carry(d.addrLo, d.addrHi, 4), d.hi);
}

/** Loads segment register `n` from `d`, with `rpl` replacing the selector's. */
export function loadFrom(cpu: X86Cpu, n: number, d: Descriptor, rpl = d.rpl): void {
  cpu.setSegment(n, (d.selector & 0xfffc) | rpl, d.base, 0, d.limit, d.attr);
}
