/**
 * The opcode groups of map 0F, SDM Vol. 2 table A-6: groups 6 to 9 and 12 to 16, group P, and the hint NOPs. One row a member.
 *
 * Groups 1 to 5 and 11 are in `map-1.ts`, 17 is empty, 10 is UD1 in `map-0f.ts`. Not modelled, so #UD: VMX, SVM, SGX, TSX, PKU, PTWRITE,
 * user-level MONITOR/MWAIT, PCONFIG; shadow stacks are #UD or NOP as on a processor without CET.
 */
import { emitCmpxchg8b } from '../emit/atomic.ts';
import { emitBt, emitBtc, emitBtr, emitBts } from '../emit/bit.ts';
import { emitPslldq, emitPsrldq, emitVec } from '../emit/mmx-sse-int.ts';
import { emitNop } from '../emit/move.ts';
import {
  emitLgdt, emitLidt, emitLldt, emitLtr, emitRdfsbase, emitRdgsbase, emitSgdt, emitSidt, emitSldt, emitStr, emitSwapgs, emitVerr, emitVerw,
  emitWrfsbase, emitWrgsbase,
} from '../emit/segment.ts';
import {
  emitClac, emitClflush, emitFence, emitInvlpg, emitLmsw, emitMonitor, emitMwait, emitRdpid, emitRdrand, emitRdseed, emitRdtscp, emitSmsw, emitStac,
} from '../emit/system.ts';
import {
  emitFxrstor, emitFxsave, emitLdmxcsr, emitStmxcsr, emitXgetbv, emitXrstor, emitXrstors, emitXsave, emitXsavec, emitXsaveopt, emitXsaves,
  emitXsetbv,
} from '../emit/xsave.ts';
import { Ev, Ew, Ib, M, Mb, Md, Mfx, MqMdq, Ms, Nq, Rm, Rv, RvMw, Ry, Udq } from './operands.ts';
import { OpMap, rowIn, type Row } from './row.ts';

const row = rowIn(OpMap.M0F);

