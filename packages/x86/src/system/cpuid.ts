/**
 * CPU models and CPUID. Intel SDM Vol. 2, CPUID; models named as QEMU's `-cpu`. A model promises only what the translator does.
 */
import { EmuError } from '@emu/vaddr';
import type { X86Cpu } from '../cpu.ts';
import type { Feature } from '../decode/row.ts';
import { HF } from '../hflags.ts';
import { CR4, EFER } from '../state.ts';
import { PHYS_BITS } from './paging.ts';

export class CpuModelError extends EmuError {}

/** Where a feature bit is: leaf, register, bit. Registers: 0 EAX, 1 EBX, 2 ECX, 3 EDX. */
type Place = readonly [leaf: number, reg: 1 | 2 | 3 | 0, bit: number];
const EBX = 1, ECX = 2, EDX = 3, EAX = 0;
const EXT = 0x80000001;

/** Features by QEMU's names. */
export const FEATURES = {
  fpu: [1, EDX, 0], de: [1, EDX, 2], pse: [1, EDX, 3], tsc: [1, EDX, 4], msr: [1, EDX, 5], pae: [1, EDX, 6], mce: [1, EDX, 7], cx8: [1, EDX, 8],
  apic: [1, EDX, 9], sep: [1, EDX, 11], mtrr: [1, EDX, 12], pge: [1, EDX, 13], mca: [1, EDX, 14], cmov: [1, EDX, 15], pat: [1, EDX, 16],
  pse36: [1, EDX, 17], clflush: [1, EDX, 19], mmx: [1, EDX, 23], fxsr: [1, EDX, 24], sse: [1, EDX, 25], sse2: [1, EDX, 26],
  sse3: [1, ECX, 0], pclmulqdq: [1, ECX, 1], monitor: [1, ECX, 3], ssse3: [1, ECX, 9], cx16: [1, ECX, 13], pcid: [1, ECX, 17], sse4_1: [1, ECX, 19],
  sse4_2: [1, ECX, 20], x2apic: [1, ECX, 21], movbe: [1, ECX, 22], popcnt: [1, ECX, 23], 'tsc-deadline': [1, ECX, 24], aes: [1, ECX, 25],
  xsave: [1, ECX, 26], rdrand: [1, ECX, 30], hypervisor: [1, ECX, 31],
  fsgsbase: [7, EBX, 0], tsc_adjust: [7, EBX, 1], 'fdp-excptn-only': [7, EBX, 6], smep: [7, EBX, 7], erms: [7, EBX, 9], invpcid: [7, EBX, 10], rdseed: [7, EBX, 18], 'zero-fcs-fds': [7, EBX, 13], adx: [7, EBX, 19], smap: [7, EBX, 20],
  clflushopt: [7, EBX, 23], clwb: [7, EBX, 24], sha: [7, EBX, 29], umip: [7, ECX, 2], la57: [7, ECX, 16], rdpid: [7, ECX, 22],
  syscall: [EXT, EDX, 11], nx: [EXT, EDX, 20], pdpe1gb: [EXT, EDX, 26], rdtscp: [EXT, EDX, 27], lm: [EXT, EDX, 29],
  lahf_lm: [EXT, ECX, 0], abm: [EXT, ECX, 5], '3dnowprefetch': [EXT, ECX, 8],
  xsaveopt: [0xd01, EAX, 0], xsavec: [0xd01, EAX, 1], invtsc: [0x80000007, EDX, 8], arat: [6, EAX, 2],
} as const satisfies Record<string, Place>;
export type FeatureName = keyof typeof FEATURES;

const VENDORS = ['AuthenticAMD', 'GenuineIntel'] as const;
type Vendor = (typeof VENDORS)[number];
const isVendor = (name: string): name is Vendor => (VENDORS as readonly string[]).includes(name);

interface Identity {
  vendor: Vendor;
  family: number;
  model: number;
  stepping: number;
  name: string;
  /** Last basic leaf. */
  top: number;
  features: readonly FeatureName[];
}

/** Not in QEMU's small models. Here time is the same whatever the model, and a kernel that is not told so distrusts it when the host is busy. */
const TIMING: readonly FeatureName[] = ['invtsc', 'tsc_adjust', 'tsc-deadline', 'arat'];
const BASE: readonly FeatureName[] = [
  ...TIMING,
  'fpu', 'de', 'pse', 'tsc', 'msr', 'pae', 'mce', 'cx8', 'apic', 'sep', 'mtrr', 'pge', 'mca', 'cmov', 'pat', 'pse36', 'clflush', 'mmx', 'fxsr', 'sse', 'sse2',
  'sse3', 'cx16', 'hypervisor', 'syscall', 'nx', 'lm', 'lahf_lm',
];
const V2: readonly FeatureName[] = [...BASE, 'ssse3', 'sse4_1', 'sse4_2', 'popcnt'];

