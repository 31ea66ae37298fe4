/**
 * Opcode map 0F 38, SDM Vol. 2 table A-4: SSSE3, SSE4.1, SSE4.2, INVPCID, SHA, AES-NI, MOVBE, CRC32, ADX. One row a cell and mandatory prefix.
 *
 * Not modelled: VMX's INVEPT and INVVPID, GFNI, Key Locker, shadow stacks, MOVDIRI.
 */
import { emitAdcx, emitAdox, emitCrc32 } from '../emit/arith.ts';
import { emitAes, emitSha } from '../emit/crypto.ts';
import {
  emitPabs, emitPack, emitPblendvb, emitPhminposuw, emitPmaddubsw, emitPmovx, emitPmulhrsw, emitPshufb, emitPtest, emitVec,
} from '../emit/mmx-sse-int.ts';
import { emitMovbe } from '../emit/move.ts';
import { emitBlendv, emitMovVec } from '../emit/sse-move.ts';
import { emitInvpcid } from '../emit/system.ts';
import { Eb, Ev, Ey, Gd, Gm, Gv, Gy, Mdq, Mv, Pq, Qq, Vdq, Vpd, Vps, Vx, Wd, Wdq, Wpd, Wps, Wq, Ww, Wx, XMM0 } from './operands.ts';
import { OpMap, rowIn, type Row } from './row.ts';

const row = rowIn(OpMap.M0F38);

