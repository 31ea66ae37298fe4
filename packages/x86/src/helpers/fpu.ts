/**
 * Helpers of floating point: functions of the generated module (`../fpu/softfloat.ts`), the transcendental functions, and the images of
 * the x87 state in guest memory. SDM Vol. 1 chapters 8, 10 and 11.
 */
import { Access } from '@emu/softmmu';
import type { Helper, HelperRegistry, HelperResult } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { environmentBytes, FpuImage, stateBytes, type EnvironmentForm } from '../fpu/environment.ts';
import { instantiate } from '../fpu/softfloat.ts';
import { TRANSCENDENTALS, Transcendental } from '../fpu/transcendental.ts';
import type { RoundOperand } from '../fpu/x87-registers.ts';
import { CR0, EFER, ST, Vector } from '../state.ts';

/** x87 state is no IR global, and its exceptions are recorded, not raised. */
const X87_FLAGS = { noReadGlobals: true, noWriteGlobals: true, noFault: true } as const;
/** SSE helpers work on XMM registers in CPU state, those that they are told. */
const SSE_FLAGS = { noFault: true, pointersOnly: true } as const;

/** Arguments after `env` of the x87 helpers, and whether there is a result. See the `fpu/x87-*.ts` files. */
const X87_HELPERS = {
  fadd: 3, fsub: 3, fsubr: 3, fmul: 3, fdiv: 3, fdivr: 3,
  fadd_m: 1, fsub_m: 1, fsubr_m: 1, fmul_m: 1, fdiv_m: 1, fdivr_m: 1, fsqrt: 0,
  fcom: 3, fcom_m: 2, ftst: 0, fxam: 0,
  fld_m: 1, fld_m80: 0, fbld: 0, fld_st: 1, fld_const: 1, fxch: 1, fcmov: 2, fchs: 0, fabs: 0, ffree: 2, fincstp: 0, fdecstp: 0,
  fst_done: 1, fst_st: 2, fstpnce: 1, frndint: 0, fscale: 0, fxtract: 0, fprem: 0, fprem1: 0, fninit: 0, fnclex: 0, fldcw: 1,
} as const;
const X87_RESULT_HELPERS = { fcomi: 3, fst_m: 1, fst_m80: 0, fist_m: 2, fbstp: 0, fnstsw: 0 } as const;

const PACKED_AND_SCALAR = ['ss', 'sd', 'ps', 'pd'] as const;
type Suffix = (typeof PACKED_AND_SCALAR)[number];
const ROUNDED = ['ss2si', 'sd2si', 'ss2si_64', 'sd2si_64', 'ps2dq', 'ps2pi', 'pd2dq', 'pd2pi'] as const;
const CONVERSIONS = ['ss2sd', 'sd2ss', 'ps2pd', 'pd2ps', 'si2ss', 'si2sd', 'si2ss_64', 'si2sd_64', 'pi2ps', 'dq2ps', 'dq2pd'] as const;

/** Bits of `form`, the last argument of the environment helpers. */
export const EnvForm = { BITS32: 1, PROTECTED: 2 } as const;
const formOf = (bits: number): EnvironmentForm => ({ bits: bits & EnvForm.BITS32 ? 32 : 16, protectedMode: (bits & EnvForm.PROTECTED) !== 0 });

type Table<N extends string> = { readonly [K in N]: Helper };

export function fpuHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const functions = instantiate(cpu.arena.memory, { fpu: ST.st, mxcsr: ST.mxcsr });
  const declare = <N extends string>(counts: Readonly<Record<N, number>>, result: HelperResult): Table<N> =>
    Object.fromEntries(Object.entries<number>(counts).map(([name, count]) =>
      [name, r.wasm(name, ['env', ...Array.from({ length: count }, () => 'i32' as const)], result, functions[name]!, X87_FLAGS)])) as Table<N>;
  return {
    ...declare(X87_HELPERS, 'void'),
    ...declare(X87_RESULT_HELPERS, 'i32'),
    ...sseHelpers(r, functions),
    ...transcendentalHelpers(r, cpu, functions),
    ...imageHelpers(r, cpu),
    /** A waiting instruction found FSW.ES: #MF, or FERR# for the IRQ 13 of an AT where CR0.NE is clear. SDM Vol. 1, 8.7. */
    x87Error: r.js('x87Error', [], 'void', () => (cpu.s.cr0 & CR0.NE ? cpu.raise(Vector.MF) : cpu.bus.ferr()), { noWriteGlobals: true }),
  };
}

