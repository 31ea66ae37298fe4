/** Helpers of AES-NI, PCLMULQDQ and SHA: functions of `../crypto`, which work on the scratch words of CPU state. */
import type { Helper, HelperRegistry } from '@emu/tcg';
import { instantiateCrypto } from '../crypto/module.ts';
import type { X86Cpu } from '../cpu.ts';
import { ST } from '../state.ts';

const NAMES = [
  'aesenc', 'aesenclast', 'aesdec', 'aesdeclast', 'aesimc', 'aeskeygenassist', 'pclmulqdq',
  'sha1rnds4_0', 'sha1rnds4_1', 'sha1rnds4_2', 'sha1rnds4_3', 'sha1nexte', 'sha1msg1', 'sha1msg2', 'sha256rnds2', 'sha256msg1', 'sha256msg2',
] as const;
export type CryptoHelper = (typeof NAMES)[number];

/** They touch no guest register: operands and result are in scratch words, by pairs: A, B, C, result. */
export function cryptoHelpers(r: HelperRegistry, cpu: X86Cpu): Readonly<Record<CryptoHelper, Helper>> {
  const functions = instantiateCrypto(cpu.arena, cpu.env + ST.scratch);
  const flags = { noReadGlobals: true, noWriteGlobals: true, noFault: true } as const;
  return Object.fromEntries(NAMES.map((name) => [name, r.wasm(name, [], 'void', functions[name]!, flags)])) as Record<CryptoHelper, Helper>;
}
