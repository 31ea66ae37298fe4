import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ir } from '../ir.ts';
import { Optimiser } from '../optimiser/optimise.ts';
import { buildForm, opForms, randomProgram, ReferenceBackend, TestMachine } from '../testing.ts';
import { Cond, Type } from '../types.ts';
import { parseIr } from './parse.ts';
import { printIr } from './print.ts';
import { verifyIr } from './verify.ts';

const machine = new TestMachine((setup) => new ReferenceBackend(setup));
const numbers = fc.array(fc.nat(), { minLength: 10, maxLength: 300, size: 'max' });

function parsed(text: string): Ir {
  const { ir } = machine;
  ir.reset();
  parseIr(text, ir);
  return ir;
}
const reprinted = (text: string) => printIr(parsed(text));
/** The IR of a text after the verifier has seen it. */
const verified = (text: string) => verifyIr(parsed(text));

describe('text', () => {
  test('every kind of operand prints as it reads', () => {
    const text = `insn_start 0, 5, 0
add_i64 t0, g0, $0x123456789abc
sub_i32 t1, w0, $-1
extract_i64 t2, t0, 8, 16
setcond_i32 t3, t1, $0, ltu
fadd_f64 d0, d1, $0x3ff8000000000000
vshuffle t4, v0, v1, [0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 31]
vxor v2, t4, $0x80000000000000000000000000000001
mulu2_i64 t5, t6, t0, t2
ext_i32_i64 t7, t1
st_i64 t6, $0x1000, 16
qemu_ld_i32 t8, t0, b16.s.align, 1
qemu_st_i64 t7, t0, b64.rmw, 0
call mix, t9, t7, t8
call bump, $0x1000, t9
brcond_i64 t9, $0, tstne, L0
discard_i64 t9
goto_tb 1
set_label L0
exit_tb 3
`;
    expect(reprinted(text)).toBe(text);
    verified(text);
  });

  test('numbers may be written as people write them; comments and blank lines are skipped', () => {
    expect(reprinted('  # nothing\n\nfmul_f64   d0, d1, $1.5 # half as much again\nmov_i32 w0, $0xffffffff\nmov_f32 s0, $-2\nexit_tb 0')).toBe(
      'fmul_f64 d0, d1, $0x3ff8000000000000\nmov_i32 w0, $-1\nmov_f32 s0, $0xc0000000\nexit_tb 0\n');
  });

  test('what is built by hand prints, parses and prints the same: every form of every op', () => {
    for (const form of opForms()) {
      machine.ir.reset();
      buildForm(machine.ir, form, { inputs: 1024, outputs: 2048 });
      verifyIr(machine.ir);
      const text = printIr(machine.ir);
      expect(reprinted(text)).toBe(text);
    }
  });

  test('random programs are valid before and after optimising, and print, parse and print the same', () => {
    const optimiser = new Optimiser();
    fc.assert(fc.property(numbers, (list) => {
      const { ir } = machine;
      ir.reset();
      randomProgram(machine, list).build(ir);
      verifyIr(ir);
      optimiser.run(ir);
      verifyIr(ir);
      const text = printIr(ir);
      expect(reprinted(text)).toBe(text);
    }), { numRuns: 300 });
  });
});

describe('malformed text says where, what and what to do', () => {
  test.each([
    ['ad_i64 g0, g1, g2', 'IR line 1, "ad_i64 g0, g1, g2": there is no op "ad_i64" (near: add add2); docs/ops.md lists them'],
    ['exit_tb 0\nadd g0, g1, g2', 'IR line 2, "add g0, g1, g2": add needs a type: add_i32 or add_i64'],
    ['add_f64 d0, d0, d1', 'add has no type f64; it has i32, i64'],
    ['add_i64 g0, g1', 'add_i64 has 3 operands (T, T, T), not 2'],
    ['add_i64 g0, g1, w0', 'w0 is i32, but the operand is i64; convert it'],
    ['add_i64 g0, g1, x', '"x" is read but was not written before and is no global (g0 g1'],
    ['add_i64 $1, g1, g0', 'the constant $1 cannot be written'],
    ['add_i64 1x, g1, g0', '"1x" is not a name of a temp'],
    ['mov_i32 w0, $0x100000000', '$0x100000000 does not fit 32 bits'],
    ['mov_i32 w0, $1.5', '$1.5 is not a whole number'],
    ['mov_f64 d0, $one', '$one is not a number'],
    ['setcond_i64 g0, g1, g2, below', 'expected condition (eq ne lt ge le gt ltu geu leu gtu tsteq tstne), not "below"'],
    ['qemu_ld_i64 g0, g1, b32.x, 0', 'expected a memory op (b8 b16 b32 b64 b128, then any of .s .align .rmw), not "b32.x"'],
    ['br 5', 'expected a label like L0, not "5"'],
    ['vshuffle v0, v1, v2, [1 2 3]', 'expected 16 lanes like [0 1 2 ...], not "[1 2 3]"'],
    ['extract_i64 g0, g1, a, 3', 'expected a whole number as bit position, not "a"'],
    ['call nobody, g0', 'there is no helper "nobody"; declare it in the registry first'],
    ['call mix, g0, g1', 'helper mix takes a result and 2 arguments (i64, i32), not 2 operands'],
    ['call bump, g0, g1', 'g0 is i64, but the operand is i32; convert it'],
  ])('%s', (text, message) => {
    expect(() => parsed(text)).toThrow(expect.objectContaining({ name: 'IrError', message: expect.stringContaining(message) }));
  });
});

