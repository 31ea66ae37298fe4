import { describe, expect, test } from 'vitest';
import { ReferenceBackend, TestMachine } from '../testing.ts';
import { parseIr } from '../text/parse.ts';
import { printIr } from '../text/print.ts';
import { verifyIr } from '../text/verify.ts';
import { Optimiser } from './optimise.ts';

const machine = new TestMachine((setup) => new ReferenceBackend(setup));
const optimiser = new Optimiser();

/** The ops that are left of a text, without insn_start and the exit. */
function optimised(text: string): string[] {
  const { ir } = machine;
  ir.reset();
  parseIr(`insn_start 0, 0, 0\n${text}\nexit_tb 0`, ir);
  verifyIr(ir);
  optimiser.run(ir);
  verifyIr(ir);
  return printIr(ir).trim().split('\n').slice(1, -1);
}
const becomes = (text: string, ...expected: string[]) => expect(optimised(text)).toEqual(expected);

describe('constants', () => {
  test.each([
    ['add_i64 g0, $0xffffffff, $1', 'mov_i64 g0, $0x100000000'],
    ['sub_i64 g0, $0, $1', 'mov_i64 g0, $-1'],
    ['mul_i64 g0, $0x123456789abcdef0, $0xfedcba9876543211', 'mov_i64 g0, $0x35a1df76f0d5adf0'],
    ['mul_i32 w0, $0x10001, $0x10001', 'mov_i32 w0, $0x20001'],
    ['shl_i64 g0, $1, $63', 'mov_i64 g0, $0x8000000000000000'],
    ['shr_i64 g0, $0x8000000000000000, $33', 'mov_i64 g0, $0x40000000'],
    ['sar_i64 g0, $0x8000000000000000, $33', 'mov_i64 g0, $0xffffffffc0000000'],
    ['sar_i32 w0, $0x80000000, $4', 'mov_i32 w0, $0xf8000000'],
    ['extract_i64 g0, $0x123456789abcdef0, 28, 16', 'mov_i64 g0, $0x6789'],
    ['sextract_i64 g0, $0x8000, 8, 8', 'mov_i64 g0, $-128'],
    ['deposit_i64 g0, $-1, $0, 24, 16', 'mov_i64 g0, $0xffffff0000ffffff'],
    ['setcond_i64 g0, $-1, $1, lt', 'mov_i64 g0, $1'],
    ['setcond_i64 g0, $-1, $1, ltu', 'mov_i64 g0, $0'],
    ['negsetcond_i32 w0, $0x80000000, $0, lt', 'mov_i32 w0, $-1'],
    ['movcond_i64 g0, $1, $2, g1, g2, geu', 'mov_i64 g0, g2'],
    ['ext_i32_i64 g0, $0x80000000', 'mov_i64 g0, $0xffffffff80000000'],
    ['concat_i32_i64 g0, $1, $2', 'mov_i64 g0, $0x200000001'],
    ['rotl_i32 w0, $0x80000001, $1', 'mov_i32 w0, $3'],
    ['ctpop_i64 g0, $-1', 'mov_i64 g0, $64'],
    ['bswap64 g0, $1', 'mov_i64 g0, $0x100000000000000'],
  ])('%s', (text, expected) => becomes(text, expected));
});

