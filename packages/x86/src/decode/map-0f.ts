/**
 * The general-purpose and system half of opcode map 0F, SDM Vol. 2 table A-3, one row a cell.
 *
 * Its groups are in `groups.ts`, MMX and SSE in `map-0f-sse.ts`. Not modelled: VMX, SMX, AMD's 3DNow! and SVM, 0F A6/A7 of other vendors.
 */
import { emitImul } from '../emit/arith.ts';
import { emitCmpxchg, emitXadd } from '../emit/atomic.ts';
import { emitBsf, emitBsr, emitBt, emitBtc, emitBtr, emitBts, emitLzcnt, emitPopcnt, emitTzcnt } from '../emit/bit.ts';
import { emitJcc, emitUd } from '../emit/control.ts';
import { emitSyscall, emitSysenter, emitSysexit, emitSysret } from '../emit/fast-calls.ts';
import { emitBswap, emitCmov, emitMov, emitMovsx, emitMovzx, emitSetcc } from '../emit/move.ts';
import { emitLar, emitLfs, emitLgs, emitLsl, emitLss } from '../emit/segment.ts';
import { emitShld, emitShrd } from '../emit/shift.ts';
import { emitPopSeg, emitPushSeg } from '../emit/stack.ts';
import {
  emitClts, emitCpuid, emitInvd, emitMovFromCr, emitMovFromDr, emitMovToCr, emitMovToDr, emitRdmsr, emitRdpmc, emitRdtsc, emitWbinvd, emitWrmsr,
} from '../emit/system.ts';
import { Cd, CL, Dd, Eb, Ev, Ew, FS, Gb, GS, Gv, Gy, Ib, Jz, Mp, My, Rm, Zv } from './operands.ts';
import { OpMap, rowIn, type Row } from './row.ts';

const row = rowIn(OpMap.M0F);

const bsf = row(0xbc, 'BSF', [Gv, Ev], emitBsf, { flags: 'w:z u:oscpa' });
const bsr = row(0xbd, 'BSR', [Gv, Ev], emitBsr, { flags: 'w:z u:oscpa' });

