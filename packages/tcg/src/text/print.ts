/**
 * IR as text, one op a line: name, type, then outputs, inputs and immediates in the row's order.
 *
 *     insn_start 0, 0, 0
 *     add_i64 t0, rax, $0x10
 *     brcond_i64 t0, $0, ltu, L0
 *
 * Globals have their names, locals are numbered as they appear, constants begin with `$` (floats and vectors by their bits), `#` begins a comment.
 */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op, OP_NAMES, ROWS } from '../ops.ts';
import { Type, TYPE_NAMES } from '../types.ts';
import { IMMEDIATES } from './immediates.ts';

/** The whole TB. */
export function printIr(ir: Ir): string {
  const names = new Map<Temp, string>();
  let text = '';
  for (let i = 0; i < ir.length; i++) text += `${printOp(ir, i, names)}\n`;
  return text;
}

/** One op. `names` remembers what locals are called. */
export function printOp(ir: Ir, i: number, names = new Map<Temp, string>()): string {
  const op = ir.op[i]!, row = ROWS[op];
  if (!row) return `op${op}`;
  if (op === Op.call) return printCall(ir, i, names);
  let p = i * STRIDE;
  const operands = [...row.outs, ...row.ins].map(() => tempText(ir, ir.args[p++]!, names));
  operands.push(...row.imms.map((kind) => IMMEDIATES[kind].print(ir.args[p++]!, ir)));
  const name = row.types.length ? `${OP_NAMES[op]}_${TYPE_NAMES[ir.type[i]!]}` : OP_NAMES[op]!;
  return [name, operands.join(', ')].filter(Boolean).join(' ');
}

/** Helper, result if it has one, arguments. */
function printCall(ir: Ir, i: number, names: Map<Temp, string>): string {
  const [output, index, first, n] = ir.args.subarray(i * STRIDE, i * STRIDE + 4) as unknown as [number, number, number, number];
  const args = [...ir.callArgs.subarray(first, first + n)];
  const temps = (output >= 0 ? [output, ...args] : args).map((t) => tempText(ir, t, names));
  return `call ${[ir.helpers[index]?.name ?? `helper${index}`, ...temps].join(', ')}`;
}

function tempText(ir: Ir, t: Temp, names: Map<Temp, string>): string {
  if (t < 0 || t >= ir.tempCount) return `temp${t}`;
  if (ir.tempKind[t] === Kind.GLOBAL) return ir.globalNames[t]!;
  if (ir.tempKind[t] === Kind.CONST) return constantText(ir, t);
  let name = names.get(t);
  if (name === undefined) names.set(t, (name = `t${names.size}`));
  return name;
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
const short = (digits: string): string => `$0x${digits.replace(/^0+(?=.)/, '')}`;

function constantText(ir: Ir, t: Temp): string {
  const lo = ir.tempLo[t]!, hi = ir.tempHi[t]!;
  switch (ir.tempType[t]) {
    case Type.i32: return Math.abs(lo) < 256 ? `$${lo}` : short(hex(lo));
    case Type.i64: return hi === lo >> 31 && Math.abs(lo) < 256 ? `$${lo}` : short(hex(hi) + hex(lo));
    case Type.f32: return short(hex(lo));
    case Type.f64: return short(hex(hi) + hex(lo));
    default: return short([...ir.v128Pool.subarray(lo * 16, lo * 16 + 16)].reverse().map((b) => b.toString(16).padStart(2, '0')).join(''));
  }
}
