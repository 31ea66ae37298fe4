/** AES-NI, PCLMULQDQ, SHA. SDM Vol. 2, FIPS 197, FIPS 180-4. */
import { unimplemented, type Emit } from './types.ts';

/** AESENC, AESENCLAST, AESDEC, AESDECLAST (dst = round(dst, src)) and AESIMC (dst = InvMixColumns(src)). */
export const emitAes = (step: 'enc' | 'enclast' | 'dec' | 'declast' | 'imc'): Emit => unimplemented(`emitAes(${step})`);
export const emitAeskeygenassist: Emit = unimplemented('emitAeskeygenassist');
export const emitPclmulqdq: Emit = unimplemented('emitPclmulqdq');
/** The SHA extensions; `sha1rnds4` takes its function from imm8, `sha256rnds2` its keys from XMM0. */
export const emitSha = (step: 'sha1nexte' | 'sha1msg1' | 'sha1msg2' | 'sha1rnds4' | 'sha256rnds2' | 'sha256msg1' | 'sha256msg2'): Emit =>
  unimplemented(`emitSha(${step})`);
