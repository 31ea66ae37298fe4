/** Compares an end state of our CPU with the processor's: everything the SDM defines. */
import { DATA_BYTES, Fx, type Output } from './step.ts';

/** CF PF AF ZF SF TF IF DF OF IOPL NT AC ID. RF is the kernel's affair in a signal frame. */
const RFLAGS = 0x0024_7fd5;
const PAGE_FAULT = 14;
const REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];

export interface CompareOptions {
  /** EFLAGS bits that the SDM leaves undefined for this form. */
  readonly flagsUndefined: number;
  readonly mode: 32 | 64;
  /** x87 register contents are not compared (MMX leaves their exponents to the model). */
  readonly ignoreX87?: boolean;
}

const hex = (v: bigint | number) => `0x${v.toString(16)}`;

/** The differences in words; none means equal. */
export function differences(ours: Output, theirs: Output, o: CompareOptions): string[] {
  const out: string[] = [];
  const check = (what: string, a: bigint | number, b: bigint | number) => {
    if (a !== b) out.push(`${what}: ours ${hex(a)}, processor ${hex(b)}`);
  };
  check('vector', ours.vector, theirs.vector);
  if (ours.vector !== theirs.vector) return out;
  check('rip', ours.rip, theirs.rip);
  if (theirs.vector !== 3) check('error code', ours.error, theirs.error);
  if (theirs.vector === PAGE_FAULT) check('cr2', ours.cr2, theirs.cr2);
  const mask = RFLAGS & ~(theirs.vector === 3 ? o.flagsUndefined : 0);
  check('rflags', ours.rflags & mask, theirs.rflags & mask);
  const registers = o.mode === 64 ? 16 : 8, width = o.mode === 64 ? 64 : 32;
  for (let n = 0; n < registers; n++) check(REGISTERS[n]!, BigInt.asUintN(width, ours.gpr(n)), BigInt.asUintN(width, theirs.gpr(n)));
  compareFx(ours, theirs, o, check);
  for (let i = 0; i < DATA_BYTES; i++) if (ours.data[i] !== theirs.data[i]) {
    check(`memory +${i}`, ours.data[i]!, theirs.data[i]!);
    break;
  }
  return out;
}

function compareFx(ours: Output, theirs: Output, o: CompareOptions, check: (what: string, a: bigint | number, b: bigint | number) => void): void {
  const a = new DataView(ours.fx.buffer, ours.fx.byteOffset), b = new DataView(theirs.fx.buffer, theirs.fx.byteOffset);
  for (const [name, at] of [['fcw', Fx.FCW], ['fsw', Fx.FSW]] as const) check(name, a.getUint16(at, true), b.getUint16(at, true));
  check('ftw', a.getUint8(Fx.FTW), b.getUint8(Fx.FTW));
  check('mxcsr', a.getUint32(Fx.MXCSR, true), b.getUint32(Fx.MXCSR, true));
  for (let i = 0; i < 8 && !o.ignoreX87; i++) {
    check(`st${i}`, a.getBigUint64(Fx.ST + 16 * i, true), b.getBigUint64(Fx.ST + 16 * i, true));
    check(`st${i} exponent`, a.getUint16(Fx.ST + 16 * i + 8, true), b.getUint16(Fx.ST + 16 * i + 8, true));
  }
  const count = o.mode === 64 ? 16 : 8;
  for (let i = 0; i < count; i++) for (const half of [0, 8]) {
    check(`xmm${i}${half ? ' high' : ''}`, a.getBigUint64(Fx.XMM + 16 * i + half, true), b.getBigUint64(Fx.XMM + 16 * i + half, true));
  }
}