describe('identities', () => {
  test.each([
    ['add_i64 g0, $0, g1', 'mov_i64 g0, g1'],
    ['sub_i64 g0, g1, $8', 'add_i64 g0, g1, $-8'],
    ['sub_i64 g0, g1, g1', 'mov_i64 g0, $0'],
    ['sub_i64 g0, $0, g1', 'neg_i64 g0, g1'],
    ['xor_i64 g0, g1, g1', 'mov_i64 g0, $0'],
    ['xor_i64 g0, $-1, g1', 'not_i64 g0, g1'],
    ['and_i64 g0, g1, $0', 'mov_i64 g0, $0'],
    ['and_i64 g0, g1, $-1', 'mov_i64 g0, g1'],
    ['andc_i64 g0, g1, $0xff', 'and_i64 g0, g1, $0xffffffffffffff00'],
    ['or_i64 g0, g1, $-1', 'mov_i64 g0, $-1'],
    ['mul_i64 g0, g1, $8', 'shl_i64 g0, g1, $3'],
    ['mul_i64 g0, g1, $0x100000000', 'shl_i64 g0, g1, $32'],
    ['mul_i64 g0, g1, $3', 'mul_i64 g0, g1, $3'],
    ['shl_i64 g0, g1, $0', 'mov_i64 g0, g1'],
    ['deposit_i64 g0, $0, g1, 0, 8', 'extract_i64 g0, g1, 0, 8'],
    ['vxor v0, v1, v1', 'mov_v128 v0, $0x0'],
    ['concat_i32_i64 g0, w0, $0', 'extu_i32_i64 g0, w0'],
    ['setcond_i64 g0, g1, $0, ltu', 'mov_i64 g0, $0'],
    ['setcond_i64 g0, g1, $0, gtu', 'setcond_i64 g0, g1, $0, ne'],
    ['setcond_i64 g0, $5, g1, lt', 'setcond_i64 g0, g1, $5, gt'],
    ['setcond_i64 g0, g1, g1, le', 'mov_i64 g0, $1'],
    ['setcond_i64 g0, g1, g1, tsteq', 'setcond_i64 g0, g1, $0, eq'],
    ['movcond_i64 g0, g1, g2, $1, $0, ltu', 'setcond_i64 g0, g1, g2, ltu'],
    ['movcond_i64 g0, g1, g2, $0, $1, ltu', 'setcond_i64 g0, g1, g2, geu'],
    ['movcond_i64 g0, g1, g2, g3, g3, ltu', 'mov_i64 g0, g3'],
  ])('%s', (text, expected) => becomes(text, expected));
});

describe('known bits', () => {
  test('a 32-bit load needs no zero extension', () => becomes('qemu_ld_i64 t, g1, b32, 0\nextract_i64 u, t, 0, 32\nmov_i64 g0, u', 'qemu_ld_i64 g0, g1, b32, 0'));
  test('a sign-extending load does', () => becomes('qemu_ld_i64 t, g1, b8.s, 0\nextract_i64 u, t, 0, 32\nmov_i64 g0, u',
    'qemu_ld_i64 t0, g1, b8.s, 0', 'extract_i64 g0, t0, 0, 32'));
  test('a mask that changes nothing goes', () => becomes('extract_i64 t, g1, 0, 8\nand_i64 g0, t, $0xfff', 'extract_i64 g0, g1, 0, 8'));
  test('the sign of a small number is 0', () => becomes('extract_i64 t, g1, 0, 8\nsextract_i64 g0, t, 0, 32', 'extract_i64 g0, g1, 0, 8'));
  test('a small number is less than a large one', () => becomes('extract_i64 t, g1, 0, 8\nsetcond_i64 g0, t, $0x100, ltu', 'mov_i64 g0, $1'));
  test('an extract of the field just deposited is the value', () => becomes('deposit_i64 g1, g1, g2, 8, 8\nextract_i64 g0, g1, 8, 8',
    'deposit_i64 g1, g1, g2, 8, 8', 'extract_i64 g0, g2, 0, 8'));
  test('an extract beside it is the rest', () => becomes('deposit_i64 t, g1, g2, 0, 8\nextract_i64 g0, t, 8, 8', 'extract_i64 g0, g1, 8, 8'));
  test('extracts of shifts and extracts are one', () => becomes('shr_i64 t, g1, $4\nextract_i64 u, t, 4, 32\nextract_i64 g0, u, 8, 8', 'extract_i64 g0, g1, 16, 8'));
  test('narrow and wide again is an extract', () => {
    becomes('extrl_i64_i32 t, g1\nextu_i32_i64 g0, t', 'extract_i64 g0, g1, 0, 32');
    becomes('extrl_i64_i32 t, g1\next_i32_i64 g0, t', 'sextract_i64 g0, g1, 0, 32');
    becomes('extu_i32_i64 t, w1\nextrl_i64_i32 w0, t', 'mov_i32 w0, w1');
  });
  test('a value that changed since is not looked through', () => becomes('extrl_i64_i32 t, g1\nmov_i64 g1, g2\nextu_i32_i64 g0, t',
    'extrl_i64_i32 t0, g1', 'mov_i64 g1, g2', 'extu_i32_i64 g0, t0'));
});

