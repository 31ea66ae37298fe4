/**
 * Sequences of cases that run without a dispatch in between. The bytecode stays what it is: only the case number of the first instruction
 * changes, so a branch into the middle still finds a whole instruction. Chosen by how often they are executed while a Linux kernel boots: the
 * first 300 M guest instructions take 1.2 s in the interpreter with them, 1.55 s without (Node 24, best of several).
 */
import { COND_NAMES } from '@emu/tcg';

const COMPARES = COND_NAMES.map((cond) => `brcond_i64_${cond}`);

/** By names of cases. Each beginning of two or more is a case of its own. */
export const FUSED_SEQUENCES: readonly (readonly string[])[] = [
  // the end of a TB: advance the pc and leave
  ['add_i64', 'goto_tb_0'],
  ['add_i64', 'goto_tb_1'],
  ['add_i64', 'lookup_and_goto_ptr'],
  // compare and branch: the operands of the lazy flags, which flags, the branch, and the way on
  ...COMPARES.flatMap((compare) => [
    ['mov_i64', 'mov_i32', compare, 'add_i64', 'goto_tb_1'],
    ['mov_i32', compare, 'add_i64', 'goto_tb_1'],
    [compare, 'add_i64', 'goto_tb_1'],
  ]),
  // address, then access; push and pop
  ['add_i64', 'qemu_ld_i64_3'],
  ['add_i64', 'qemu_ld_i64_0'],
  ['add_i64', 'qemu_ld_i64_2'],
  ['add_i64', 'qemu_st_i64_3'],
  ['qemu_ld_i64_3', 'add_i64'],
  ['qemu_st_i64_3', 'mov_i64'],
  // plain arithmetic
  ['mov_i64', 'mov_i64'],
  ['mov_i64', 'add_i64'],
  ['add_i64', 'add_i64'],
  ['add_i64', 'sub_i64'],
  ['extract_i64', 'sextract_i64'],
];

/** All beginnings of the sequences, shorter ones first, once each. */
export function fusedPrefixes(): string[][] {
  const prefixes = new Map<string, string[]>();
  for (const sequence of FUSED_SEQUENCES) {
    for (let n = 2; n <= sequence.length; n++) prefixes.set(sequence.slice(0, n).join(), sequence.slice(0, n));
  }
  return [...prefixes.values()].sort((a, b) => a.length - b.length);
}
