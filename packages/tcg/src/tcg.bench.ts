/**
 * Cost of building and optimising IR, per guest instruction: blocks of six instructions shaped like those of an x86-64 front end (lazy
 * flags, 32-bit results, address arithmetic). CPU time, best of several rounds. Run: `pnpm --filter @emu/tcg bench`.
 */
import { fileURLToPath } from 'node:url';
import { cpuNs } from '../../../tools/dev/cpu-ns.ts';
import { Cond, Ir, MemOp, Optimiser, Type } from './index.ts';
import type { Temp } from './index.ts';

const BLOCKS = 20_000;
const INSNS = 6;
const ROUNDS = 25;

interface Guest { ir: Ir; pc: Temp; r: Temp[]; ccOp: Temp; ccDst: Temp; ccSrc: Temp }

function guest(): Guest {
  const ir = new Ir();
  const global = (name: string, type: Type) => ir.global(name, type, 4096 + 16 * ir.globalCount);
  const pc = global('pc', Type.i64), r = Array.from({ length: 16 }, (_, i) => global(`r${i}`, Type.i64));
  const ccOp = global('cc_op', Type.i32), ccDst = global('cc_dst', Type.i64), ccSrc = global('cc_src', Type.i64);
  for (let i = 0; i < 16; i++) global(`v${i}`, Type.v128);
  return { ir, pc, r, ccOp, ccDst, ccSrc };
}

function flags({ ir, ccOp, ccDst, ccSrc }: Guest, op: number, dst: Temp, src: Temp): void {
  ir.set(ccSrc, src);
  ir.set(ccDst, dst);
  ir.set(ccOp, ir.const32(op));
}

/** mov eax, [rbx + rcx*4 + 16]; add eax, edx; mov [rsp + 8], rax; lea rdi, [rsi + rax]; and edi, 0xff; cmp rdi, r8; jb */
function block(g: Guest, n: number): void {
  const { ir, pc, r } = g;
  ir.reset();
  ir.insn_start(0, 1, 0);
  const at = ir.add(ir.add(r[3]!, ir.shl(r[1]!, ir.const64(2))), ir.const64(16 + (n & 7)));
  ir.set(r[0]!, ir.extract(ir.qemu_ld(Type.i64, at, MemOp.b32, 0), 0, 32));
  ir.insn_start(4, 1, 0);
  const sum = ir.add(r[0]!, r[2]!);
  ir.set(r[0]!, ir.extract(sum, 0, 32));
  flags(g, 9, sum, r[2]!);
  ir.insn_start(6, 9, 0);
  ir.qemu_st(r[0]!, ir.add(r[4]!, ir.const64(8)), MemOp.b64, 0);
  ir.insn_start(10, 9, 0);
  ir.set(r[7]!, ir.add(r[6]!, r[0]!));
  ir.insn_start(14, 9, 0);
  const masked = ir.and(r[7]!, ir.const64(0xff));
  ir.set(r[7]!, ir.extract(masked, 0, 32));
  flags(g, 13, masked, masked);
  ir.insn_start(17, 13, 0);
  flags(g, 17, ir.sub(r[7]!, r[8]!), r[8]!);
  const out = ir.newLabel();
  ir.brcond(r[7]!, r[8]!, Cond.geu, out);
  ir.set(pc, ir.add(pc, ir.const64(n & 63)));
  ir.goto_tb(0);
  ir.set_label(out);
  ir.set(pc, ir.add(pc, ir.const64(20)));
  ir.goto_tb(1);
}

/** `{ name, value, unit }` of each figure. */
export function bench(): { name: string; value: number; unit: string }[] {
  const g = guest(), optimiser = new Optimiser();
  let build = Infinity, both = Infinity, before = 0, after = 0;
  for (let round = 0; round < ROUNDS; round++) {
    build = Math.min(build, cpuNs(() => { for (let n = 0; n < BLOCKS; n++) block(g, n); }));
    before = g.ir.length;
    both = Math.min(both, cpuNs(() => {
      for (let n = 0; n < BLOCKS; n++) {
        block(g, n);
        optimiser.run(g.ir);
      }
    }));
    after = g.ir.length;
  }
  const perInsn = (ns: number) => ns / BLOCKS / INSNS;
  return [
    { name: 'tcg: building IR', value: perInsn(build), unit: 'ns/guest instruction' },
    { name: 'tcg: optimising IR', value: perInsn(both - build), unit: 'ns/guest instruction' },
    { name: 'tcg: IR ops before optimising', value: (before - INSNS) / INSNS, unit: '/guest instruction' },
    { name: 'tcg: IR ops after optimising', value: (after - INSNS) / INSNS, unit: '/guest instruction' },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, value, unit } of bench()) console.log(`${name}: ${value.toFixed(value < 20 ? 2 : 0)} ${unit}`);
}