export const MAP_0F: readonly Row[] = [
  row(0x02, 'LAR', [Gv, Ew], emitLar, { protectedMode: true, flags: 'w:z' }),
  row(0x03, 'LSL', [Gv, Ew], emitLsl, { protectedMode: true, flags: 'w:z' }),
  // Intel: #UD outside 64-bit mode; the translator checks, since AMD allows compatibility mode.
  row(0x05, 'SYSCALL', [], emitSyscall, { feature: 'syscall' }),
  row(0x06, 'CLTS', [], emitClts, { cpl0: true }),
  row(0x07, 'SYSRET/SYSRET/SYSRETQ', [], emitSysret, { feature: 'syscall', cpl0: true }),
  row(0x08, 'INVD', [], emitInvd, { cpl0: true }),
  // F3 makes it WBNOINVD on newer processors; on ours F3 is ignored.
  row(0x09, 'WBINVD', [], emitWbinvd, { cpl0: true }),
  row(0x0b, 'UD2', [], emitUd),
  row(0x20, 'MOV', [Rm, Cd], emitMovFromCr, { modIgnored: true, cpl0: true, flags: 'u:oszapc' }),
  row(0x21, 'MOV', [Rm, Dd], emitMovFromDr, { modIgnored: true, cpl0: true, flags: 'u:oszapc' }),
  row(0x22, 'MOV', [Cd, Rm], emitMovToCr, { modIgnored: true, cpl0: true, flags: 'u:oszapc' }),
  row(0x23, 'MOV', [Dd, Rm], emitMovToDr, { modIgnored: true, cpl0: true, flags: 'u:oszapc' }),

  row(0x30, 'WRMSR', [], emitWrmsr, { feature: 'msr', cpl0: true }),
  // CR4.TSD and CR4.PCE decide at run time who may read the counters.
  row(0x31, 'RDTSC', [], emitRdtsc, { feature: 'tsc' }),
  row(0x32, 'RDMSR', [], emitRdmsr, { feature: 'msr', cpl0: true }),
  row(0x33, 'RDPMC', [], emitRdpmc),
  row(0x34, 'SYSENTER', [], emitSysenter, { feature: 'sep', protectedMode: true, flags: 'w:i' }),
  row(0x35, 'SYSEXIT/SYSEXIT/SYSEXITQ', [], emitSysexit, { feature: 'sep', protectedMode: true, cpl0: true }),

  row(0x40, 'CMOVO', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:o' }),
  row(0x41, 'CMOVNO', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:o' }),
  row(0x42, 'CMOVB', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:c' }),
  row(0x43, 'CMOVAE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:c' }),
  row(0x44, 'CMOVE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:z' }),
  row(0x45, 'CMOVNE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:z' }),
  row(0x46, 'CMOVBE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:cz' }),
  row(0x47, 'CMOVA', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:cz' }),
  row(0x48, 'CMOVS', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:s' }),
  row(0x49, 'CMOVNS', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:s' }),
  row(0x4a, 'CMOVP', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:p' }),
  row(0x4b, 'CMOVNP', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:p' }),
  row(0x4c, 'CMOVL', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:so' }),
  row(0x4d, 'CMOVGE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:so' }),
  row(0x4e, 'CMOVLE', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:szo' }),
  row(0x4f, 'CMOVG', [Gv, Ev], emitCmov, { feature: 'cmov', flags: 'r:szo' }),

  row(0x80, 'JO', [Jz], emitJcc, { f64: true, flags: 'r:o' }),
  row(0x81, 'JNO', [Jz], emitJcc, { f64: true, flags: 'r:o' }),
  row(0x82, 'JB', [Jz], emitJcc, { f64: true, flags: 'r:c' }),
  row(0x83, 'JAE', [Jz], emitJcc, { f64: true, flags: 'r:c' }),
  row(0x84, 'JE', [Jz], emitJcc, { f64: true, flags: 'r:z' }),
  row(0x85, 'JNE', [Jz], emitJcc, { f64: true, flags: 'r:z' }),
  row(0x86, 'JBE', [Jz], emitJcc, { f64: true, flags: 'r:cz' }),
  row(0x87, 'JA', [Jz], emitJcc, { f64: true, flags: 'r:cz' }),
  row(0x88, 'JS', [Jz], emitJcc, { f64: true, flags: 'r:s' }),
  row(0x89, 'JNS', [Jz], emitJcc, { f64: true, flags: 'r:s' }),
  row(0x8a, 'JP', [Jz], emitJcc, { f64: true, flags: 'r:p' }),
  row(0x8b, 'JNP', [Jz], emitJcc, { f64: true, flags: 'r:p' }),
  row(0x8c, 'JL', [Jz], emitJcc, { f64: true, flags: 'r:so' }),
  row(0x8d, 'JGE', [Jz], emitJcc, { f64: true, flags: 'r:so' }),
  row(0x8e, 'JLE', [Jz], emitJcc, { f64: true, flags: 'r:szo' }),
  row(0x8f, 'JG', [Jz], emitJcc, { f64: true, flags: 'r:szo' }),

  // ModR/M reg is ignored.
  row(0x90, 'SETO', [Eb], emitSetcc, { flags: 'r:o' }),
  row(0x91, 'SETNO', [Eb], emitSetcc, { flags: 'r:o' }),
  row(0x92, 'SETB', [Eb], emitSetcc, { flags: 'r:c' }),
  row(0x93, 'SETAE', [Eb], emitSetcc, { flags: 'r:c' }),
  row(0x94, 'SETE', [Eb], emitSetcc, { flags: 'r:z' }),
  row(0x95, 'SETNE', [Eb], emitSetcc, { flags: 'r:z' }),
  row(0x96, 'SETBE', [Eb], emitSetcc, { flags: 'r:cz' }),
  row(0x97, 'SETA', [Eb], emitSetcc, { flags: 'r:cz' }),
  row(0x98, 'SETS', [Eb], emitSetcc, { flags: 'r:s' }),
  row(0x99, 'SETNS', [Eb], emitSetcc, { flags: 'r:s' }),
  row(0x9a, 'SETP', [Eb], emitSetcc, { flags: 'r:p' }),
  row(0x9b, 'SETNP', [Eb], emitSetcc, { flags: 'r:p' }),
  row(0x9c, 'SETL', [Eb], emitSetcc, { flags: 'r:so' }),
  row(0x9d, 'SETGE', [Eb], emitSetcc, { flags: 'r:so' }),
  row(0x9e, 'SETLE', [Eb], emitSetcc, { flags: 'r:szo' }),
  row(0x9f, 'SETG', [Eb], emitSetcc, { flags: 'r:szo' }),

  row(0xa0, 'PUSH', [FS], emitPushSeg, { d64: true }),
  row(0xa1, 'POP', [FS], emitPopSeg, { d64: true }),
  row(0xa2, 'CPUID', [], emitCpuid),
  row(0xa3, 'BT', [Ev, Gv], emitBt, { flags: 'w:c u:osap' }),
  row(0xa4, 'SHLD', [Ev, Gv, Ib], emitShld, { flags: 'w:szpc u:oa' }),
  row(0xa5, 'SHLD', [Ev, Gv, CL], emitShld, { flags: 'w:szpc u:oa' }),
  row(0xa8, 'PUSH', [GS], emitPushSeg, { d64: true }),
  row(0xa9, 'POP', [GS], emitPopSeg, { d64: true }),
  // System management mode is not modelled, and outside it RSM is #UD.
  row(0xaa, 'RSM', [], emitUd),
  row(0xab, 'BTS', [Ev, Gv], emitBts, { lock: true, flags: 'w:c u:osap' }),
  row(0xac, 'SHRD', [Ev, Gv, Ib], emitShrd, { flags: 'w:szpc u:oa' }),
  row(0xad, 'SHRD', [Ev, Gv, CL], emitShrd, { flags: 'w:szpc u:oa' }),
  row(0xaf, 'IMUL', [Gv, Ev], emitImul, { flags: 'w:oc u:szap' }),

  row(0xb0, 'CMPXCHG', [Eb, Gb], emitCmpxchg, { lock: true, flags: 'w:oszapc' }),
  row(0xb1, 'CMPXCHG', [Ev, Gv], emitCmpxchg, { lock: true, flags: 'w:oszapc' }),
  row(0xb2, 'LSS', [Gv, Mp], emitLss),
  row(0xb3, 'BTR', [Ev, Gv], emitBtr, { lock: true, flags: 'w:c u:osap' }),
  row(0xb4, 'LFS', [Gv, Mp], emitLfs),
  row(0xb5, 'LGS', [Gv, Mp], emitLgs),
  row(0xb6, 'MOVZX', [Gv, Eb], emitMovzx),
  row(0xb7, 'MOVZX', [Gv, Ew], emitMovzx),
  row(0xb8, 'POPCNT', [Gv, Ev], emitPopcnt, { prefix: 'F3', feature: 'popcnt', flags: 'w:oszapc' }),
  row(0xb9, 'UD1', [Gv, Ev], emitUd),
  row(0xbb, 'BTC', [Ev, Gv], emitBtc, { lock: true, flags: 'w:c u:osap' }),
  bsf,
  bsr,
  row(0xbc, 'TZCNT', [Gv, Ev], emitTzcnt, { prefix: 'F3', feature: 'bmi1', fallback: bsf, flags: 'w:zc u:ospa' }),
  row(0xbd, 'LZCNT', [Gv, Ev], emitLzcnt, { prefix: 'F3', feature: 'lzcnt', fallback: bsr, flags: 'w:zc u:ospa' }),
  row(0xbe, 'MOVSX', [Gv, Eb], emitMovsx),
  row(0xbf, 'MOVSX', [Gv, Ew], emitMovsx),

  row(0xc0, 'XADD', [Eb, Gb], emitXadd, { lock: true, flags: 'w:oszapc' }),
  row(0xc1, 'XADD', [Ev, Gv], emitXadd, { lock: true, flags: 'w:oszapc' }),
  row(0xc3, 'MOVNTI', [My, Gy], emitMov, { prefix: 'NP', feature: 'sse2' }),
  // With operand size 16 the result is undefined (processors give 0).
  row(0xc8, 'BSWAP', [Zv], emitBswap),
  row(0xc9, 'BSWAP', [Zv], emitBswap),
  row(0xca, 'BSWAP', [Zv], emitBswap),
  row(0xcb, 'BSWAP', [Zv], emitBswap),
  row(0xcc, 'BSWAP', [Zv], emitBswap),
  row(0xcd, 'BSWAP', [Zv], emitBswap),
  row(0xce, 'BSWAP', [Zv], emitBswap),
  row(0xcf, 'BSWAP', [Zv], emitBswap),
  row(0xff, 'UD0', [Gv, Ev], emitUd),
];
