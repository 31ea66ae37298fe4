/**
 * The IR alone: reads IR text (a file, or an example), prints it as the optimiser leaves it, runs both on the reference interpreter and
 * prints the globals that changed. Globals are g0-g7 (i64), w0-w3 (i32), v0-v2, d0, d1, s0, s1; guest memory is 64 KiB at 0.
 * Try: pnpm --filter @emu/tcg play [file]
 */
import { readFileSync } from 'node:fs';
import { EXIT_NAMES, Optimiser, parseIr, printIr, verifyIr } from '@emu/tcg';
import type { Ir } from '@emu/tcg';
import { ReferenceBackend, TestMachine } from '@emu/tcg/testing';

const EXAMPLE = `
insn_start 0, 0, 0           # mov eax, [rbx]
qemu_ld_i64 t0, g3, b32, 0
extract_i64 t1, t0, 0, 32
mov_i64 g0, t1
insn_start 2, 0, 0           # add eax, 5
add_i64 t2, g0, $5
mov_i64 g6, $5               # flags: dead, the next instruction sets them again
mov_i64 g7, t2
extract_i64 t3, t2, 0, 32
mov_i64 g0, t3
insn_start 5, 0, 0           # sub eax, 2
sub_i64 t4, g0, $2
mov_i64 g6, $2
mov_i64 g7, t4
extract_i64 t5, t4, 0, 32
mov_i64 g0, t5
setcond_i64 t6, t4, $0, eq   # jz
brcond_i64 t6, $0, ne, L0
goto_tb 0
set_label L0
exit_tb 1
`;

const text = process.argv[2] ? readFileSync(process.argv[2], 'utf8') : EXAMPLE;
const machine = new TestMachine((setup) => new ReferenceBackend(setup));
const optimiser = new Optimiser();
const build = (ir: Ir): void => {
  parseIr(text, ir);
  verifyIr(ir);
};

machine.reset();
machine.arena.u8[machine.ram] = 39;
const plain = machine.run(build, (ir) => console.log(`${ir.length} ops:\n${printIr(ir)}`));
machine.reset();
machine.arena.u8[machine.ram] = 39;
const optimised = machine.run(build, (ir) => {
  optimiser.run(ir);
  console.log(`${ir.length} ops after optimising:\n${printIr(ir)}`);
});

for (const [title, outcome] of [['as written', plain], ['optimised', optimised]] as const) {
  const changed = Object.entries(outcome.globals).filter(([, v]) => typeof v === 'object' ? v.some((b) => b !== 0) : Number(v) !== 0);
  console.log(`${title}: left by ${EXIT_NAMES[outcome.exit]} ${outcome.detail}; ${changed.map(([name, v]) => `${name} = ${v}`).join(', ')}`);
}
