import { expect, test } from 'vitest';
import { CcKind, CC_OVERRIDE, computeFlags } from './flags.ts';
import { flagFunctions } from './flags-wasm.ts';

const AWKWARD = [0n, 1n, 2n, 0x0fn, 0x10n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x7fffffffffffffffn,
  0x8000000000000000n, 0xffffffffffffffffn, 0x123456789abcdef0n, 0xfedcba9876543210n];
const lo = (v: bigint) => Number(BigInt.asIntN(32, v)), hi = (v: bigint) => Number(BigInt.asIntN(32, v >> 32n));

test('the generated flags agree with the TypeScript ones for every kind, size and awkward operands', () => {
  const { computeFlags: generated, carryFlag } = flagFunctions();
  for (const kind of Object.values(CcKind)) for (let size = 0; size < 4; size++) for (const override of [0, CC_OVERRIDE]) {
    const code = kind * 4 + size + override;
    for (const d of AWKWARD) for (const s of AWKWARD) for (const s2 of [0n, 1n, 0x801n]) {
      const ours = generated!(code, d, s, s2) as number;
      const reference = computeFlags(code, lo(d), hi(d), lo(s), hi(s), lo(s2));
      if (ours !== reference) expect(`code ${code} d ${d} s ${s} s2 ${s2}: ${ours.toString(16)}`).toBe(reference.toString(16));
      if (carryFlag!(code, d, s, s2) !== (reference & 1)) expect(`CF of code ${code} d ${d} s ${s} s2 ${s2}`).toBe(reference & 1);
    }
  }
});