export const MAP_0F38: readonly Row[] = [
  row(0x00, 'PSHUFB', [Pq, Qq], emitPshufb, { prefix: 'NP', feature: 'ssse3' }),
  row(0x00, 'PSHUFB', [Vx, Wx], emitPshufb, { prefix: '66', feature: 'ssse3' }),
  row(0x01, 'PHADDW', [Pq, Qq], emitVec('hadd', 16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x01, 'PHADDW', [Vx, Wx], emitVec('hadd', 16), { prefix: '66', feature: 'ssse3' }),
  row(0x02, 'PHADDD', [Pq, Qq], emitVec('hadd', 32), { prefix: 'NP', feature: 'ssse3' }),
  row(0x02, 'PHADDD', [Vx, Wx], emitVec('hadd', 32), { prefix: '66', feature: 'ssse3' }),
  row(0x03, 'PHADDSW', [Pq, Qq], emitVec('haddsS', 16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x03, 'PHADDSW', [Vx, Wx], emitVec('haddsS', 16), { prefix: '66', feature: 'ssse3' }),
  row(0x04, 'PMADDUBSW', [Pq, Qq], emitPmaddubsw, { prefix: 'NP', feature: 'ssse3' }),
  row(0x04, 'PMADDUBSW', [Vx, Wx], emitPmaddubsw, { prefix: '66', feature: 'ssse3' }),
  row(0x05, 'PHSUBW', [Pq, Qq], emitVec('hsub', 16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x05, 'PHSUBW', [Vx, Wx], emitVec('hsub', 16), { prefix: '66', feature: 'ssse3' }),
  row(0x06, 'PHSUBD', [Pq, Qq], emitVec('hsub', 32), { prefix: 'NP', feature: 'ssse3' }),
  row(0x06, 'PHSUBD', [Vx, Wx], emitVec('hsub', 32), { prefix: '66', feature: 'ssse3' }),
  row(0x07, 'PHSUBSW', [Pq, Qq], emitVec('hsubsS', 16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x07, 'PHSUBSW', [Vx, Wx], emitVec('hsubsS', 16), { prefix: '66', feature: 'ssse3' }),
  row(0x08, 'PSIGNB', [Pq, Qq], emitVec('sign', 8), { prefix: 'NP', feature: 'ssse3' }),
  row(0x08, 'PSIGNB', [Vx, Wx], emitVec('sign', 8), { prefix: '66', feature: 'ssse3' }),
  row(0x09, 'PSIGNW', [Pq, Qq], emitVec('sign', 16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x09, 'PSIGNW', [Vx, Wx], emitVec('sign', 16), { prefix: '66', feature: 'ssse3' }),
  row(0x0a, 'PSIGND', [Pq, Qq], emitVec('sign', 32), { prefix: 'NP', feature: 'ssse3' }),
  row(0x0a, 'PSIGND', [Vx, Wx], emitVec('sign', 32), { prefix: '66', feature: 'ssse3' }),
  row(0x0b, 'PMULHRSW', [Pq, Qq], emitPmulhrsw, { prefix: 'NP', feature: 'ssse3' }),
  row(0x0b, 'PMULHRSW', [Vx, Wx], emitPmulhrsw, { prefix: '66', feature: 'ssse3' }),
  row(0x1c, 'PABSB', [Pq, Qq], emitPabs(8), { prefix: 'NP', feature: 'ssse3' }),
  row(0x1c, 'PABSB', [Vx, Wx], emitPabs(8), { prefix: '66', feature: 'ssse3' }),
  row(0x1d, 'PABSW', [Pq, Qq], emitPabs(16), { prefix: 'NP', feature: 'ssse3' }),
  row(0x1d, 'PABSW', [Vx, Wx], emitPabs(16), { prefix: '66', feature: 'ssse3' }),
  row(0x1e, 'PABSD', [Pq, Qq], emitPabs(32), { prefix: 'NP', feature: 'ssse3' }),
  row(0x1e, 'PABSD', [Vx, Wx], emitPabs(32), { prefix: '66', feature: 'ssse3' }),

  row(0x10, 'PBLENDVB', [Vdq, Wdq, XMM0], emitPblendvb, { prefix: '66', feature: 'sse4_1' }),
  row(0x14, 'BLENDVPS', [Vps, Wps, XMM0], emitBlendv('ps'), { prefix: '66', feature: 'sse4_1' }),
  row(0x15, 'BLENDVPD', [Vpd, Wpd, XMM0], emitBlendv('pd'), { prefix: '66', feature: 'sse4_1' }),
  row(0x17, 'PTEST', [Vx, Wx], emitPtest, { prefix: '66', feature: 'sse4_1', flags: 'w:oszapc' }),
  row(0x20, 'PMOVSXBW', [Vx, Wq], emitPmovx('S', 8, 16), { prefix: '66', feature: 'sse4_1' }),
  row(0x21, 'PMOVSXBD', [Vx, Wd], emitPmovx('S', 8, 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x22, 'PMOVSXBQ', [Vx, Ww], emitPmovx('S', 8, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x23, 'PMOVSXWD', [Vx, Wq], emitPmovx('S', 16, 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x24, 'PMOVSXWQ', [Vx, Wd], emitPmovx('S', 16, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x25, 'PMOVSXDQ', [Vx, Wq], emitPmovx('S', 32, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x28, 'PMULDQ', [Vx, Wx], emitVec('mulevenS', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x29, 'PCMPEQQ', [Vx, Wx], emitVec('cmpeq', 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x2a, 'MOVNTDQA', [Vx, Mdq], emitMovVec, { prefix: '66', feature: 'sse4_1' }),
  row(0x2b, 'PACKUSDW', [Vx, Wx], emitPack('U', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x30, 'PMOVZXBW', [Vx, Wq], emitPmovx('U', 8, 16), { prefix: '66', feature: 'sse4_1' }),
  row(0x31, 'PMOVZXBD', [Vx, Wd], emitPmovx('U', 8, 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x32, 'PMOVZXBQ', [Vx, Ww], emitPmovx('U', 8, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x33, 'PMOVZXWD', [Vx, Wq], emitPmovx('U', 16, 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x34, 'PMOVZXWQ', [Vx, Wd], emitPmovx('U', 16, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x35, 'PMOVZXDQ', [Vx, Wq], emitPmovx('U', 32, 64), { prefix: '66', feature: 'sse4_1' }),
  row(0x37, 'PCMPGTQ', [Vx, Wx], emitVec('cmpgtS', 64), { prefix: '66', feature: 'sse4_2' }),
  row(0x38, 'PMINSB', [Vx, Wx], emitVec('minS', 8), { prefix: '66', feature: 'sse4_1' }),
  row(0x39, 'PMINSD', [Vx, Wx], emitVec('minS', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x3a, 'PMINUW', [Vx, Wx], emitVec('minU', 16), { prefix: '66', feature: 'sse4_1' }),
  row(0x3b, 'PMINUD', [Vx, Wx], emitVec('minU', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x3c, 'PMAXSB', [Vx, Wx], emitVec('maxS', 8), { prefix: '66', feature: 'sse4_1' }),
  row(0x3d, 'PMAXSD', [Vx, Wx], emitVec('maxS', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x3e, 'PMAXUW', [Vx, Wx], emitVec('maxU', 16), { prefix: '66', feature: 'sse4_1' }),
  row(0x3f, 'PMAXUD', [Vx, Wx], emitVec('maxU', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x40, 'PMULLD', [Vx, Wx], emitVec('mullo', 32), { prefix: '66', feature: 'sse4_1' }),
  row(0x41, 'PHMINPOSUW', [Vdq, Wdq], emitPhminposuw, { prefix: '66', feature: 'sse4_1' }),
  row(0x82, 'INVPCID', [Gm, Mdq], emitInvpcid, { prefix: '66', feature: 'invpcid', cpl0: true, unaligned: true }),

  row(0xc8, 'SHA1NEXTE', [Vdq, Wdq], emitSha('sha1nexte'), { prefix: 'NP', feature: 'sha' }),
  row(0xc9, 'SHA1MSG1', [Vdq, Wdq], emitSha('sha1msg1'), { prefix: 'NP', feature: 'sha' }),
  row(0xca, 'SHA1MSG2', [Vdq, Wdq], emitSha('sha1msg2'), { prefix: 'NP', feature: 'sha' }),
  row(0xcb, 'SHA256RNDS2', [Vdq, Wdq, XMM0], emitSha('sha256rnds2'), { prefix: 'NP', feature: 'sha' }),
  row(0xcc, 'SHA256MSG1', [Vdq, Wdq], emitSha('sha256msg1'), { prefix: 'NP', feature: 'sha' }),
  row(0xcd, 'SHA256MSG2', [Vdq, Wdq], emitSha('sha256msg2'), { prefix: 'NP', feature: 'sha' }),
  row(0xdb, 'AESIMC', [Vdq, Wdq], emitAes('imc'), { prefix: '66', feature: 'aes' }),
  row(0xdc, 'AESENC', [Vdq, Wdq], emitAes('enc'), { prefix: '66', feature: 'aes' }),
  row(0xdd, 'AESENCLAST', [Vdq, Wdq], emitAes('enclast'), { prefix: '66', feature: 'aes' }),
  row(0xde, 'AESDEC', [Vdq, Wdq], emitAes('dec'), { prefix: '66', feature: 'aes' }),
  row(0xdf, 'AESDECLAST', [Vdq, Wdq], emitAes('declast'), { prefix: '66', feature: 'aes' }),

  // 66 with F2 makes CRC32 read a word.
  row(0xf0, 'MOVBE', [Gv, Mv], emitMovbe, { prefix: 'NFx', feature: 'movbe' }),
  row(0xf1, 'MOVBE', [Mv, Gv], emitMovbe, { prefix: 'NFx', feature: 'movbe' }),
  row(0xf0, 'CRC32', [Gd, Eb], emitCrc32, { prefix: 'F2', feature: 'sse4_2' }),
  row(0xf1, 'CRC32', [Gd, Ev], emitCrc32, { prefix: 'F2', feature: 'sse4_2' }),
  row(0xf6, 'ADCX', [Gy, Ey], emitAdcx, { prefix: '66', feature: 'adx', flags: 'r:c w:c' }),
  row(0xf6, 'ADOX', [Gy, Ey], emitAdox, { prefix: 'F3', feature: 'adx', flags: 'r:o w:o' }),
];
