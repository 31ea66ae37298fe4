/** Time of a floating-point helper called from Wasm, as translated code calls it: `pnpm bench softfloat`. */
import { I32, ModuleBuilder } from '@emu/wasm';
import { leastCpuNs } from '../../../../tools/dev/cpu-ns.ts';
import { OperandKind } from './x87-operand.ts';
import { SoftFpu, type Helper } from './testing/soft-fpu.ts';

const CALLS = 2_000_000;
const ROUNDS = 7;

/** A loop of `CALLS` calls with constant arguments after `env`. */
function caller(soft: SoftFpu, helper: Helper, args: readonly number[], results: number): () => void {
  const m = new ModuleBuilder();
  const callee = m.importFunc('env', 'helper', [I32, ...args.map(() => I32)] as typeof I32[], results ? [I32] : []);
  const f = m.func({ params: [I32] });
  const count = f.local(I32);
  f.i32Const(CALLS);
  f.localSet(count);
  const loop = f.loop();
  f.localGet(0);
  for (const arg of args) f.i32Const(arg);
  f.call(callee);
  if (results) f.drop();
  f.localGet(count);
  f.i32Const(1);
  f.i32Sub();
  f.localTee(count);
  f.brIf(loop);
  f.end();
  f.end();
  m.exportFunc('run', f);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { env: { helper } });
  return () => (instance.exports['run'] as (env: number) => void)(soft.env);
}

const soft = new SoftFpu();
const reset = (a: number, b: number): void => {
  soft.fpu.fcw = 0x37f;
  soft.mxcsr = 0x1f80;
  soft.arena.f64[soft.operand >> 3] = 1e-3;
  soft.fpu.fsw = 0;
  soft.fpu.top = 0;
  soft.fpu.valid = 0xff;
  [a, b].forEach((x, i) => {
    const at = soft.env + soft.layout.fpu + 16 * i;
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, x);
    const raw = bits.getBigUint64(0);
    soft.arena.u64[at >> 3] = 1n << 63n | (raw << 11n);
    soft.arena.f64[soft.xmm(i) >> 3] = x;
    soft.arena.u16[(at + 8) >> 1] = Number(raw >> 52n & 0x7ffn) + 16383 - 1023;
  });
};
type Row = readonly [title: string, helper: string, args: readonly number[], results: number, a: number, b: number];
const rows: readonly Row[] = [
  ['fincstp (the call itself)', 'fincstp', [], 0, 1, 1],
  ['fxch st(1)', 'fxch', [1], 0, 1, 2],
  ['fcom st(1)', 'fcom', [1, 0, 0], 0, 1, 2],
  ['fst st(1)', 'fst_st', [1, 0], 0, 1, 2],
  ['fst m64fp, first step', 'fst_m', [OperandKind.M64FP], 1, 1.1, 2],
  ['fadd st, st(1)', 'fadd', [0, 1, 0], 0, 1.25, 1e-3],
  ['fadd st(1), st', 'fadd', [1, 0, 0], 0, 1.25, 1e-3],
  ['fsub st, st(1)', 'fsub', [0, 1, 0], 0, 1e6, 1e-3],
  ['fmul st, st(1)', 'fmul', [0, 1, 0], 0, 1.7, 1.0000001],
  ['fadd m64fp', 'fadd_m', [OperandKind.M64FP], 0, 1.7, 1],
  ['fdiv st, st(1)', 'fdiv', [0, 1, 0], 0, 1.7, 1.0000001],
  ['fsqrt', 'fsqrt', [], 0, 1.7, 1],
  ['addsd', 'addsd', [soft.xmm(0), soft.xmm(0), soft.xmm(1)], 1, 1, 1],
  ['mulsd', 'mulsd', [soft.xmm(0), soft.xmm(0), soft.xmm(1)], 1, 1, 1],
  ['addps', 'addps', [soft.xmm(0), soft.xmm(0), soft.xmm(1)], 1, 1, 1],
];

export function bench(): { name: string; value: number; unit: string }[] {
  return rows.map(([title, name, args, results, a, b]) => {
    reset(a, b);
    return { name: `x86: ${title}`, value: leastCpuNs(ROUNDS, caller(soft, soft.helpers[name]!, args, results)) / CALLS, unit: 'ns' };
  });
}