describe('wanted bits', () => {
  test('an extension before an addition of fewer bits goes', () => becomes('extract_i64 t, g1, 0, 32\nadd_i64 u, t, g2\nextract_i64 g0, u, 0, 32',
    'mov_i64 t0, g1', 'add_i64 t1, t0, g2', 'extract_i64 g0, t1, 0, 32'));
  test('a byte store wants 8 bits', () => becomes('extract_i64 t, g1, 0, 16\nqemu_st_i64 t, g2, b8, 0', 'qemu_st_i64 g1, g2, b8, 0'));
  test('of a product whose upper half is not wanted, the lower half is computed', () => becomes('mulu2_i64 t, u, g1, g2\nmov_i64 g0, t', 'mul_i64 g0, g1, g2'));
  test('and the other way round', () => becomes('muls2_i64 t, u, g1, g2\nmov_i64 g0, u', 'mulsh_i64 g0, g1, g2'));
});

describe('comparisons', () => {
  const branch = (text: string, ...expected: string[]) => becomes(`${text}\nmov_i64 g0, $1\nset_label L0`, ...expected, 'mov_i64 g0, $1', 'set_label L0');
  test('a branch on a truth value is a branch on the comparison', () => branch('setcond_i64 t, g1, g2, ltu\nbrcond_i64 t, $0, eq, L0', 'brcond_i64 g1, g2, geu, L0'));
  test('a branch on a masked value is a test', () => branch('and_i64 t, g1, $64\nbrcond_i64 t, $0, ne, L0', 'brcond_i64 g1, $64, tstne, L0'));
  test('a branch on a bit is a test', () => branch('extract_i64 t, g1, 6, 1\nbrcond_i64 t, $0, ne, L0', 'brcond_i64 g1, $64, tstne, L0'));
  test('a branch on a difference compares', () => branch('sub_i64 t, g1, g2\nbrcond_i64 t, $0, eq, L0', 'brcond_i64 g1, g2, eq, L0'));
  test('not if an operand changed since', () => branch('sub_i64 t, g1, g2\nmov_i64 g1, g3\nbrcond_i64 t, $0, eq, L0',
    'sub_i64 t0, g1, g2', 'mov_i64 g1, g3', 'brcond_i64 t0, $0, eq, L0'));
  test('a branch that is never taken goes, with its label', () => becomes('brcond_i64 $1, $2, eq, L0\nmov_i64 g0, $1\nset_label L0', 'mov_i64 g0, $1'));
  test('a branch that is always taken takes the code between with it', () => becomes('brcond_i64 $1, $1, eq, L0\nmov_i64 g0, $1\nset_label L0'));
});

