/** Helpers of AES-NI, PCLMULQDQ, SHA and PCMPxSTRx: functions of `../vector`, which work on the scratch words of CPU state. */
import type { Helper, HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { ST } from '../state.ts';
import { instantiateVector } from '../vector/module.ts';
import { PCMPSTR_FORMATS } from '../vector/pcmpstr.ts';

const NAMES = [
  'aesenc', 'aesenclast', 'aesdec', 'aesdeclast', 'aesimc', 'aeskeygenassist', 'pclmulqdq',
  'sha1rnds4_0', 'sha1rnds4_1', 'sha1rnds4_2', 'sha1rnds4_3', 'sha1nexte', 'sha1msg1', 'sha1msg2', 'sha256rnds2', 'sha256msg1', 'sha256msg2',
] as const;
export type VectorHelper = (typeof NAMES)[number];
export type PcmpstrHelper = (typeof PCMPSTR_FORMATS)[number];

/** They touch no guest register: operands and result are in scratch words, by pairs: A, B, C, result. */
export function vectorHelpers(r: HelperRegistry, cpu: X86Cpu): Readonly<Record<VectorHelper | PcmpstrHelper, Helper>> {
  const functions = instantiateVector(cpu.arena, cpu.env + ST.scratch);
  const flags = { noReadGlobals: true, noWriteGlobals: true, noFault: true } as const;
  return Object.fromEntries([
    ...NAMES.map((name) => [name, r.wasm(name, [], 'void', functions[name]!, flags)]),
    ...PCMPSTR_FORMATS.map((name) => [name, r.wasm(name, ['i32', 'i64', 'i64'], 'i32', functions[name]!, flags)]),
  ]) as Record<VectorHelper | PcmpstrHelper, Helper>;
}
