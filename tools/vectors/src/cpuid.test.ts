/**
 * CPUID of each `-cpu` model against what QEMU (7.2, TCG) says for it, in a guest that prints all leaves: vendor, signature, topology and caches are the same, and each
 * feature bit that differs is listed here. SDM Vol. 2, CPUID; AMD64 APM Vol. 3, appendix E.
 */
import { describe, expect, it } from 'vitest';
import { CPU_MODELS, CpuModel, FEATURES, type FeatureName } from '@emu/x86';
import { canRunQemu, CPUID_GUEST, recordedImage, recordedOutput, runHere, runInQemu } from './guests.ts';

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];
const REGISTERS = ['eax', 'ebx', 'ecx', 'edx'] as const;

function parse(output: string): Map<string, Leaf> {
  const rows = output.trim().split('\n').map((line) => line.split(' '));
  return new Map(rows.map(([leaf, ...words]) => [leaf!, words.map((w) => Number.parseInt(w, 16)) as unknown as Leaf]));
}

const FEATURE_LEAVES: Readonly<Record<string, readonly number[]>> = {
  '00000001.0': [2, 3], '00000006.0': [0], '00000007.0': [1, 2, 3], '80000001.0': [2, 3], '80000007.0': [3], '0000000d.1': [0],
};
/** Bits by the names of `FEATURES`, else `leaf.register.bit`. */
function bitNames(leaf: string, register: number, bits: number): string[] {
  const names: string[] = [], number = leaf === '0000000d.1' ? 0xd01 : Number.parseInt(leaf, 16);
  for (let bit = 0; bit < 32; bit++) {
    if (!(bits >>> bit & 1)) continue;
    const name = (Object.keys(FEATURES) as FeatureName[]).find((f) => FEATURES[f][0] === number && FEATURES[f][1] === register && FEATURES[f][2] === bit);
    names.push(name ?? `${leaf}.${REGISTERS[register]}.${bit}`);
  }
  return names;
}

/** All feature bits, by name. */
const featuresOf = (leaves: Map<string, Leaf>): Set<string> =>
  new Set(Object.entries(FEATURE_LEAVES).flatMap(([leaf, registers]) => registers.flatMap((r) => bitNames(leaf, r, leaves.get(leaf)![r]!))));
const without = (a: Set<string>, b: Set<string>): string[] => [...a].filter((name) => !b.has(name)).sort();

/** Time is the same whatever the model (see `TIMING` in cpuid.ts). */
const TIMING = ['arat', 'invtsc', 'tsc-deadline', 'tsc_adjust'];
/** SVM and 3DNow! do not exist here, what has a VEX prefix does not yet; ACPI and SS are about clocks and snooping. */
const WE_LACK: Readonly<Record<string, readonly string[]>> = {
  qemu64: ['80000001.0.ecx.2'],
  Nehalem: ['syscall'], // QEMU says SYSCALL outside 64-bit mode too; Intel's processors do not
  max: [
    '00000001.0.ecx.12', '00000001.0.ecx.28', '00000001.0.ecx.29', '00000001.0.edx.22', '00000001.0.edx.27', // FMA, AVX, F16C, ACPI, SS
    '00000007.0.ebx.3', '00000007.0.ebx.5', '00000007.0.ebx.8', '00000007.0.ebx.14', '00000007.0.ebx.22', // BMI1, AVX2, BMI2, MPX, PCOMMIT
    '00000007.0.ecx.3', '00000007.0.ecx.9', '00000007.0.ecx.31', 'la57', // PKU, VAES, PKS; LA57 is there with +la57
    '80000001.0.ecx.2', '80000001.0.ecx.4', '80000001.0.ecx.6', // SVM, LOCK MOV CR0, SSE4A
    '80000001.0.edx.22', '80000001.0.edx.30', '80000001.0.edx.31', // MMXEXT, 3DNow!
    '0000000d.1.eax.2', // XGETBV with ECX = 1
  ],
};
const QEMU_LACKS: Readonly<Record<string, readonly string[]>> = {
  qemu64: TIMING,
  Nehalem: TIMING,
  max: ['3dnowprefetch', 'fdp-excptn-only', 'invtsc', 'rdpid', 'rdseed', 'sha', 'tsc-deadline', 'tsc_adjust', 'x2apic', 'xsavec', 'zero-fcs-fds'],
};
/** Besides feature bits: the last extended leaf (SVM's is there in QEMU), the name of `max`, 57-bit addresses, XSAVE components. */
const OTHER_LEAVES: Readonly<Record<string, readonly string[]>> = {
  qemu64: ['80000000.0'], Nehalem: [],
  max: ['80000000.0', '80000002.0', '80000003.0', '80000008.0', '0000000d.0', '0000000d.1', '0000000d.2'],
};

describe.each(CPU_MODELS)('-cpu %s', (model) => {
  const ours = parse(runHere(recordedImage(CPUID_GUEST), model)), theirs = parse(recordedOutput(CPUID_GUEST, model));

  it('promises what QEMU does, but for the features listed here', () => {
    const a = featuresOf(ours), b = featuresOf(theirs);
    expect({ weLack: without(b, a), qemuLacks: without(a, b) }).toEqual({ weLack: [...WE_LACK[model]!].sort(), qemuLacks: [...QEMU_LACKS[model]!].sort() });
  });

  it('is the same processor otherwise', () => {
    const different = [...theirs].filter(([leaf, words]) => words.some((w, r) => !(FEATURE_LEAVES[leaf] ?? []).includes(r) && w !== ours.get(leaf)![r]));
    expect(different.map(([leaf]) => leaf).sort()).toEqual([...OTHER_LEAVES[model]!].sort());
  });

  it.runIf(canRunQemu())('still is so in QEMU', { timeout: 120_000 }, () => {
    expect(runInQemu(recordedImage(CPUID_GUEST), model)).toBe(recordedOutput(CPUID_GUEST, model));
  });
});

it('AMD repeats bits of leaf 1 in 80000001, what the model lacks not (VME)', () => {
  const [one, extended] = ['00000001.0', '80000001.0'].map((leaf) => parse(runHere(recordedImage(CPUID_GUEST), 'qemu64,-mtrr')).get(leaf)![3]!);
  expect((extended! & 0x0183f3ff).toString(16)).toBe((one! & 0x0183f3ff).toString(16));
  expect([one! >>> 1 & 1, extended! >>> 1 & 1, extended! >>> 12 & 1]).toEqual([0, 0, 0]);
});

it('a feature added to a model has its leaf', () => {
  expect(parse(runHere(recordedImage(CPUID_GUEST), 'Nehalem,+xsave')).get('0000000d.0')).toEqual([3, 576, 576, 0]);
  expect(new CpuModel('max,+la57').has('la57')).toBe(true);
});