/** All give 1 where #XM is due (COMISx: -1). Addresses of the operands follow `env`: destination, sources; then an immediate. */
function sseHelpers(r: HelperRegistry, functions: Readonly<Record<string, Function>>) {
  const declare = <N extends string>(names: readonly N[], addresses: number, immediates = 0): Table<N> =>
    Object.fromEntries(names.map((name) => [name, r.wasm(name, ['env', ...Array.from({ length: addresses }, () => 'ptr' as const),
      ...Array.from({ length: immediates }, () => 'i32' as const)], 'i32', functions[name]!, SSE_FLAGS)])) as Table<N>;
  const all = <O extends string>(operations: readonly O[]): `${O}${Suffix}`[] => operations.flatMap((o) => PACKED_AND_SCALAR.map((s) => `${o}${s}` as const));
  const packed = <O extends string>(operations: readonly O[]): `${O}${'ps' | 'pd'}`[] => operations.flatMap((o) => [`${o}ps`, `${o}pd`] as const);
  return {
    ...declare(all(['add', 'sub', 'mul', 'div', 'min', 'max']), 3),
    ...declare(all(['sqrt']), 2),
    ...declare(all(['cmp']), 3, 1),
    ...declare(all(['round']), 2, 1),
    ...declare(['comiss', 'comisd'], 2, 1),
    ...declare(packed(['hadd', 'hsub', 'addsub']), 3),
    ...declare(packed(['dp']), 3, 1),
    ...declare(['rcpss', 'rcpps', 'rsqrtss', 'rsqrtps'], 2),
    ...declare(CONVERSIONS.map((c) => `cvt${c}` as const), 2),
    ...declare(ROUNDED.flatMap((c) => [`cvt${c}`, `cvtt${c}`] as const), 2),
  };
}

function transcendentalHelpers(r: HelperRegistry, cpu: X86Cpu, functions: Readonly<Record<string, Function>>) {
  const t = new Transcendental(cpu.arena, cpu.env, ST.st, functions['round_operand'] as RoundOperand);
  return Object.fromEntries(TRANSCENDENTALS.map((name) => [name, r.js(name, [], 'void', () => t[name](), X87_FLAGS)])) as Table<(typeof TRANSCENDENTALS)[number]>;
}

/** (address, form, mmu index): environments and states move through a buffer in the arena, so that a fault leaves the x87 as it was. */
function imageHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const image = new FpuImage(cpu.arena, cpu.env + ST.st);
  const area = cpu.arena.alloc(stateBytes({ bits: 32, protectedMode: true }));
  const { u16 } = cpu.arena;
  /** Visits the image in units of 16 bits, which divide every form of it. */
  const each = (lo: number, hi: number, bytes: number, visit: (lo: number, hi: number, at: number) => void): void => {
    const upper = (at: number): number => cpu.s.efer & EFER.LMA ? cpu.carry(lo, hi, at) : 0;
    for (let at = 0; at < bytes; at += 2) visit((lo + at) | 0, upper(at), (area + at) >> 1);
  };
  const check = (lo: number, form: number): void => cpu.checkAlignment(lo, form & EnvForm.BITS32 ? 4 : 2);
  const read = (lo: number, hi: number, bytes: number, mmu: number): void =>
    each(lo, hi, bytes, (l, h, at) => { u16[at] = cpu.mmu.load16(l, h, mmu); });
  /** Both ends are probed first, so that a fault leaves memory as it was. */
  const write = (lo: number, hi: number, bytes: number, mmu: number): void => {
    for (const at of [0, bytes - 1]) cpu.mmu.probe((lo + at) | 0, cpu.s.efer & EFER.LMA ? cpu.carry(lo, hi, at) : 0, 1, Access.WRITE, mmu);
    each(lo, hi, bytes, (l, h, at) => cpu.mmu.store16(l, h, mmu, u16[at]!));
  };
  const flags = { noReadGlobals: true, noWriteGlobals: true } as const;
  return {
    fnstenv: r.js('fnstenv', ['vaddr', 'i32', 'i32'], 'void', (lo, hi, form, mmu) => {
      check(lo!, form!);
      image.writeEnvironment(area, formOf(form!));
      write(lo!, hi!, environmentBytes(formOf(form!)), mmu!);
      image.maskAll();
    }, flags),
    fldenv: r.js('fldenv', ['vaddr', 'i32', 'i32'], 'void', (lo, hi, form, mmu) => {
      check(lo!, form!);
      read(lo!, hi!, environmentBytes(formOf(form!)), mmu!);
      image.loadEnvironment(area, formOf(form!));
    }, flags),
    fnsave: r.js('fnsave', ['vaddr', 'i32', 'i32'], 'void', (lo, hi, form, mmu) => {
      check(lo!, form!);
      image.writeState(area, formOf(form!));
      write(lo!, hi!, stateBytes(formOf(form!)), mmu!);
      image.init();
    }, flags),
    frstor: r.js('frstor', ['vaddr', 'i32', 'i32'], 'void', (lo, hi, form, mmu) => {
      check(lo!, form!);
      read(lo!, hi!, stateBytes(formOf(form!)), mmu!);
      image.loadState(area, formOf(form!));
    }, flags),
  };
}