describe('dead code and copies', () => {
  test('the result is computed in place', () => becomes('add_i64 t, g1, g2\nmov_i64 g0, t', 'add_i64 g0, g1, g2'));
  test('reads in between follow', () => becomes('add_i64 t, g1, g2\nxor_i64 u, t, g3\nmov_i64 g0, t\nmov_i64 g4, u', 'add_i64 g0, g1, g2', 'xor_i64 g4, g0, g3'));
  test('reads after the copy read the copy', () => becomes('add_i64 t, g1, g2\nmov_i64 g0, t\nextract_i64 u, t, 0, 32\nmov_i64 g1, u', 'add_i64 g0, g1, g2', 'extract_i64 g1, g0, 0, 32'));
  test('unless the destination changes before', () => becomes('add_i64 t, g1, g2\nmov_i64 g0, t\nqemu_st_i64 g3, g4, b64, 0\nmov_i64 g0, g5\nmov_i64 g1, t',
    'add_i64 t0, g1, g2', 'mov_i64 g0, t0', 'qemu_st_i64 g3, g4, b64, 0', 'mov_i64 g0, g5', 'mov_i64 g1, t0'));
  test('or a helper may change it', () => becomes('add_i64 t, g1, g2\nmov_i64 g0, t\ncall bump, $4096, g2\nmov_i64 g1, t',
    'add_i64 t0, g1, g2', 'mov_i64 g0, t0', 'call bump, $0x1000, g2', 'mov_i64 g1, t0'));
  test('or it is read behind a label', () => becomes('add_i64 t, g1, g2\nmov_i64 g0, t\nbrcond_i64 g3, g4, eq, L0\nmov_i64 g0, g5\nset_label L0\nmov_i64 g1, t',
    'add_i64 t0, g1, g2', 'mov_i64 g0, t0', 'brcond_i64 g3, g4, eq, L0', 'mov_i64 g0, g5', 'set_label L0', 'mov_i64 g1, t0'));
  test('not past a read of the destination', () => becomes('add_i64 t, g1, g2\nmov_i64 g3, g0\nmov_i64 g0, t', 'add_i64 t0, g1, g2', 'mov_i64 g3, g0', 'mov_i64 g0, t0'));
  test('not past an op that may fault: the old value is needed there', () => becomes('add_i64 t, g1, g2\nqemu_st_i64 g3, g4, b64, 0\nmov_i64 g0, t',
    'add_i64 t0, g1, g2', 'qemu_st_i64 g3, g4, b64, 0', 'mov_i64 g0, t0'));
  test('a global written twice is written once', () => becomes('mov_i64 g0, g1\nmov_i64 g0, g2', 'mov_i64 g0, g2'));
  test('flags die if overwritten before they can be seen', () => becomes(
    'add_i64 t, g1, g2\nmov_i64 g6, g2\nmov_i64 g7, t\nmov_i64 g1, t\nmov_i32 w0, $3\nsub_i64 u, g1, g3\nmov_i64 g6, g3\nmov_i64 g7, u\nmov_i64 g1, u\nmov_i32 w0, $7',
    'add_i64 g1, g1, g2', 'sub_i64 g1, g1, g3', 'mov_i64 g6, g3', 'mov_i64 g7, g1', 'mov_i32 w0, $7'));
  test('but not if a load between may fault', () => expect(optimised('mov_i64 g7, g1\nqemu_ld_i64 g2, g3, b64, 0\nmov_i64 g7, g4')).toHaveLength(3));
  test('a value that is there already is not written again', () => becomes('mov_i32 w0, $3\nqemu_st_i64 g3, g4, b64, 0\nmov_i32 w0, $3', 'mov_i32 w0, $3', 'qemu_st_i64 g3, g4, b64, 0'));
  test('a global dead on one path is alive on the other', () => becomes('mov_i64 g0, g1\nbrcond_i64 g2, g3, eq, L0\nmov_i64 g0, g4\nset_label L0',
    'mov_i64 g0, g1', 'brcond_i64 g2, g3, eq, L0', 'mov_i64 g0, g4', 'set_label L0'));
  test('an unused pure helper is not called, one that may fault is', () => {
    becomes('call mix, t, g0, w0');
    becomes('call check, $4096, w0', 'call check, $0x1000, w0');
  });
  test('a helper that may write globals ends what is known of them', () => becomes('mov_i64 g0, $1\ncall bump, $4096, g2\nadd_i64 g1, g0, $1',
    'mov_i64 g0, $1', 'call bump, $0x1000, g2', 'add_i64 g1, g0, $1'));
  test('a branch to the next op goes', () => becomes('brcond_i64 g0, g1, eq, L0\nmov_i64 t, g2\nset_label L0\nmov_i64 g0, g3', 'mov_i64 g0, g3'));
  test('two ways to a value that nobody wants go', () => becomes(
    'brcond_i64 g0, g1, eq, L0\nmov_i64 t, g2\nbr L1\nset_label L0\nadd_i64 t, g2, g3\nset_label L1\nmov_i64 g0, g3', 'mov_i64 g0, g3'));
  test('a constant displacement is added once', () => becomes('add_i64 t, g1, $8\nadd_i64 u, t, $-4\nqemu_ld_i64 g0, u, b64, 0', 'add_i64 t0, g1, $4', 'qemu_ld_i64 g0, t0, b64, 0'));
});

test('instructions in code that is never reached still count', () => {
  const { ir } = machine;
  ir.reset();
  parseIr('insn_start 0, 0, 0\nbr L0\ninsn_start 1, 0, 0\nmov_i64 g0, g1\nset_label L0\ninsn_start 2, 0, 0\nexit_tb 0', ir);
  optimiser.run(ir);
  expect(printIr(ir).match(/insn_start/g)).toHaveLength(3);
});

describe('discard', () => {
  test('what was written before and is not read until then is not computed', () => becomes('add_i64 g0, g1, g2\ndiscard_i64 g0'));
  test('a copy taken before has the value', () => {
    becomes('add_i64 g0, g1, g2\nmov_i64 t0, g0\ndiscard_i64 g0\nmov_i64 g3, t0', 'add_i64 g0, g1, g2', 'mov_i64 g3, g0');
  });
  test('another way keeps what was written', () => {
    becomes('add_i64 g0, g1, g2\nbrcond_i64 g1, $0, eq, L0\ndiscard_i64 g0\nset_label L0', 'add_i64 g0, g1, g2');
  });
});