describe('the verifier says which op, what and what to do', () => {
  test.each([
    ['insn_start 0, 0, 0', 'control runs off the end; end the TB with goto_tb, lookup_and_goto_ptr or exit_tb'],
    ['insn_start 0, 0, 0\nbrcond_i64 g0, g1, eq, L0\nexit_tb 0', 'label L0 is branched to but does not follow'],
    ['set_label L0\nbr L0', 'IR op 1, "br L0": label L0 comes before the branch; labels are branched to forwards only'],
    ['brcond_i64 g0, g1, eq, L0\nset_label L0\nset_label L0\nexit_tb 0', 'label L0 is there twice'],
    ['qemu_ld_i64 g0, g1, b8, 0\nexit_tb 0', 'it may fault, but no insn_start comes before it'],
    ['insn_start 4, 0, 0\ninsn_start 4, 0, 0\nexit_tb 0', 'pc offset 4 does not come after 4'],
    ['extract_i32 w0, w1, 20, 13\nexit_tb 0', 'bits 20 to 32 are not in 32 bits'],
    ['extract_i32 w0, w1, 0, 0\nexit_tb 0', 'length 0 is not from 1 to 32'],
    ['extract2_i32 w0, w1, w2, 32\nexit_tb 0', 'shift count 32 is not from 0 to 31'],
    ['vget32 w0, v0, 4\nexit_tb 0', 'lane 4 is not from 0 to 3'],
    ['vshuffle v0, v0, v0, [0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 32]\nexit_tb 0', 'lane 32 is not from 0 to 31'],
    ['insn_start 0, 0, 0\nqemu_ld_i32 w0, g0, b64, 0\nexit_tb 0', 'an access of 64 bits does not fit a value of 32'],
    ['insn_start 0, 0, 0\nqemu_st_i32 w0, g0, b8.s, 0\nexit_tb 0', 'a store has no sign extension; leave out .s'],
    ['brcond_i64 g0, g1, eq, L0\ngoto_tb 0\nset_label L0\ngoto_tb 0', 'slot 0 is used twice'],
    ['goto_tb 2', 'slot 2 is not from 0 to 1'],
    ['ld_i64 g0, $4096, -8\nexit_tb 0', 'offset -8 is negative'],
    ['brcond_i64 g0, g1, eq, L0\nmov_i64 t, g0\nset_label L0\nmov_i64 g1, t\nexit_tb 0', 'input 1 is a local that is not written on every path to here'],
  ])('%s', (text, message) => {
    expect(() => verified(text)).toThrow(expect.objectContaining({ name: 'IrError', message: expect.stringContaining(message) }));
  });

  const broken = (breakIt: (ir: Ir) => void) => {
    const ir = parsed('insn_start 0, 0, 0\nadd_i64 g0, g1, g2\nexit_tb 0');
    breakIt(ir);
    return () => verifyIr(ir);
  };
  test('what the parser would not let through', () => {
    expect(broken((ir) => { ir.op[1] = 999; })).toThrow('opcode 999 is none');
    expect(broken((ir) => { ir.type[1] = Type.f32; })).toThrow('add has no type f32; it has i32, i64');
    expect(broken((ir) => { ir.args[9] = 9999; })).toThrow('input 1 is temp 9999, which is not one of the');
    expect(broken((ir) => { ir.args[9] = machine.global('w0'); })).toThrow('IR op 1, "add_i64 g0, w0, g2": input 1 is i32, not i64; convert it');
    expect(broken((ir) => { ir.args[8] = ir.const64(1); })).toThrow('output 1 is a constant; write a local or global');
  });

  test('helpers are called as they are declared', () => {
    const { ir, helpers } = machine;
    ir.reset();
    expect(() => ir.call(helpers.mix, machine.global('g0'))).toThrow('Helper mix takes 2 arguments (i64, i32), not 1');
    ir.insn_start(0);
    ir.call(helpers.mix, machine.global('w0'), machine.global('w1'));
    expect(() => verifyIr(ir)).toThrow('argument 1 is i32, not i64; convert it');
    ir.args[8] = -1;
    ir.callArgs[0] = machine.global('g0');
    expect(() => verifyIr(ir)).toThrow('helper mix returns i64, which does not fit the output');
    ir.args[9] = 77;
    expect(() => verifyIr(ir)).toThrow('there is no helper 77');
    ir.args[9] = helpers.mix.index;
    ir.args[11] = 3;
    expect(() => verifyIr(ir)).toThrow('helper mix takes 2 arguments (i64, i32), not 3');
  });

  test('a condition out of range is found', () => {
    const ir = parsed('setcond_i64 g0, g1, g2, eq\nexit_tb 0');
    ir.args[3] = Cond.tstne + 1;
    expect(() => verifyIr(ir)).toThrow('condition 12 is not from 0 to 11');
  });
});
