/**
 * The optimiser: one pass forwards, one backwards, then removed ops are squeezed out. Works in the IR's own arrays and allocates nothing per
 * op; one optimiser serves one `Ir` object for life.
 *
 * Forwards: copies and constants take the place of temps that hold them, and each op is simplified by its rule (`rules.ts`). Branches that
 * cannot be taken, code that cannot be reached and labels without branches go. Backwards: see `liveness.ts`.
 *
 * It relies on this: host loads and stores (`ld`, `st`) do not touch globals.
 */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op, operandType, ROWS } from '../ops.ts';
import { applyReference, constantValue } from '../reference-values.ts';
import { Type, TYPE_BITS } from '../types.ts';
import { foldBrcond, Verdict } from './compare.ts';
import { Folder, REMOVED } from './folder.ts';
import { Liveness } from './liveness.ts';
import { RULES } from './rules.ts';
import { Class, CLASS, INS, INTEGER, OUTS } from './shape.ts';

/** More than any rule makes. */
const CONSTANTS_PER_OP = 8;
const MOV = Op.mov;

export class Optimiser {
  readonly #folder = new Folder();
  readonly #liveness = new Liveness();
  /** Branches to each label. */
  #refs = new Int32Array(16);
  #ir!: Ir;

  /** Optimises the finished TB in `ir`. Its meaning stays, also at each op that may fault. */
  run(ir: Ir): void {
    this.#ir = this.#folder.ir = ir;
    if (ir.labelCount > this.#refs.length) this.#refs = new Int32Array(ir.labelCount * 2);
    this.#refs.fill(0, 0, ir.labelCount);
    this.#folder.facts.begin(ir, ir.length * CONSTANTS_PER_OP);
    this.#forwards();
    this.#folder.facts.end();
    this.#liveness.run(ir, this.#refs);
    this.#squeeze();
  }

  #forwards(): void {
    const { op: ops, args, length } = this.#ir;
    let reachable = true;
    for (let i = 0; i < length; i++) {
      const op = ops[i]!, cls = CLASS[op]!;
      if (!reachable && !(cls === Class.LABEL && this.#refs[args[i * STRIDE]!]! > 0)) {
        if (cls !== Class.INSN) ops[i] = REMOVED; // instructions are counted by position
        continue;
      }
      reachable = true;
      if (cls <= Class.FAULTING) this.#fold(i, op);
      else if (cls !== Class.INSN) reachable = this.#control(i, cls);
    }
  }

  /** Value and memory ops. */
  #fold(i: number, op: number): void {
    const ir = this.#ir, f = this.#folder, p = i * STRIDE, outs = OUTS[op]!, args = ir.args;
    this.#replaceInputs(p + outs, INS[op]!);
    if (op === MOV) return this.#copy(i, p);
    f.maskLo = f.maskHi = -1;
    RULES[op]?.(f, i, p, ir.type[i] as Type);
    if (INTEGER[op] && this.#constantInputs(p + outs, INS[op]!) && ir.op[i] === op) this.#foldByReference(i, op);
    if (ir.op[i] === MOV) return this.#copy(i, p);
    for (let k = 0; k < outs; k++) f.facts.write(i, args[p + k]!, f.maskLo, f.maskHi);
  }

  #copy(i: number, p: number): void {
    const { facts } = this.#folder, args = this.#ir.args, d = args[p]!, root = facts.root(args[p + 1]!);
    if (facts.root(d) === root) this.#ir.op[i] = REMOVED; // it has this value already
    else facts.copy(i, d, root);
  }

  #replaceInputs(first: number, count: number): void {
    const args = this.#ir.args;
    for (let k = first; k < first + count; k++) args[k] = this.#replacement(args[k]!);
  }

  /** Constants replace anything, and what a local is a copy of replaces the local. A global stays: it is in place already. */
  #replacement(t: Temp): Temp {
    const ir = this.#ir, kind = ir.tempKind[t];
    if (kind === Kind.CONST) return t;
    const root = this.#folder.facts.root(t);
    return kind === Kind.LOCAL || ir.tempKind[root] === Kind.CONST ? root : t;
  }

  #constantInputs(first: number, count: number): boolean {
    const ir = this.#ir;
    for (let k = first; k < first + count; k++) if (ir.tempKind[ir.args[k]!] !== Kind.CONST) return false;
    return true;
  }

  /** Rare ops: the slow reference function does it. Only with one output. */
  #foldByReference(i: number, op: number): void {
    const ir = this.#ir, row = ROWS[op]!, p = i * STRIDE, type = ir.type[i] as Type;
    if (row.outs.length !== 1) return;
    const ins = row.ins.map((_, k) => constantValue(ir, ir.args[p + 1 + k]!));
    const imms = row.imms.map((_, k) => ir.args[p + 1 + ins.length + k]!);
    const value = BigInt.asIntN(64, applyReference(row, type, ins, imms)[0] as bigint);
    this.#folder.constant(i, operandType(row.outs[0]!, type), Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(TYPE_BITS[Type.i32], value >> 32n)));
  }

  /** Calls and control ops. Returns whether the next op is reached. */
  #control(i: number, cls: number): boolean {
    const ir = this.#ir, p = i * STRIDE;
    switch (cls) {
      case Class.CALL: return this.#call(i, p);
      case Class.LABEL:
        if (this.#refs[ir.args[p]!] === 0) ir.op[i] = REMOVED;
        else this.#folder.facts.label(i);
        return true;
      case Class.BR:
        this.#refs[ir.args[p]!]!++;
        return false;
      case Class.BRCOND: return this.#brcond(i, p);
      case Class.DISCARD: // like a write: what was copied from it is not it any more. The backward pass uses the op up
        this.#folder.facts.write(i, ir.args[p]!, -1, -1);
        return true;
      default: return false;
    }
  }

  #brcond(i: number, p: number): boolean {
    const ir = this.#ir;
    this.#replaceInputs(p, 2);
    const verdict = foldBrcond(this.#folder, i);
    if (verdict === Verdict.FALSE) {
      ir.op[i] = REMOVED;
      return true;
    }
    const label = ir.args[p + 3]!;
    this.#refs[label]!++;
    if (verdict === Verdict.UNKNOWN) return true;
    ir.op[i] = Op.br;
    ir.args[p] = label;
    return false;
  }

  #call(i: number, p: number): boolean {
    const ir = this.#ir, { facts } = this.#folder, first = ir.args[p + 2]!, n = ir.args[p + 3]!;
    for (let k = first; k < first + n; k++) ir.callArgs[k] = this.#replacement(ir.callArgs[k]!);
    if (!ir.helpers[ir.args[p + 1]!]!.flags.noWriteGlobals) facts.clobberGlobals(i);
    if (ir.args[p]! >= 0) facts.write(i, ir.args[p]!, -1, -1);
    return true;
  }

  /** Moves the ops that are left together. */
  #squeeze(): void {
    const ir = this.#ir, { op, type, args } = ir;
    let to = 0;
    for (let i = 0; i < ir.length; i++) {
      if (op[i] === REMOVED || (op[i] === Op.set_label && this.#refs[args[i * STRIDE]!] === 0)) continue;
      if (to !== i) {
        op[to] = op[i]!;
        type[to] = type[i]!;
        const a = i * STRIDE, b = to * STRIDE;
        for (let k = 0; k < STRIDE; k++) args[b + k] = args[a + k]!;
      }
      to++;
    }
    ir.length = to;
  }
}