/** All we do, but for what costs time and gains nothing here: a fifth level of page tables, and PCIDs, which share one TLB. */
const MAX: readonly FeatureName[] = (Object.keys(FEATURES) as FeatureName[]).filter((f) => f !== 'la57' && f !== 'pcid' && f !== 'invpcid');

/** Vendors and signatures are those of QEMU's models; AMD's parts also spare kernels their work against Meltdown. */
const MODELS: Readonly<Record<string, Identity>> = {
  qemu64: { vendor: 'AuthenticAMD', family: 15, model: 107, stepping: 1, top: 13, name: 'QEMU Virtual CPU version 2.5+', features: BASE },
  Nehalem: { vendor: 'GenuineIntel', family: 6, model: 26, stepping: 3, top: 11, name: 'Intel Core i7 9xx (Nehalem Class Core i7)', features: V2 },
  max: { vendor: 'AuthenticAMD', family: 15, model: 107, stepping: 1, top: 13, name: 'emu TCG CPU', features: MAX },
};
export const CPU_MODELS = Object.keys(MODELS);

/** A processor model: what CPUID says and which control bits exist. */
export class CpuModel {
  readonly name: string;
  readonly #identity: Identity;
  /** Where Intel's and AMD's processors differ, those of Intel. */
  readonly isIntel: boolean;
  readonly #features: ReadonlySet<FeatureName>;
  /** Last basic leaf. */
  readonly #top: number;
  readonly cr4Mask: number;
  readonly eferMask: number;
  readonly xcr0Mask: number;

  /** @param spec as after `-cpu`: `Nehalem`, `max,-sse4_2`, `qemu64,+x2apic`, `max,vendor=GenuineIntel`. @throws CpuModelError */
  constructor(spec = 'max') {
    const [name = '', ...changes] = spec.split(',');
    const known = MODELS[name];
    if (!known) throw new CpuModelError(`-cpu ${spec}: there is no model "${name}"; choose one of ${CPU_MODELS.join(', ')}`);
    const vendor = changes.findLast((change) => change.startsWith('vendor='))?.slice('vendor='.length) ?? known.vendor;
    if (!isVendor(vendor)) throw new CpuModelError(`-cpu ${spec}: no vendor "${vendor}" here; choose one of ${VENDORS.join(', ')}`);
    const identity = { ...known, vendor }, features = new Set(known.features);
    for (const change of changes) if (!change.startsWith('vendor=')) applyChange(spec, change, features);
    this.isIntel = vendor === 'GenuineIntel';
    this.name = name;
    this.#identity = identity;
    this.#features = features;
    this.#top = features.has('xsave') ? Math.max(identity.top, 13) : identity.top;
    const on = (f: FeatureName, mask: number) => (features.has(f) ? mask : 0);
    this.cr4Mask = on('tsc', CR4.TSD) | on('de', CR4.DE) | on('pse', CR4.PSE) | on('pae', CR4.PAE) | on('mce', CR4.MCE) | on('pge', CR4.PGE) | CR4.PCE
      | on('fxsr', CR4.OSFXSR) | on('sse', CR4.OSXMMEXCPT) | on('umip', CR4.UMIP) | on('la57', CR4.LA57) | on('fsgsbase', CR4.FSGSBASE)
      | on('pcid', CR4.PCIDE) | on('xsave', CR4.OSXSAVE) | on('smep', CR4.SMEP) | on('smap', CR4.SMAP);
    this.eferMask = on('syscall', EFER.SCE) | on('lm', EFER.LME | EFER.LMA) | on('nx', EFER.NXE);
    this.xcr0Mask = 1 | on('sse', 2);
  }

  has(feature: FeatureName): boolean {
    return this.#features.has(feature);
  }

  /** Whether instructions gated by a decode-table feature exist. */
  allows(feature: Feature): boolean {
    const name = feature === 'lzcnt' ? 'abm' : feature;
    return this.#features.has(name as FeatureName);
  }

  /** EAX EBX ECX EDX of a leaf for `cpu`, into `out`. */
  cpuid(cpu: X86Cpu, leaf: number, sub: number, out: Int32Array): void {
    out.fill(0);
    const group = leaf >>> 28;
    const top = group === 8 ? 0x80000008 : group === 4 ? 0x40000001 : this.#top;
    // beyond the last leaf Intel answers as for the last basic one; QEMU too
    const at = leaf >>> 0 > top ? this.#top : leaf >>> 0;
    this.#leaf(cpu, at, sub, out);
    for (const name of this.#features) {
      const [place, reg, bit] = FEATURES[name];
      if (place === at || (place === 0xd01 && at === 13 && sub === 1)) {
        if (at === 7 && sub !== 0) continue;
        out[reg]! |= 1 << bit;
      }
      if (at === EXT && place === 1 && reg === EDX && !this.isIntel) out[EDX]! |= (1 << bit) & AMD_ALIASES;
    }
    if (at === 1 && cpu.s.cr4 & CR4.OSXSAVE) out[ECX]! |= 1 << 27;
    if (at === EXT && this.isIntel && !(cpu.s.flags & HF.CS64)) out[EDX]! &= ~(1 << 11);
  }