export const GROUPS: readonly Row[] = [
  // Group 6.
  row(0x00, 'SLDT', [RvMw], emitSldt, { group: '/0', protectedMode: true }),
  row(0x00, 'STR', [RvMw], emitStr, { group: '/1', protectedMode: true }),
  row(0x00, 'LLDT', [Ew], emitLldt, { group: '/2', protectedMode: true, cpl0: true }),
  row(0x00, 'LTR', [Ew], emitLtr, { group: '/3', protectedMode: true, cpl0: true }),
  row(0x00, 'VERR', [Ew], emitVerr, { group: '/4', protectedMode: true, flags: 'w:z' }),
  row(0x00, 'VERW', [Ew], emitVerw, { group: '/5', protectedMode: true, flags: 'w:z' }),

  // Group 7. CLAC, STAC, MONITOR and MWAIT are #UD rather than #GP beyond CPL 0; their emitters say so.
  row(0x01, 'SGDT', [Ms], emitSgdt, { group: '/0' }),
  row(0x01, 'SIDT', [Ms], emitSidt, { group: '/1' }),
  row(0x01, 'MONITOR', [], emitMonitor, { group: '/1', mod: 'reg', rm: 0, prefix: 'NP', feature: 'monitor' }),
  row(0x01, 'MWAIT', [], emitMwait, { group: '/1', mod: 'reg', rm: 1, prefix: 'NP', feature: 'monitor' }),
  row(0x01, 'CLAC', [], emitClac, { group: '/1', mod: 'reg', rm: 2, prefix: 'NP', feature: 'smap' }),
  row(0x01, 'STAC', [], emitStac, { group: '/1', mod: 'reg', rm: 3, prefix: 'NP', feature: 'smap' }),
  row(0x01, 'LGDT', [Ms], emitLgdt, { group: '/2', cpl0: true }),
  row(0x01, 'XGETBV', [], emitXgetbv, { group: '/2', mod: 'reg', rm: 0, prefix: 'NP', feature: 'xsave' }),
  row(0x01, 'XSETBV', [], emitXsetbv, { group: '/2', mod: 'reg', rm: 1, prefix: 'NP', feature: 'xsave', cpl0: true }),
  row(0x01, 'LIDT', [Ms], emitLidt, { group: '/3', cpl0: true }),
  row(0x01, 'SMSW', [RvMw], emitSmsw, { group: '/4' }),
  row(0x01, 'LMSW', [Ew], emitLmsw, { group: '/6', cpl0: true }),
  row(0x01, 'INVLPG', [M], emitInvlpg, { group: '/7', cpl0: true }),
  row(0x01, 'SWAPGS', [], emitSwapgs, { group: '/7', mod: 'reg', rm: 0, only64: true, cpl0: true }),
  row(0x01, 'RDTSCP', [], emitRdtscp, { group: '/7', mod: 'reg', rm: 1, feature: 'rdtscp' }),

  // Group 8.
  row(0xba, 'BT', [Ev, Ib], emitBt, { group: '/4', flags: 'w:c u:osap' }),
  row(0xba, 'BTS', [Ev, Ib], emitBts, { group: '/5', lock: true, flags: 'w:c u:osap' }),
  row(0xba, 'BTR', [Ev, Ib], emitBtr, { group: '/6', lock: true, flags: 'w:c u:osap' }),
  row(0xba, 'BTC', [Ev, Ib], emitBtc, { group: '/7', lock: true, flags: 'w:c u:osap' }),

  // Group 9.
  row(0xc7, 'CMPXCHG8B/CMPXCHG8B/CMPXCHG16B', [MqMdq], emitCmpxchg8b, { group: '/1', lock: true, feature: 'cx8', flags: 'w:z' }),
  row(0xc7, 'XRSTORS/XRSTORS/XRSTORS64', [M], emitXrstors, { group: '/3', prefix: 'NP', feature: 'xsaves', cpl0: true, align: 64 }),
  row(0xc7, 'XSAVEC/XSAVEC/XSAVEC64', [M], emitXsavec, { group: '/4', prefix: 'NP', feature: 'xsavec', align: 64 }),
  row(0xc7, 'XSAVES/XSAVES/XSAVES64', [M], emitXsaves, { group: '/5', prefix: 'NP', feature: 'xsaves', cpl0: true, align: 64 }),
  row(0xc7, 'RDRAND', [Rv], emitRdrand, { group: '/6', prefix: 'NFx', feature: 'rdrand', flags: 'w:oszapc' }),
  row(0xc7, 'RDSEED', [Rv], emitRdseed, { group: '/7', prefix: 'NFx', feature: 'rdseed', flags: 'w:oszapc' }),
  row(0xc7, 'RDPID', [Rm], emitRdpid, { group: '/7', prefix: 'F3', feature: 'rdpid' }),

  // Groups 12, 13, 14: vector shifts by an immediate.
  row(0x71, 'PSRLW', [Nq, Ib], emitVec('shr', 16), { group: '/2', prefix: 'NP', feature: 'mmx' }),
  row(0x71, 'PSRLW', [Udq, Ib], emitVec('shr', 16), { group: '/2', prefix: '66', feature: 'sse2' }),
  row(0x71, 'PSRAW', [Nq, Ib], emitVec('sar', 16), { group: '/4', prefix: 'NP', feature: 'mmx' }),
  row(0x71, 'PSRAW', [Udq, Ib], emitVec('sar', 16), { group: '/4', prefix: '66', feature: 'sse2' }),
  row(0x71, 'PSLLW', [Nq, Ib], emitVec('shl', 16), { group: '/6', prefix: 'NP', feature: 'mmx' }),
  row(0x71, 'PSLLW', [Udq, Ib], emitVec('shl', 16), { group: '/6', prefix: '66', feature: 'sse2' }),
  row(0x72, 'PSRLD', [Nq, Ib], emitVec('shr', 32), { group: '/2', prefix: 'NP', feature: 'mmx' }),
  row(0x72, 'PSRLD', [Udq, Ib], emitVec('shr', 32), { group: '/2', prefix: '66', feature: 'sse2' }),
  row(0x72, 'PSRAD', [Nq, Ib], emitVec('sar', 32), { group: '/4', prefix: 'NP', feature: 'mmx' }),
  row(0x72, 'PSRAD', [Udq, Ib], emitVec('sar', 32), { group: '/4', prefix: '66', feature: 'sse2' }),
  row(0x72, 'PSLLD', [Nq, Ib], emitVec('shl', 32), { group: '/6', prefix: 'NP', feature: 'mmx' }),
  row(0x72, 'PSLLD', [Udq, Ib], emitVec('shl', 32), { group: '/6', prefix: '66', feature: 'sse2' }),
  row(0x73, 'PSRLQ', [Nq, Ib], emitVec('shr', 64), { group: '/2', prefix: 'NP', feature: 'mmx' }),
  row(0x73, 'PSRLQ', [Udq, Ib], emitVec('shr', 64), { group: '/2', prefix: '66', feature: 'sse2' }),
  row(0x73, 'PSLLQ', [Nq, Ib], emitVec('shl', 64), { group: '/6', prefix: 'NP', feature: 'mmx' }),
  row(0x73, 'PSLLQ', [Udq, Ib], emitVec('shl', 64), { group: '/6', prefix: '66', feature: 'sse2' }),
  row(0x73, 'PSRLDQ', [Udq, Ib], emitPsrldq, { group: '/3', prefix: '66', feature: 'sse2' }),
  row(0x73, 'PSLLDQ', [Udq, Ib], emitPslldq, { group: '/7', prefix: '66', feature: 'sse2' }),

  // Group 15. The fences take any rm.
  row(0xae, 'FXSAVE/FXSAVE/FXSAVE64', [Mfx], emitFxsave, { group: '/0', prefix: 'NP', feature: 'fxsr', align: 16 }),
  row(0xae, 'FXRSTOR/FXRSTOR/FXRSTOR64', [Mfx], emitFxrstor, { group: '/1', prefix: 'NP', feature: 'fxsr', align: 16 }),
  row(0xae, 'LDMXCSR', [Md], emitLdmxcsr, { group: '/2', prefix: 'NP', feature: 'sse' }),
  row(0xae, 'STMXCSR', [Md], emitStmxcsr, { group: '/3', prefix: 'NP', feature: 'sse' }),
  row(0xae, 'XSAVE/XSAVE/XSAVE64', [M], emitXsave, { group: '/4', prefix: 'NP', feature: 'xsave', align: 64 }),
  row(0xae, 'XRSTOR/XRSTOR/XRSTOR64', [M], emitXrstor, { group: '/5', prefix: 'NP', feature: 'xsave', align: 64 }),
  row(0xae, 'XSAVEOPT/XSAVEOPT/XSAVEOPT64', [M], emitXsaveopt, { group: '/6', prefix: 'NP', feature: 'xsaveopt', align: 64 }),
  row(0xae, 'CLWB', [Mb], emitClflush, { group: '/6', prefix: '66', feature: 'clwb' }),
  row(0xae, 'CLFLUSH', [Mb], emitClflush, { group: '/7', prefix: 'NP', feature: 'clflush' }),
  row(0xae, 'CLFLUSHOPT', [Mb], emitClflush, { group: '/7', prefix: '66', feature: 'clflushopt' }),
  row(0xae, 'LFENCE', [], emitFence, { group: '/5', mod: 'reg', prefix: 'NP', feature: 'sse2' }),
  row(0xae, 'MFENCE', [], emitFence, { group: '/6', mod: 'reg', prefix: 'NP', feature: 'sse2' }),
  row(0xae, 'SFENCE', [], emitFence, { group: '/7', mod: 'reg', prefix: 'NP', feature: 'sse' }),
  row(0xae, 'RDFSBASE', [Ry], emitRdfsbase, { group: '/0', prefix: 'F3', only64: true, feature: 'fsgsbase' }),
  row(0xae, 'RDGSBASE', [Ry], emitRdgsbase, { group: '/1', prefix: 'F3', only64: true, feature: 'fsgsbase' }),
  row(0xae, 'WRFSBASE', [Ry], emitWrfsbase, { group: '/2', prefix: 'F3', only64: true, feature: 'fsgsbase' }),
  row(0xae, 'WRGSBASE', [Ry], emitWrgsbase, { group: '/3', prefix: 'F3', only64: true, feature: 'fsgsbase' }),

  // Group P, 0F 0D, and group 16, 0F 18: hints. What is no prefetch is a NOP; nothing is ever accessed.
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/0' }),
  row(0x0d, 'PREFETCHW', [M], emitNop, { group: '/1' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/1', mod: 'reg' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/2' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/3' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/4' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/5' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/6' }),
  row(0x0d, 'NOP', [Ev], emitNop, { group: '/7' }),
  row(0x18, 'PREFETCHNTA', [M], emitNop, { group: '/0' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/0', mod: 'reg' }),
  row(0x18, 'PREFETCHT0', [M], emitNop, { group: '/1' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/1', mod: 'reg' }),
  row(0x18, 'PREFETCHT1', [M], emitNop, { group: '/2' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/2', mod: 'reg' }),
  row(0x18, 'PREFETCHT2', [M], emitNop, { group: '/3' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/3', mod: 'reg' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/4' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/5' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/6' }),
  row(0x18, 'NOP', [Ev], emitNop, { group: '/7' }),

  // 0F 19 to 0F 1F: NOPs of any length. MPX (1A, 1B), CLDEMOTE (1C) and shadow stacks (1E) are NOPs on a processor without them.
  row(0x19, 'NOP', [Ev], emitNop),
  row(0x1a, 'NOP', [Ev], emitNop),
  row(0x1b, 'NOP', [Ev], emitNop),
  row(0x1c, 'NOP', [Ev], emitNop),
  row(0x1d, 'NOP', [Ev], emitNop),
  row(0x1e, 'NOP', [Ev], emitNop),
  row(0x1e, 'ENDBR64', [], emitNop, { group: '/7', mod: 'reg', rm: 2, prefix: 'F3' }),
  row(0x1e, 'ENDBR32', [], emitNop, { group: '/7', mod: 'reg', rm: 3, prefix: 'F3' }),
  row(0x1f, 'NOP', [Ev], emitNop),
];
