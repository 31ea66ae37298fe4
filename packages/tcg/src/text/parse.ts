/** Reads the text that `print.ts` describes. Tests are written in it. Every mistake is an `IrError` with its line. */
import { IrError } from '../errors.ts';
import { STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op, OP_NAMES, operandType, ROWS } from '../ops.ts';
import type { OpName } from '../ops.ts';
import { Type, TYPE_BITS, TYPE_NAMES } from '../types.ts';
import type { TypeName } from '../types.ts';
import { IMMEDIATES } from './immediates.ts';

/** Appends the ops in `text` to `ir`, whose globals and helpers it may name. A local gets its type where it is written first. */
export function parseIr(text: string, ir: Ir): void {
  const parser = new Parser(ir);
  text.split('\n').forEach((line, n) => {
    try {
      parser.line(line.replace(/#.*/, '').trim());
    } catch (e) {
      throw e instanceof IrError ? new IrError(`IR line ${n + 1}, "${line.trim()}": ${e.message}`) : e;
    }
  });
}

class Parser {
  readonly #ir: Ir;
  readonly #locals = new Map<string, Temp>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  line(line: string): void {
    if (line === '') return;
    const space = line.search(/\s|$/);
    const operands = line.slice(space).trim();
    this.#op(line.slice(0, space), operands === '' ? [] : operands.split(',').map((s) => s.trim()));
  }

  #op(mnemonic: string, operands: string[]): void {
    const { op, type } = findOp(mnemonic);
    if (op === Op.call) return this.#call(operands);
    const { outs, ins, imms } = ROWS[op]!;
    const wanted = [...outs, ...ins, ...imms];
    if (operands.length !== wanted.length) throw new IrError(`${mnemonic} has ${wanted.length} operands (${wanted.join(', ')}), not ${operands.length}`);
    const values = operands.map((text, i) => {
      if (i < outs.length) return this.#output(text, operandType(outs[i]!, type));
      if (i < outs.length + ins.length) return this.#input(text, operandType(ins[i - outs.length]!, type));
      return IMMEDIATES[imms[i - outs.length - ins.length]!].parse(text, this.#ir);
    });
    this.#noteLabels(imms, values.slice(outs.length + ins.length));
    const p = this.#ir.emit(op, type);
    values.forEach((value, i) => { this.#ir.args[p + i] = value; });
  }

  #noteLabels(imms: readonly string[], values: number[]): void {
    imms.forEach((kind, i) => {
      if (kind === 'label') this.#ir.labelCount = Math.max(this.#ir.labelCount, values[i]! + 1);
    });
  }

  #call([name, ...operands]: string[]): void {
    const ir = this.#ir, helper = ir.helpers.find((h) => h.name === name);
    if (!helper) throw new IrError(`there is no helper "${name}"; declare it in the registry first`);
    const result = helper.resultType < 0 ? 0 : 1;
    if (operands.length !== result + helper.params.length) {
      throw new IrError(`helper ${helper.name} takes ${result ? 'a result and ' : ''}${helper.params.length} arguments (${helper.params.join(', ')}), not ${operands.length} operands`);
    }
    const args = helper.paramTypes.map((type, i) => this.#input(operands[result + i]!, type));
    const fresh = ir.call(helper, ...args);
    if (result) ir.args[(ir.length - 1) * STRIDE] = this.#output(operands[0]!, helper.resultType as Type, fresh);
  }

  /** @param fresh a temp to use for a new local. */
  #output(text: string, type: Type, fresh = -1): Temp {
    if (text.startsWith('$')) throw new IrError(`the constant ${text} cannot be written`);
    const known = this.#named(text);
    if (known >= 0) return this.#typed(text, known, type);
    if (!/^[A-Za-z_]\w*$/.test(text)) throw new IrError(`"${text}" is not a name of a temp`);
    const t = fresh >= 0 ? fresh : this.#ir.temp(type);
    this.#locals.set(text, t);
    return t;
  }

  #input(text: string, type: Type): Temp {
    if (text.startsWith('$')) return this.#constant(text.slice(1), type);
    const t = this.#named(text);
    if (t < 0) throw new IrError(`"${text}" is read but was not written before and is no global (${this.#ir.globalNames.join(' ')})`);
    return this.#typed(text, t, type);
  }

  #named(text: string): Temp {
    const global = this.#ir.globalNames.indexOf(text);
    return global >= 0 ? global : this.#locals.get(text) ?? -1;
  }

  #typed(text: string, t: Temp, type: Type): Temp {
    const actual = this.#ir.tempType[t]!;
    if (actual !== type) throw new IrError(`${text} is ${TYPE_NAMES[actual]}, but the operand is ${TYPE_NAMES[type]}; convert it`);
    return t;
  }

  #constant(text: string, type: Type): Temp {
    const ir = this.#ir, v = new DataView(new ArrayBuffer(16)), word = (i: number) => v.getInt32(4 * i, true);
    if ((type === Type.f32 || type === Type.f64) && !text.startsWith('0x')) {
      if (text === '' || Number.isNaN(Number(text))) throw new IrError(`$${text} is not a number`);
      if (type === Type.f32) v.setFloat32(0, Number(text), true);
      else v.setFloat64(0, Number(text), true);
      return ir.constFloat(type, word(0), word(1));
    }
    const value = integerOf(text, TYPE_BITS[type]);
    v.setBigUint64(0, BigInt.asUintN(64, value), true);
    v.setBigUint64(8, BigInt.asUintN(64, value >> 64n), true);
    switch (type) {
      case Type.i32: return ir.const32(word(0));
      case Type.i64: return ir.const64(word(0), word(1));
      case Type.v128: return ir.constV128(word(0), word(1), word(2), word(3));
      default: return ir.constFloat(type, word(0), word(1));
    }
  }
}

function integerOf(text: string, bits: number): bigint {
  const match = /^(-?)(\d+|0x[0-9a-f]+)$/i.exec(text);
  if (!match) throw new IrError(`$${text} is not a whole number`);
  const magnitude = BigInt(match[2]!), value = match[1] ? -magnitude : magnitude;
  if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1))) throw new IrError(`$${text} does not fit ${bits} bits`);
  return value;
}

/** `add_i64` is add with T = i64; `ext_i32_i64` is all name. */
function findOp(mnemonic: string): { op: number; type: Type } {
  const whole = Op[mnemonic as OpName];
  if (whole !== undefined && ROWS[whole]!.types.length === 0) return { op: whole, type: Type.i32 };
  const at = mnemonic.lastIndexOf('_'), name = mnemonic.slice(0, at), suffix = mnemonic.slice(at + 1) as TypeName;
  const op = at < 0 ? undefined : Op[name as OpName];
  if (op === undefined || !TYPE_NAMES.includes(suffix)) {
    if (whole !== undefined) throw new IrError(`${mnemonic} needs a type: ${ROWS[whole]!.types.map((t) => `${mnemonic}_${t}`).join(' or ')}`);
    throw new IrError(`there is no op "${mnemonic}"${suggestion(mnemonic)}; docs/ops.md lists them`);
  }
  const { types } = ROWS[op]!;
  if (!types.includes(suffix)) throw new IrError(`${name} has no type ${suffix}; it has ${types.join(', ') || 'none'}`);
  return { op, type: Type[suffix] };
}

function suggestion(mnemonic: string): string {
  const name = mnemonic.replace(/_(i32|i64|v128|f32|f64)$/, '');
  const near = OP_NAMES.filter((n) => n.startsWith(name) || name.startsWith(n)).slice(0, 3);
  return near.length ? ` (near: ${near.join(' ')})` : '';
}
