/** Every x87 instruction form as a case for `compare.ts`: its bytes, a start state, and the helper calls that carry it out. */
import { FldConstant } from '../x87-load.ts';
import { OperandKind } from '../x87-operand.ts';
import type { Case } from './compare.ts';
import { MEMORY_BYTES, putF80, Record, stAt } from './record.ts';
import type { SoftFpu } from './soft-fpu.ts';
import { f32, f64, f80, fcw, type Random } from './values.ts';

/** Any control word, TOP and condition codes; mostly full stack; any register contents. */
function fillStack(view: DataView, at: number, r: Random): void {
  view.setUint16(at + Record.FCW, fcw(r), true);
  view.setUint16(at + Record.FSW, r.below(8) << 11 | (r.below(4) === 0 ? r.below(8) << 8 | r.below(2) << 14 | r.below(0x40) : 0), true);
  view.setUint8(at + Record.VALID, r.below(20) ? 0xff : r.below(0x100));
  for (let i = 0; i < 8; i++) putF80(view, at + stAt(i), f80(r));
  noPending(view, at);
}

/** Masks what is flagged, so that no exception is pending before the instruction. */
function noPending(view: DataView, at: number): void {
  view.setUint16(at + Record.FCW, view.getUint16(at + Record.FCW, true) | view.getUint8(at + Record.FSW) & 0x3f, true);
}

type Fill = (view: DataView, at: number, r: Random) => void;
const fillMemory = (put: Fill): Fill => (view, at, r) => {
  fillStack(view, at, r);
  put(view, at + Record.MEMORY, r);
};
const m32 = fillMemory((view, at, r) => view.setUint32(at, f32(r), true));
const m64 = fillMemory((view, at, r) => view.setBigUint64(at, f64(r), true));
const integer = fillMemory((view, at, r) => view.setBigInt64(at, r.pick([0n, 1n, -1n, BigInt.asIntN(64, r.u64() >> BigInt(r.below(64)))]), true));

type Run = (soft: SoftFpu, view: DataView, at: number) => void;
const row = (title: string, code: readonly number[], fill: Fill, run: Run): Case => ({ title, code, fill, run });
/** Calls one helper with constant arguments. */
const call = (name: string, ...args: number[]) => (s: SoftFpu): void => void s.helpers[name]!(s.env, ...args);

