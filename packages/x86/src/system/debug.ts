/** Debug registers. Intel SDM Vol. 3, 17.2. Code breakpoints are checked by the translator, data breakpoints by SoftMMU's watchpoints. */
import type { X86Cpu } from '../cpu.ts';
import { HF } from '../hflags.ts';
import { CR4, ST, Vector } from '../state.ts';

export const DR6_FIXED = 0xffff0ff0 | 0;
export const DR7_FIXED = 0x400;
export const DR6 = { BD: 1 << 13, BS: 1 << 14, BT: 1 << 15 } as const;
export const DR7_GD = 1 << 13;

const index = (cpu: X86Cpu, n: number) => (cpu.env + ST.dr + 8 * n) >>> 2;

/** DR4 and DR5 are DR6 and DR7 unless CR4.DE makes them #UD. A set DR7.GD traps any access. */
function check(cpu: X86Cpu, n: number): number {
  if ((n === 4 || n === 5) && cpu.s.cr4 & CR4.DE) cpu.raise(Vector.UD);
  const i32 = cpu.arena.i32;
  if (i32[index(cpu, 7)]! & DR7_GD) {
    i32[index(cpu, 6)]! |= DR6.BD;
    i32[index(cpu, 7)]! &= ~DR7_GD;
    cpu.raise(Vector.DB);
  }
  return n === 4 || n === 5 ? n + 2 : n;
}

export function readDr(cpu: X86Cpu, n: number, out: { lo: number; hi: number }): void {
  const at = index(cpu, check(cpu, n));
  out.lo = cpu.arena.i32[at]!;
  out.hi = cpu.arena.i32[at + 1]!;
}

export function writeDr(cpu: X86Cpu, n: number, lo: number, hi: number): void {
  const reg = check(cpu, n), at = index(cpu, reg), i32 = cpu.arena.i32;
  if (reg >= 6 && hi !== 0) cpu.raise(Vector.GP, 0);
  i32[at] = reg === 6 ? lo | DR6_FIXED : reg === 7 ? (lo | DR7_FIXED) & ~0xd000 : lo;
  if (reg === 6) i32[at]! &= ~0x1000;
  i32[at + 1] = hi;
  updateBreakpoints(cpu);
}

/** Kind of breakpoint `n` in DR7: 0 code, 1 write, 2 I/O, 3 read or write; -1 if it is off. */
export const breakpointKind = (dr7: number, n: number): number => ((dr7 >>> (2 * n)) & 3 ? (dr7 >>> (16 + 4 * n)) & 3 : -1);
const LENGTHS = [1, 2, 8, 4] as const;
export const breakpointLength = (dr7: number, n: number): number => LENGTHS[((dr7 >>> (18 + 4 * n)) & 3) as 0 | 1 | 2 | 3];

/** Makes the TB key and SoftMMU's watchpoints follow DR0 to DR3 and DR7. While one is enabled, every instruction is a TB of its own. */
export function updateBreakpoints(cpu: X86Cpu): void {
  const i32 = cpu.arena.i32, dr7 = i32[index(cpu, 7)]!;
  let enabled = false;
  cpu.unwatchAll();
  for (let n = 0; n < 4; n++) {
    const kind = breakpointKind(dr7, n);
    if (kind >= 0) enabled = true;
    // addresses of data breakpoints are aligned to their length by the processor. SDM Vol. 3, 17.2.5
    if (kind === 1 || kind === 3) cpu.watch(n, alignedTo(i32[index(cpu, n)]!, breakpointLength(dr7, n)), i32[index(cpu, n) + 1]!, breakpointLength(dr7, n), kind === 3);
  }
  cpu.s.flags = enabled ? cpu.s.flags | HF.BREAKPOINTS : cpu.s.flags & ~HF.BREAKPOINTS;
}

const alignedTo = (lo: number, length: number): number => lo & -length;

/** Which data breakpoints (bits 0-3) an access of `size` bytes at hi:lo touches. */
export function dataBreakpointsAt(cpu: X86Cpu, lo: number, hi: number, size: number, write: boolean): number {
  const i32 = cpu.arena.i32, dr7 = i32[index(cpu, 7)]!;
  let hits = 0;
  for (let n = 0; n < 4; n++) {
    const kind = breakpointKind(dr7, n), length = breakpointLength(dr7, n);
    if (!(kind === 3 || (kind === 1 && write)) || i32[index(cpu, n) + 1] !== hi) continue;
    const distance = (alignedTo(i32[index(cpu, n)]!, length) - lo) | 0; // from the access to the breakpoint
    if (distance < size && distance > -length) hits |= 1 << n;
  }
  return hits;
}

/** Which I/O breakpoints (bits 0-3) an access of `bytes` at `port` touches; they need CR4.DE. */
export function ioBreakpointsAt(cpu: X86Cpu, port: number, bytes: number): number {
  const i32 = cpu.arena.i32, dr7 = i32[index(cpu, 7)]!;
  if (!(cpu.s.cr4 & CR4.DE)) return 0;
  let hits = 0;
  for (let n = 0; n < 4; n++) {
    const length = breakpointLength(dr7, n), at = alignedTo(i32[index(cpu, n)]!, length);
    if (breakpointKind(dr7, n) === 2 && at < port + bytes && port < at + length) hits |= 1 << n;
  }
  return hits;
}

/** Bits that a task switch clears: L0 to L3, LE. SDM Vol. 3, 17.2.4. */
const LOCAL_ENABLES = 0x155;
export function disableLocalBreakpoints(cpu: X86Cpu): void {
  const i32 = cpu.arena.i32;
  if (!(i32[index(cpu, 7)]! & LOCAL_ENABLES)) return;
  i32[index(cpu, 7)]! &= ~LOCAL_ENABLES;
  updateBreakpoints(cpu);
}

/** Sets the bits of DR6 for a #DB about to be delivered. */
export function setDr6(cpu: X86Cpu, bits: number): void {
  cpu.arena.i32[index(cpu, 6)]! |= bits;
}

/** Which code breakpoints (bits 0-3) are at linear address hi:lo. */
export function codeBreakpointsAt(cpu: X86Cpu, lo: number, hi: number): number {
  const i32 = cpu.arena.i32, dr7 = i32[index(cpu, 7)]!;
  let hits = 0;
  for (let n = 0; n < 4; n++) {
    if (breakpointKind(dr7, n) === 0 && i32[index(cpu, n)] === lo && i32[index(cpu, n) + 1] === hi) hits |= 1 << n;
  }
  return hits;
}
