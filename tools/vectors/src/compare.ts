/** Compares an end state of our CPU with the processor's: everything the SDM defines. */
import { EFLAGS, Vector } from '@emu/x86';
import type { Form } from './forms.ts';
import { DATA_BYTES, Fx, type Output } from './step.ts';

/** RF is the kernel's affair in a signal frame, bit 1 is fixed. */
const RFLAGS = EFLAGS.CF | EFLAGS.PF | EFLAGS.AF | EFLAGS.ZF | EFLAGS.SF | EFLAGS.TF | EFLAGS.IF | EFLAGS.DF | EFLAGS.OF | EFLAGS.IOPL | EFLAGS.NT
  | EFLAGS.AC | EFLAGS.ID;
const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];
const PRESENT = 1;
const C1 = 0x200, PE = 0x20;

/** The SDM promises less than one unit in the last place of error (Vol. 1, 8.3.10), not which of the two neighbours. */
const TRANSCENDENTAL = /^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;

/**
 * Instructions of several accesses: in which order a processor makes them, and so at which address of the page it faults and what it has
 * written by then, is its own affair. Ours write nothing.
 */
const SEVERAL = /^(FBSTP|FLDENV|FNSTENV|FRSTOR|FNSAVE|FXSAVE|FXRSTOR|XSAVE|XSAVEC|XRSTOR|MASKMOVQ|MASKMOVDQU|PUSHA|POPA|ENTER)$/;
const EXTENDED = 'Mt';

const hex = (v: bigint | number) => `0x${v.toString(16)}`;
type Check = (what: string, a: bigint | number, b: bigint | number) => void;

/** The differences in words; none means equal. */
export function differences(ours: Output, theirs: Output, form: Form): string[] {
  const { row, mode, flagsUndefined } = form, name = row.mnemonic.split('/')[0]!;
  return statesDiffer(ours, theirs, mode, {
    flagsUndefined, approximate: TRANSCENDENTAL.test(name), several: SEVERAL.test(name) || row.operands[0]?.name === EXTENDED,
  });
}

export interface Tolerance {
  /** EFLAGS bits to ignore. */
  readonly flagsUndefined: number;
  /** ST(0) and ST(1) may be a unit in the last place apart. */
  readonly approximate: boolean;
  /** A page fault may be at another address of the same page, with part of the memory written. */
  readonly several: boolean;
}

export function statesDiffer(ours: Output, theirs: Output, mode: 32 | 64, tolerance: Tolerance): string[] {
  const { flagsUndefined, approximate } = tolerance, several = tolerance.several && theirs.vector === Vector.PF;
  const out: string[] = [], vector = theirs.vector;
  const check: Check = (what, a, b) => {
    if (a !== b) out.push(`${what}: ours ${hex(a)}, processor ${hex(b)}`);
  };
  check('vector', ours.vector, vector);
  if (ours.vector !== vector) return out;
  check('rip', ours.rip, theirs.rip);
  if (vector === Vector.PF) {
    const page = several ? ~0xfffn : ~0n;
    check('cr2', ours.cr2 & page, theirs.cr2 & page);
    // above 4 GiB the host has pages, ours has none
    const mask = theirs.cr2 >> 32n ? ~PRESENT : ~0;
    check('error code', ours.error & mask, theirs.error & mask);
  } else if (vector !== Vector.BP) check('error code', ours.error, theirs.error);
  const mask = RFLAGS & ~(vector === Vector.BP ? flagsUndefined : 0);
  check('rflags', ours.rflags & mask, theirs.rflags & mask);
  const registers = mode === 64 ? 16 : 8, width = mode === 64 ? 64 : 32;
  for (let n = 0; n < registers; n++) check(REGISTERS[n]!, BigInt.asUintN(width, ours.gpr(n)), BigInt.asUintN(width, theirs.gpr(n)));
  check('fs base', ours.fsBase, theirs.fsBase);
  check('gs base', ours.gsBase, theirs.gsBase);
  compareFx(ours, theirs, mode, approximate, check);
  if (!several) compareData(ours.data, theirs.data, check);
  return out;
}

/** The first byte that differs. */
function compareData(ours: Uint8Array, theirs: Uint8Array, check: Check): void {
  for (let i = 0; i < DATA_BYTES; i++) if (ours[i] !== theirs[i]) return check(`memory +${i}`, ours[i]!, theirs[i]!);
}

function compareFx(ours: Output, theirs: Output, mode: 32 | 64, approximate: boolean, check: Check): void {
  const a = new DataView(ours.fx.buffer, ours.fx.byteOffset), b = new DataView(theirs.fx.buffer, theirs.fx.byteOffset);
  check('fcw', a.getUint16(Fx.FCW, true), b.getUint16(Fx.FCW, true));
  const fsw = b.getUint16(Fx.FSW, true), fswMask = approximate && fsw & PE ? ~C1 : ~0;
  check('fsw', a.getUint16(Fx.FSW, true) & fswMask, fsw & fswMask);
  check('ftw', a.getUint8(Fx.FTW), b.getUint8(Fx.FTW));
  check('mxcsr', a.getUint32(Fx.MXCSR, true), b.getUint32(Fx.MXCSR, true));
  for (let i = 0; i < 8; i++) {
    const at = Fx.ST + 16 * i;
    if (approximate && i < 2 && near(a, b, at)) continue;
    check(`st${i}`, a.getBigUint64(at, true), b.getBigUint64(at, true));
    check(`st${i} exponent`, a.getUint16(at + 8, true), b.getUint16(at + 8, true));
  }
  const count = mode === 64 ? 16 : 8;
  for (let i = 0; i < count; i++) for (const half of [0, 8]) {
    check(`xmm${i}${half ? ' high' : ''}`, a.getBigUint64(Fx.XMM + 16 * i + half, true), b.getBigUint64(Fx.XMM + 16 * i + half, true));
  }
}

/** Whether two extended reals are neighbours or equal. */
function near(a: DataView, b: DataView, at: number): boolean {
  const difference = ordered(a, at) - ordered(b, at);
  return difference >= -1n && difference <= 1n;
}

/** Counts units in the last place from zero. */
function ordered(view: DataView, at: number): bigint {
  const se = view.getUint16(at + 8, true);
  const magnitude = BigInt(se & 0x7fff) << 63n | view.getBigUint64(at, true) & 0x7fff_ffff_ffff_ffffn;
  return se & 0x8000 ? -magnitude : magnitude;
}