  #leaf(cpu: X86Cpu, leaf: number, sub: number, out: Int32Array): void {
    const id = this.#identity, amd = !this.isIntel;
    const set = (a: number, b: number, c: number, d: number) => { out[0] = a; out[1] = b; out[2] = c; out[3] = d; };
    switch (leaf) {
      case 0: return set(this.#top, word(id.vendor, 0), word(id.vendor, 8), word(id.vendor, 4));
      case 1: return set(signature(id), (cpu.apicId << 24) | (8 << 8), 0, 0);
      // descriptors of caches, and their parameters: Intel's leaves; AMD's are 80000005 and 80000006
      case 2: return amd ? undefined : set(1, 0, 0x4d, 0x2c307d);
      case 4: return amd ? undefined : cacheLeaf(sub, set);
      case 5: return set(0, 0, 3, 0);
      case 11: return sub === 0 ? set(0, 1, 0x100, cpu.apicId) : sub === 1 ? set(0, 1, 0x201, cpu.apicId) : set(0, 0, sub & 0xff, cpu.apicId);
      case 13: return this.#xsaveLeaf(sub, set);
      // what the software below is, by the name that guests know it by
      case 0x40000000: return set(0x40000001, word(HYPERVISOR, 0), word(HYPERVISOR, 4), word(HYPERVISOR, 8));
      case 0x80000000: return set(0x80000008 | 0, word(id.vendor, 0), word(id.vendor, 8), word(id.vendor, 4));
      case 0x80000001: return set(signature(id), 0, 0, 0);
      case 0x80000002: case 0x80000003: case 0x80000004: {
        const at = (leaf - 0x80000002) * 16;
        return set(word(id.name, at), word(id.name, at + 4), word(id.name, at + 8), word(id.name, at + 12));
      }
      case 0x80000005: return set(0x01ff01ff, 0x01ff01ff, 0x40020140, 0x40020140);
      case 0x80000006: return set(0, 0x42004200, 0x02008140, 0x00808140);
      case 0x80000008: return set(PHYS_BITS | ((this.has('la57') ? 57 : 48) << 8), 0, 0, 0);
    }
  }

  #xsaveLeaf(sub: number, set: (a: number, b: number, c: number, d: number) => void): void {
    if (!this.has('xsave')) return;
    // the legacy region and the header; x87 and SSE have no extended region
    if (sub === 0) set(this.xcr0Mask, 576, 576, 0);
    else if (sub === 1) set(0, this.has('xsavec') ? 576 : 0, 0, 0);
  }
}

/** Bits of leaf 1 EDX that AMD repeats in 80000001. AMD64 APM Vol. 3, CPUID Fn8000_0001_EDX. */
const AMD_ALIASES = 0x0183f3ff;
const HYPERVISOR = 'TCGTCGTCGTCG';

function applyChange(spec: string, change: string, features: Set<FeatureName>): void {
  const off = change.startsWith('-') || change.endsWith('=off');
  const name = change.replace(/^[+-]/, '').replace(/=(on|off)$/, '').replaceAll('.', '_');
  const known = name in FEATURES ? name : name.replaceAll('_', '-') in FEATURES ? name.replaceAll('_', '-') : undefined;
  if (!known) throw new CpuModelError(`-cpu ${spec}: no feature "${name}" here; known: ${Object.keys(FEATURES).join(' ')}`);
  if (off) features.delete(known as FeatureName);
  else features.add(known as FeatureName);
}

const word = (text: string, at: number) =>
  [0, 1, 2, 3].reduce((v, i) => v | ((text.charCodeAt(at + i) || 0) << (8 * i)), 0);

function signature(id: Identity): number {
  const family = Math.min(id.family, 15), extended = id.family - family;
  return (extended << 20) | ((id.model >> 4) << 16) | (family << 8) | ((id.model & 15) << 4) | id.stepping;
}

/** Deterministic cache parameters: 32 KiB L1 data and code, 4 MiB L2, 16 MiB L3, 64-byte lines. */
function cacheLeaf(sub: number, set: (a: number, b: number, c: number, d: number) => void): void {
  const cache = (type: number, level: number, ways: number, sets: number) =>
    set(type | (level << 5) | (1 << 8), ((ways - 1) << 22) | 63, sets - 1, 1);
  if (sub === 0) cache(1, 1, 8, 64);
  else if (sub === 1) cache(2, 1, 8, 64);
  else if (sub === 2) cache(3, 2, 16, 4096);
  else if (sub === 3) cache(3, 3, 16, 16384);
}
