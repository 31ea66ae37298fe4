/**
 * Opcode map 0F 3A, SDM Vol. 2 table A-5: SSSE3 and SSE4 with an immediate, PCLMULQDQ, SHA, AES-NI. One row a cell and mandatory prefix.
 *
 * Not modelled: GFNI, HRESET.
 */
import { emitAeskeygenassist, emitPclmulqdq, emitSha } from '../emit/crypto.ts';
import { emitMpsadbw, emitPalignr, emitPblendw, emitPcmpstr, emitPextr, emitPextrDq, emitPinsr, emitPinsrDq } from '../emit/mmx-sse-int.ts';
import { emitDp, emitRound } from '../emit/sse-float.ts';
import { emitBlend, emitExtractps, emitInsertps } from '../emit/sse-move.ts';
import { Ed, Ey, Ib, Pq, Qq, RdMb, RdMw, UdqMd, Vdq, Vpd, Vps, Vsd, Vss, Vx, Wdq, Wpd, Wps, Wsd, Wss, Wx } from './operands.ts';
import { OpMap, rowIn, type Row } from './row.ts';

const row = rowIn(OpMap.M0F3A);

export const MAP_0F3A: readonly Row[] = [
  row(0x08, 'ROUNDPS', [Vps, Wps, Ib], emitRound('ps'), { prefix: '66', feature: 'sse4_1' }),
  row(0x09, 'ROUNDPD', [Vpd, Wpd, Ib], emitRound('pd'), { prefix: '66', feature: 'sse4_1' }),
  row(0x0a, 'ROUNDSS', [Vss, Wss, Ib], emitRound('ss'), { prefix: '66', feature: 'sse4_1' }),
  row(0x0b, 'ROUNDSD', [Vsd, Wsd, Ib], emitRound('sd'), { prefix: '66', feature: 'sse4_1' }),
  row(0x0c, 'BLENDPS', [Vps, Wps, Ib], emitBlend('ps'), { prefix: '66', feature: 'sse4_1' }),
  row(0x0d, 'BLENDPD', [Vpd, Wpd, Ib], emitBlend('pd'), { prefix: '66', feature: 'sse4_1' }),
  row(0x0e, 'PBLENDW', [Vdq, Wdq, Ib], emitPblendw, { prefix: '66', feature: 'sse4_1' }),
  row(0x0f, 'PALIGNR', [Pq, Qq, Ib], emitPalignr, { prefix: 'NP', feature: 'ssse3' }),
  row(0x0f, 'PALIGNR', [Vx, Wx, Ib], emitPalignr, { prefix: '66', feature: 'ssse3' }),
  row(0x14, 'PEXTRB', [RdMb, Vdq, Ib], emitPextr(8), { prefix: '66', feature: 'sse4_1' }),
  row(0x15, 'PEXTRW', [RdMw, Vdq, Ib], emitPextr(16), { prefix: '66', feature: 'sse4_1' }),
  row(0x16, 'PEXTRD/PEXTRD/PEXTRQ', [Ey, Vdq, Ib], emitPextrDq, { prefix: '66', feature: 'sse4_1' }),
  row(0x17, 'EXTRACTPS', [Ed, Vdq, Ib], emitExtractps, { prefix: '66', feature: 'sse4_1' }),
  row(0x20, 'PINSRB', [Vdq, RdMb, Ib], emitPinsr(8), { prefix: '66', feature: 'sse4_1' }),
  row(0x21, 'INSERTPS', [Vdq, UdqMd, Ib], emitInsertps, { prefix: '66', feature: 'sse4_1' }),
  row(0x22, 'PINSRD/PINSRD/PINSRQ', [Vdq, Ey, Ib], emitPinsrDq, { prefix: '66', feature: 'sse4_1' }),
  row(0x40, 'DPPS', [Vps, Wps, Ib], emitDp('ps'), { prefix: '66', feature: 'sse4_1' }),
  row(0x41, 'DPPD', [Vpd, Wpd, Ib], emitDp('pd'), { prefix: '66', feature: 'sse4_1' }),
  row(0x42, 'MPSADBW', [Vx, Wx, Ib], emitMpsadbw, { prefix: '66', feature: 'sse4_1' }),
  row(0x44, 'PCLMULQDQ', [Vdq, Wdq, Ib], emitPclmulqdq, { prefix: '66', feature: 'pclmulqdq' }),
  row(0x60, 'PCMPESTRM/PCMPESTRM/PCMPESTRM64', [Vdq, Wdq, Ib], emitPcmpstr('explicit', 'mask'), {
    prefix: '66', feature: 'sse4_2', unaligned: true, flags: 'w:oszapc',
  }),
  row(0x61, 'PCMPESTRI/PCMPESTRI/PCMPESTRI64', [Vdq, Wdq, Ib], emitPcmpstr('explicit', 'index'), {
    prefix: '66', feature: 'sse4_2', unaligned: true, flags: 'w:oszapc',
  }),
  row(0x62, 'PCMPISTRM', [Vdq, Wdq, Ib], emitPcmpstr('implicit', 'mask'), { prefix: '66', feature: 'sse4_2', unaligned: true, flags: 'w:oszapc' }),
  row(0x63, 'PCMPISTRI', [Vdq, Wdq, Ib], emitPcmpstr('implicit', 'index'), { prefix: '66', feature: 'sse4_2', unaligned: true, flags: 'w:oszapc' }),
  row(0xcc, 'SHA1RNDS4', [Vdq, Wdq, Ib], emitSha('sha1rnds4'), { prefix: 'NP', feature: 'sha' }),
  row(0xdf, 'AESKEYGENASSIST', [Vdq, Wdq, Ib], emitAeskeygenassist, { prefix: '66', feature: 'aes' }),
];
