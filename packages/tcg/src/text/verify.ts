/**
 * Checks that a TB is well-formed: known ops and types, operands of the right kind and type, immediates in range, labels defined once
 * and branched to forwards only, locals written before they are read on every path, helpers called as declared, control leaving at the end.
 * Slow; for tests, and for finding out which of guest and back end is wrong.
 */
import { IrError } from '../errors.ts';
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op, OP_NAMES, operandType, ROWS } from '../ops.ts';
import type { Row } from '../ops.ts';
import { MemOp, Type, TYPE_BITS, TYPE_NAMES } from '../types.ts';
import { IMMEDIATES } from './immediates.ts';
import { printOp } from './print.ts';

/** Throws an `IrError` that names the first op that is wrong, what is wrong, and what to do. */
export function verifyIr(ir: Ir): void {
  new Verifier(ir).run();
}

const UNDEFINED = -1;

class Verifier {
  readonly #ir: Ir;
  #at = 0;
  /** Locals that have a value here on every path; null where control does not come. */
  #written: Set<Temp> | null = new Set();
  /** Locals written at each branch to a label that is still to come, and labels seen. */
  readonly #atLabel = new Map<number, Set<Temp>>();
  readonly #defined = new Set<number>();
  readonly #slots = new Set<number>();
  #lastOffset = UNDEFINED;

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  run(): void {
    const ir = this.#ir;
    for (this.#at = 0; this.#at < ir.length; this.#at++) this.#op();
    this.#at = ir.length - 1;
    if (this.#written) this.#fail('control runs off the end; end the TB with goto_tb, lookup_and_goto_ptr or exit_tb');
    const missing = [...this.#atLabel.keys()][0];
    if (missing !== undefined) this.#fail(`label L${missing} is branched to but does not follow; labels are branched to forwards only`);
  }

  #fail(why: string): never {
    const where = this.#at >= 0 ? `IR op ${this.#at}, "${printOp(this.#ir, this.#at)}"` : 'IR';
    throw new IrError(`${where}: ${why}`);
  }

  #op(): void {
    const ir = this.#ir, op = ir.op[this.#at]!, row = ROWS[op], type = ir.type[this.#at] as Type;
    if (!row) this.#fail(`opcode ${op} is none; the last is ${ROWS.length - 1}`);
    if (row.types.length && !row.types.includes(TYPE_NAMES[type]!)) this.#fail(`${OP_NAMES[op]} has no type ${TYPE_NAMES[type] ?? type}; it has ${row.types.join(', ')}`);
    if (row.flags.mayFault && this.#lastOffset === UNDEFINED) this.#fail('it may fault, but no insn_start comes before it');
    if (op === Op.call) return this.#call();
    const p = this.#at * STRIDE, ins = p + row.outs.length, imms = ins + row.ins.length;
    row.ins.forEach((kind, i) => this.#read(ir.args[ins + i]!, operandType(kind, type), `input ${i + 1}`));
    row.imms.forEach((kind, i) => {
      const why = IMMEDIATES[kind].check(ir.args[imms + i]!, ir, widthOf(row, type), laneBits(op));
      if (why) this.#fail(why);
    });
    this.#together(op, row, imms, type);
    row.outs.forEach((kind, i) => this.#write(ir.args[p + i]!, operandType(kind, type), `output ${i + 1}`));
    if (row.flags.control || op === Op.insn_start) this.#control(op, p, imms);
  }

  /** What immediates must fulfil together. */
  #together(op: number, row: Row, imms: number, type: Type): void {
    const { args } = this.#ir;
    if (row.imms[0] === 'pos' && args[imms]! + args[imms + 1]! > TYPE_BITS[type]) this.#fail(`bits ${args[imms]} to ${args[imms]! + args[imms + 1]! - 1} are not in ${TYPE_BITS[type]} bits`);
    if (op === Op.qemu_st && args[imms]! & MemOp.SIGN) this.#fail('a store has no sign extension; leave out .s');
  }

  #control(op: number, p: number, imms: number): void {
    const { args } = this.#ir;
    switch (op) {
      case Op.insn_start: return this.#insnStart(args[p]!);
      case Op.set_label: return this.#label(args[p]!);
      case Op.br: case Op.brcond: this.#branch(args[op === Op.br ? imms : imms + 1]!); break;
      case Op.goto_tb:
        if (this.#slots.has(args[imms]!)) this.#fail(`slot ${args[imms]} is used twice; a TB has two, each for one target`);
        this.#slots.add(args[imms]!);
    }
    if (op !== Op.brcond) this.#written = null;
  }

  #insnStart(offset: number): void {
    if (offset <= this.#lastOffset) this.#fail(`pc offset ${offset} does not come after ${this.#lastOffset}`);
    this.#lastOffset = offset;
  }

  #branch(label: number): void {
    if (this.#defined.has(label)) this.#fail(`label L${label} comes before the branch; labels are branched to forwards only, a loop is a TB that goes to itself`);
    if (!this.#written) return;
    const there = this.#atLabel.get(label);
    this.#atLabel.set(label, both(there ?? this.#written, this.#written));
  }

  #label(label: number): void {
    if (this.#defined.has(label)) this.#fail(`label L${label} is there twice`);
    this.#defined.add(label);
    const there = this.#atLabel.get(label);
    this.#atLabel.delete(label);
    if (there) this.#written = both(this.#written ?? there, there);
  }

  #call(): void {
    const ir = this.#ir, [output, index, first, n] = ir.args.subarray(this.#at * STRIDE, this.#at * STRIDE + 4) as unknown as [number, number, number, number];
    const helper = ir.helpers[index];
    if (!helper) this.#fail(`there is no helper ${index}; set ir.helpers to the registry's`);
    if (n !== helper.params.length) this.#fail(`helper ${helper.name} takes ${helper.params.length} arguments (${helper.params.join(', ')}), not ${n}`);
    helper.paramTypes.forEach((type, i) => this.#read(ir.callArgs[first + i]!, type, `argument ${i + 1}`));
    if ((output >= 0) !== (helper.resultType >= 0)) this.#fail(`helper ${helper.name} returns ${helper.result}, which does not fit the output`);
    if (output >= 0) this.#write(output, helper.resultType as Type, 'result');
  }

  #read(t: Temp, type: Type, what: string): void {
    this.#temp(t, type, what);
    if (this.#ir.tempKind[t] === Kind.LOCAL && this.#written && !this.#written.has(t)) {
      this.#fail(`${what} is a local that is not written on every path to here; write it before the branches`);
    }
  }

  #write(t: Temp, type: Type, what: string): void {
    this.#temp(t, type, what);
    if (this.#ir.tempKind[t] === Kind.CONST) this.#fail(`${what} is a constant; write a local or global`);
    this.#written?.add(t);
  }

  #temp(t: Temp, type: Type, what: string): void {
    const ir = this.#ir;
    if (!(t >= 0 && t < ir.tempCount)) this.#fail(`${what} is temp ${t}, which is not one of the ${ir.tempCount} there are`);
    if (ir.tempType[t] !== type) this.#fail(`${what} is ${TYPE_NAMES[ir.tempType[t]!]}, not ${TYPE_NAMES[type]}; convert it`);
  }
}

const both = (a: Set<Temp>, b: Set<Temp>): Set<Temp> => new Set([...a].filter((t) => b.has(t)));

/** Width that immediates refer to: T's, or that of the guest value. */
const widthOf = (row: Row, type: Type): number => TYPE_BITS[row.types.length ? type : Type.v128];
const laneBits = (op: number): number => Number(/\d+$/.exec(OP_NAMES[op]!)?.[0] ?? 1);