function arithmetic(): Case[] {
  // ModR/M reg fields of D8..DE. In the forms with ST(i) as destination the manual's names of the reversed pairs change places.
  const operations = [['fadd', 'fadd', 0], ['fmul', 'fmul', 1], ['fsub', 'fsubr', 4], ['fsubr', 'fsub', 5], ['fdiv', 'fdivr', 6], ['fdivr', 'fdiv', 7]] as const;
  return operations.flatMap(([name, toStack, reg]) => {
    const operand = (kind: number) => (s: SoftFpu): void => void s.helpers[`${name}_m`]!(s.env, kind);
    return [
      row(`${name} st, st(1)`, [0xd8, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[name]!(s.env, 0, 1, 0)),
      row(`${name} st, st`, [0xd8, 0xc0 + 8 * reg], fillStack, (s) => s.helpers[name]!(s.env, 0, 0, 0)),
      row(`${toStack} st(1), st`, [0xdc, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[toStack]!(s.env, 1, 0, 0)),
      row(`${toStack}p st(1), st`, [0xde, 0xc1 + 8 * reg], fillStack, (s) => s.helpers[toStack]!(s.env, 1, 0, 1)),
      row(`${name} m32fp`, [0xd8, 0x07 + 8 * reg], m32, operand(OperandKind.M32FP)),
      row(`${name} m64fp`, [0xdc, 0x07 + 8 * reg], m64, operand(OperandKind.M64FP)),
      row(`${name} m16int`, [0xde, 0x07 + 8 * reg], integer, operand(OperandKind.M16INT)),
      row(`${name} m32int`, [0xda, 0x07 + 8 * reg], integer, operand(OperandKind.M32INT)),
    ];
  }).concat(row('fsqrt', [0xd9, 0xfa], fillStack, (s) => s.helpers['fsqrt']!(s.env)));
}


function transfers(): Case[] {
  const { M32FP, M64FP, M16INT, M32INT, M64INT } = OperandKind;
  const m80 = fillMemory((view, at, r) => putF80(view, at, f80(r)));
  const bcd = fillMemory((view, at, r) => {
    for (let i = 0; i < 10; i++) view.setUint8(at + i, r.below(10) << 4 | r.below(10));
    view.setUint8(at + 9, r.below(2) << 7);
  });
  /** A store in two steps, as translated code does it. */
  const storing = (bytes: number, pop: number, helper: string, ...args: number[]): Run => (s, view, at) => {
    if (!s.helpers[helper]!(s.env, ...args)) return;
    for (let i = 0; i < bytes; i++) view.setUint8(at + Record.MEMORY + i, s.arena.u8[s.operand + i]!);
    s.helpers['fst_done']!(s.env, pop);
  };
  const constants = Object.entries(FldConstant).map(([name, n]) => row(`fld ${name}`, [0xd9, 0xe8 + n], fillHalf, call('fld_const', n)));
  return [
    row('fld m32fp', [0xd9, 0x07], mostlyRoom(m32), call('fld_m', M32FP)),
    row('fld m64fp', [0xdd, 0x07], mostlyRoom(m64), call('fld_m', M64FP)),
    row('fld m80fp', [0xdb, 0x2f], mostlyRoom(m80), call('fld_m80')),
    row('fild m16int', [0xdf, 0x07], mostlyRoom(integer), call('fld_m', M16INT)),
    row('fild m32int', [0xdb, 0x07], mostlyRoom(integer), call('fld_m', M32INT)),
    row('fild m64int', [0xdf, 0x2f], mostlyRoom(integer), call('fld_m', M64INT)),
    row('fbld', [0xdf, 0x27], mostlyRoom(bcd), call('fbld')),
    row('fld st(1)', [0xd9, 0xc1], fillHalf, call('fld_st', 1)),
    row('fld st', [0xd9, 0xc0], fillHalf, call('fld_st', 0)),
    row('fld st(7)', [0xd9, 0xc7], fillHalf, call('fld_st', 7)),
    ...constants,
    row('fst m32fp', [0xd9, 0x17], fillStack, storing(4, 0, 'fst_m', M32FP)),
    row('fstp m32fp', [0xd9, 0x1f], fillStack, storing(4, 1, 'fst_m', M32FP)),
    row('fst m64fp', [0xdd, 0x17], fillStack, storing(8, 0, 'fst_m', M64FP)),
    row('fstp m64fp', [0xdd, 0x1f], fillStack, storing(8, 1, 'fst_m', M64FP)),
    row('fstp m80fp', [0xdb, 0x3f], fillStack, storing(10, 1, 'fst_m80')),
    row('fist m16int', [0xdf, 0x17], fillSmall, storing(2, 0, 'fist_m', M16INT, 0)),
    row('fistp m16int', [0xdf, 0x1f], fillSmall, storing(2, 1, 'fist_m', M16INT, 0)),
    row('fist m32int', [0xdb, 0x17], fillSmall, storing(4, 0, 'fist_m', M32INT, 0)),
    row('fistp m32int', [0xdb, 0x1f], fillSmall, storing(4, 1, 'fist_m', M32INT, 0)),
    row('fistp m64int', [0xdf, 0x3f], fillSmall, storing(8, 1, 'fist_m', M64INT, 0)),
    row('fisttp m16int', [0xdf, 0x0f], fillSmall, storing(2, 1, 'fist_m', M16INT, 1)),
    row('fisttp m32int', [0xdb, 0x0f], fillSmall, storing(4, 1, 'fist_m', M32INT, 1)),
    row('fisttp m64int', [0xdd, 0x0f], fillSmall, storing(8, 1, 'fist_m', M64INT, 1)),
    row('fbstp', [0xdf, 0x37], fillSmall, storing(10, 1, 'fbstp')),
    row('fst st(1)', [0xdd, 0xd1], fillStack, call('fst_st', 1, 0)),
    row('fstp st(1)', [0xdd, 0xd9], fillStack, call('fst_st', 1, 1)),
    row('fstp st', [0xdd, 0xd8], fillStack, call('fst_st', 0, 1)),
    row('fstp st(1), DF D1', [0xdf, 0xd1], fillStack, call('fst_st', 1, 1)),
    row('fstpnce st(1)', [0xd9, 0xd9], fillHalf, call('fstpnce', 1)),
    row('fxch st(1)', [0xd9, 0xc9], fillStack, call('fxch', 1)),
    row('fxch st', [0xd9, 0xc8], fillStack, call('fxch', 0)),
    row('fcmovb st, st(1), CF = 0', [0xda, 0xc1], fillStack, call('fcmov', 1, 0)),
    row('fcmovnb st, st(1), CF = 0', [0xdb, 0xc1], fillStack, call('fcmov', 1, 1)),
    row('fchs', [0xd9, 0xe0], fillStack, call('fchs')),
    row('fabs', [0xd9, 0xe1], fillStack, call('fabs')),
    row('ffree st(2)', [0xdd, 0xc2], fillStack, call('ffree', 2, 0)),
    row('ffreep st(2)', [0xdf, 0xc2], fillStack, call('ffree', 2, 1)),
    row('fincstp', [0xd9, 0xf7], fillStack, call('fincstp')),
    row('fdecstp', [0xd9, 0xf6], fillStack, call('fdecstp')),
  ];
}

/** As `fillStack`, but registers are as often empty as not. */
const fillHalf: Fill = (view, at, r) => {
  fillStack(view, at, r);
  view.setUint8(at + Record.VALID, r.below(0x100));
};
/** Leaves ST(7) empty most of the time, so that a push succeeds. */
const mostlyRoom = (fill: Fill): Fill => (view, at, r) => {
  fill(view, at, r);
  const last = ((view.getUint16(at + Record.FSW, true) >> 11) + 7) & 7;
  if (r.below(8)) view.setUint8(at + Record.VALID, view.getUint8(at + Record.VALID) & ~(1 << last));
};
/** ST(0) about the size of an integer. */
const fillSmall: Fill = (view, at, r) => {
  fillStack(view, at, r);
  const se = view.getUint16(at + stAt(0) + 8, true);
  if (r.below(4)) view.setUint16(at + stAt(0) + 8, se & 0x8000 | 0x3ffc + r.below(70), true);
  if (r.below(4)) view.setBigUint64(at + stAt(0), view.getBigUint64(at + stAt(0), true) | 1n << 63n, true);
};

/** ST(0) and ST(1) near each other, or equal. */
const fillClose: Fill = (view, at, r) => {
  fillStack(view, at, r);
  if (r.below(3) === 0) putF80(view, at + stAt(1), [view.getBigUint64(at + stAt(0), true), view.getUint16(at + stAt(0) + 8, true)]);
  if (r.below(4) === 0) view.setUint16(at + stAt(1) + 8, view.getUint16(at + stAt(0) + 8, true) ^ r.below(2) << 15, true);
};

const COMPARED_FLAGS = 0x8d5;

function comparisons(): Case[] {
  const toFlags = (i: number, pops: number, quiet: number): Run => (s, view, at) => {
    const flags = s.helpers['fcomi']!(s.env, i, pops, quiet);
    view.setUint32(at + Record.RFLAGS, view.getUint32(at + Record.RFLAGS, true) & ~COMPARED_FLAGS | flags, true);
  };
  const anyFlags: Fill = (view, at, r) => {
    fillClose(view, at, r);
    view.setUint32(at + Record.RFLAGS, 0x202 | r.below(0x1000) & COMPARED_FLAGS, true);
  };
  const { M32FP, M64FP, M16INT, M32INT } = OperandKind;
  return [
    row('fcom st(1)', [0xd8, 0xd1], fillClose, call('fcom', 1, 0, 0)),
    row('fcom st', [0xd8, 0xd0], fillClose, call('fcom', 0, 0, 0)),
    row('fcomp st(1)', [0xd8, 0xd9], fillClose, call('fcom', 1, 1, 0)),
    row('fcompp', [0xde, 0xd9], fillClose, call('fcom', 1, 2, 0)),
    row('fucom st(1)', [0xdd, 0xe1], fillClose, call('fcom', 1, 0, 1)),
    row('fucomp st(1)', [0xdd, 0xe9], fillClose, call('fcom', 1, 1, 1)),
    row('fucompp', [0xda, 0xe9], fillClose, call('fcom', 1, 2, 1)),
    row('fcom m32fp', [0xd8, 0x17], m32, call('fcom_m', M32FP, 0)),
    row('fcomp m64fp', [0xdc, 0x1f], m64, call('fcom_m', M64FP, 1)),
    row('ficom m16int', [0xde, 0x17], integer, call('fcom_m', M16INT, 0)),
    row('ficomp m32int', [0xda, 0x1f], integer, call('fcom_m', M32INT, 1)),
    row('fcomi st, st(1)', [0xdb, 0xf1], anyFlags, toFlags(1, 0, 0)),
    row('fcomip st, st(1)', [0xdf, 0xf1], anyFlags, toFlags(1, 1, 0)),
    row('fucomi st, st(1)', [0xdb, 0xe9], anyFlags, toFlags(1, 0, 1)),
    row('fucomip st, st(1)', [0xdf, 0xe9], anyFlags, toFlags(1, 1, 1)),
    row('ftst', [0xd9, 0xe4], fillStack, call('ftst')),
    row('fxam', [0xd9, 0xe5], fillStack, call('fxam')),
  ];
}

/** ST(1) a scale that FSCALE can use. */
const fillScale: Fill = (view, at, r) => {
  fillStack(view, at, r);
  if (r.below(4)) view.setUint16(at + stAt(1) + 8, r.below(2) << 15 | 0x3ffd + r.below(18), true);
};

function remainders(): Case[] {
  return [
    row('frndint', [0xd9, 0xfc], fillSmall, call('frndint')),
    row('fscale', [0xd9, 0xfd], fillScale, call('fscale')),
    row('fxtract', [0xd9, 0xf4], mostlyRoom(fillStack), call('fxtract')),
    row('fprem', [0xd9, 0xf8], fillClose, call('fprem')),
    row('fprem1', [0xd9, 0xf5], fillClose, call('fprem1')),
  ];
}

/** Flags that may be pending, and any FCW to load. */
const fillPending: Fill = (view, at, r) => {
  fillStack(view, at, r);
  view.setUint16(at + Record.FCW, 0x40 | r.below(0x40) | r.below(0x20) << 8, true);
  view.setUint16(at + Record.FSW, r.u32() & 0x7f7f, true);
  view.setUint8(at + Record.VALID, r.below(0x100));
};
const fillImage: Fill = (view, at, r) => {
  fillStack(view, at, r);
  for (let i = 0; i < MEMORY_BYTES; i++) view.setUint8(at + Record.MEMORY + i, r.below(0x100));
};

function control(): Case[] {
  const storing = (bytes: number, store: (s: SoftFpu) => void, afterwards: (s: SoftFpu) => void): Run => (s, view, at) => {
    s.image.fsw = s.image.fsw;
    store(s);
    afterwards(s);
    for (let i = 0; i < bytes; i++) view.setUint8(at + Record.MEMORY + i, s.arena.u8[s.area + i]!);
  };
  const loading = (load: (s: SoftFpu) => void): Run => (s, view, at) => {
    for (let i = 0; i < MEMORY_BYTES; i++) s.arena.u8[s.area + i] = view.getUint8(at + Record.MEMORY + i);
    load(s);
  };
  const [wide, narrow] = [{ bits: 32, protectedMode: true }, { bits: 16, protectedMode: true }] as const;
  /** The operation as the processor starts it: FXRSTOR makes ES and B follow from flags and masks. */
  const summary = (run: Run): Run => (s, view, at) => {
    s.image.fsw = s.image.fsw;
    run(s, view, at);
  };
  return [
    row('fninit', [0xdb, 0xe3], fillPending, summary(call('fninit'))),
    row('fnclex', [0xdb, 0xe2], fillPending, summary(call('fnclex'))),
    row('fldcw', [0xd9, 0x2f], fillImage, (s, view, at) => s.helpers['fldcw']!(s.env, view.getUint16(at + Record.MEMORY, true))),
    row('fnstsw ax', [0xdf, 0xe0], fillPending, summary((s, view, at) => view.setUint16(at + Record.RAX, s.helpers['fnstsw']!(s.env), true))),
    ignoringPointers(row('fnstenv', [0xd9, 0x37], fillPending, storing(28, (s) => s.image.writeEnvironment(s.area, wide), (s) => s.image.maskAll())), 12, 28),
    ignoringPointers(row('fnstenv, 16 bits', [0x66, 0xd9, 0x37], fillPending, storing(14, (s) => s.image.writeEnvironment(s.area, narrow), (s) => s.image.maskAll())), 6, 14),
    row('fldenv', [0xd9, 0x27], fillImage, loading((s) => s.image.loadEnvironment(s.area, wide))),
    row('fldenv, 16 bits', [0x66, 0xd9, 0x27], fillImage, loading((s) => s.image.loadEnvironment(s.area, narrow))),
    ignoringPointers(row('fnsave', [0xdd, 0x37], fillPending, storing(108, (s) => s.image.writeState(s.area, wide), (s) => s.image.init())), 12, 28),
    ignoringPointers(row('fnsave, 16 bits', [0x66, 0xdd, 0x37], fillPending, storing(94, (s) => s.image.writeState(s.area, narrow), (s) => s.image.init())), 6, 14),
    row('frstor', [0xdd, 0x27], fillImage, loading((s) => s.image.loadState(s.area, wide))),
    row('frstor, 16 bits', [0x66, 0xdd, 0x27], fillImage, loading((s) => s.image.loadState(s.area, narrow))),
  ];
}

/** Leaves out the instruction and operand pointers: the harness' own addresses. */
const ignoringPointers = (test: Case, from: number, to: number): Case => ({
  ...test,
  ignore: (view, at) => {
    for (let i = from; i < to; i++) view.setUint8(at + Record.MEMORY + i, 0);
  },
});

/** A case whose named registers may differ by a unit in the last place: the second runs of bits are made equal before comparing. */
function transcendental(title: string, code: readonly number[], fill: Fill, helper: string): Case {
  return { ...row(title, code, fill, call(helper)), tolerance: 1 };
}

/** ST(0) and ST(1) of a size that makes sense as an argument: below `maxExp` (biased) if not any exponent. */
const fillArguments = (minExp: number, maxExp: number): Fill => (view, at, r) => {
  mostlyRoom(fillStack)(view, at, r);
  for (let i = 0; i < 2; i++) {
    if (r.below(6) === 0) continue;
    putF80(view, at + stAt(i), [view.getBigUint64(at + stAt(i), true) | 1n << 63n, r.below(2) << 15 | minExp + r.below(maxExp - minExp)]);
  }
};

function transcendentals(): Case[] {
  return [
    transcendental('f2xm1', [0xd9, 0xf0], fillArguments(0x3fb0, 0x3fff), 'f2xm1'),
    transcendental('fyl2x', [0xd9, 0xf1], positive(fillArguments(0x3ff0, 0x400f)), 'fyl2x'),
    transcendental('fyl2xp1', [0xd9, 0xf9], fillArguments(0x3fb0, 0x3ffd), 'fyl2xp1'),
    transcendental('fptan', [0xd9, 0xf2], fillArguments(0x3fb0, 0x403f), 'fptan'),
    transcendental('fpatan', [0xd9, 0xf3], fillArguments(0x3fe0, 0x401f), 'fpatan'),
    transcendental('fsin', [0xd9, 0xfe], fillArguments(0x3fb0, 0x403f), 'fsin'),
    transcendental('fcos', [0xd9, 0xff], fillArguments(0x3fb0, 0x403f), 'fcos'),
    transcendental('fsincos', [0xd9, 0xfb], fillArguments(0x3fb0, 0x403f), 'fsincos'),
  ];
}
const positive = (fill: Fill): Fill => (view, at, r) => {
  fill(view, at, r);
  if (r.below(8)) view.setUint16(at + stAt(0) + 8, view.getUint16(at + stAt(0) + 8, true) & 0x7fff, true);
};

export const x87Cases: readonly Case[] = [...arithmetic(), ...transfers(), ...comparisons(), ...remainders(), ...control(), ...transcendentals()];
