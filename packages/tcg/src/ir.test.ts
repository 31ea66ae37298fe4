import { describe, expect, test } from 'vitest';
import { Ir, Kind, STRIDE } from './ir.ts';
import { printIr } from './text/print.ts';
import { Cond, MemOp, Type } from './types.ts';

const withGlobals = () => {
  const ir = new Ir();
  return { ir, a: ir.global('a', Type.i64, 4096), w: ir.global('w', Type.i32, 4104) };
};

test('value methods make the temps of their outputs, in a row', () => {
  const { ir, a } = withGlobals();
  const low = ir.mulu2(a, a);
  expect([low, low + 1].map((t) => ir.tempType[t])).toEqual([Type.i64, Type.i64]);
  expect(ir.tempType[ir.vget64(ir.vsplat64(a), 1)]).toBe(Type.i64);
  expect(ir.tempType[ir.fsetcond(ir.constFloat(Type.f64, 0), ir.constFloat(Type.f64, 0), 0)]).toBe(Type.i32);
});

test('equal constants of a TB are one temp; types and halves tell them apart', () => {
  const { ir } = withGlobals();
  expect(ir.const64(5)).toBe(ir.const64(5, 0));
  expect(ir.const64(-1)).toBe(ir.const64(-1, -1));
  expect(ir.const64(-1)).not.toBe(ir.const64(-1, 0));
  expect(ir.const32(5)).not.toBe(ir.const64(5));
  expect(ir.constant(Type.i32, -7)).toBe(ir.const32(-7));
  expect(ir.isConst(ir.const32(1))).toBe(true);
});

test('reset forgets everything but the globals', () => {
  const { ir, a } = withGlobals();
  ir.set(a, ir.const64(1));
  ir.newLabel();
  ir.reset();
  expect(ir).toMatchObject({ length: 0, tempCount: 2, labelCount: 0, globalCount: 2 });
  const c = ir.const64(1);
  expect(ir.tempKind[c]).toBe(Kind.CONST);
});

test('globals come before anything else', () => {
  const { ir } = withGlobals();
  ir.const32(1);
  expect(() => ir.global('late', Type.i64, 0)).toThrow('Global late comes after a temp; declare globals before translating');
});

test('arrays grow as needed, a copy keeps what it was made of', () => {
  const { ir, a } = withGlobals();
  ir.insn_start(0);
  for (let i = 0; i < 10_000; i++) ir.set(a, ir.add(a, ir.const64(i, i)));
  for (let i = 0; i < 200; i++) ir.constV128(i, 0, 0, i);
  ir.exit_tb(0);
  expect(ir.length).toBe(20_002);
  const copy = ir.copy();
  ir.reset();
  expect(copy.length).toBe(20_002);
  expect(copy.args[copy.length * STRIDE - STRIDE]).toBe(0);
  expect(printIr(copy)).toContain('add_i64 t9999, a, $0x270f0000270f');
});

describe('memory and control', () => {
  test('each method emits its op with operands in the order of the row', () => {
    const { ir, a, w } = withGlobals();
    const base = ir.const32(8192), label = ir.newLabel();
    ir.insn_start(3, 4, 5);
    ir.st8(ir.ld8u(Type.i32, base, 1), base, 2);
    ir.st16(ir.ld16s(Type.i64, base, 3), base, 4);
    ir.st32(ir.ld32u(base, 5), base, 6);
    ir.st(ir.ld(Type.v128, base, 16), base, 32);
    ir.qemu_st(ir.qemu_ld(Type.i32, a, MemOp.b16 | MemOp.SIGN, 2), a, MemOp.b8, 1);
    ir.atomic_cmpxchg(a, w, ir.atomic_fetch_add(a, w, MemOp.b32, 0), MemOp.b32, 0);
    ir.brcond(a, ir.const64(0), Cond.lt, label);
    ir.goto_tb(1);
    ir.set_label(label);
    ir.discard(a);
    ir.lookup_and_goto_ptr();
    expect(printIr(ir)).toBe(`insn_start 3, 4, 5
ld8u_i32 t0, $0x2000, 1
st8_i32 t0, $0x2000, 2
ld16s_i64 t1, $0x2000, 3
st16_i64 t1, $0x2000, 4
ld32u t2, $0x2000, 5
st32 t2, $0x2000, 6
ld_v128 t3, $0x2000, 16
st_v128 t3, $0x2000, 32
qemu_ld_i32 t4, a, b16.s, 2
qemu_st_i32 t4, a, b8, 1
atomic_fetch_add_i32 t5, a, w, b32, 0
atomic_cmpxchg_i32 t6, a, w, t5, b32, 0
brcond_i64 a, $0, lt, L0
goto_tb 1
set_label L0
discard_i64 a
lookup_and_goto_ptr
`);
  });
});
