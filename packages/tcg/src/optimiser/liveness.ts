/**
 * The backward pass. For each temp it knows how many of its low bits anybody still wants: none is dead. An op nobody wants is removed; an
 * extension whose extra bits nobody wants is a copy; a copy of a local that dies there is made unnecessary by having its op write the
 * destination at once.
 *
 * Labels are branched to forwards only, so what is wanted at a label is known before any branch to it is seen: this is exact. Globals are
 * wanted in full wherever they can be observed: at exits, at ops that may fault, at helpers that read them. A global write is dead if another
 * comes first.
 */
import { Kind, STRIDE } from '../ir.ts';
import type { Ir, Temp } from '../ir.ts';
import { Op } from '../ops.ts';
import { REMOVED } from './folder.ts';
import { copyIfNarrow, highHalfOnly, lowHalfOnly } from './narrow.ts';
import { Class, CLASS, INS, OUTS } from './shape.ts';
import { SAME_BITS, wantedBits } from './wanted-bits.ts';

const RECORD = 6, TARGET = 0, COPY_AT = 1, COPY_END = 2, WAITING = 3, LAST_READ = 4, NEXT_WRITE = 5;

export class Liveness {
  #ir!: Ir;
  #refs!: Int32Array;
  /** Low bits wanted of each temp, 0 between runs; behind these, in rows of `#capacity`, what is wanted at each label. */
  #wanted = new Uint8Array(0);
  #capacity = 0;
  #rows = 0;
  /**
   * A record of each temp. About copies `mov d, t` seen whose t's defining op may write d instead: in t's record d + 1, the index of the op, and
   * that of the last read of t; in d's record t + 1. About all: the last read of a local that is wanted, the nearest write behind this
   * point. All 0 between runs.
   */
  #copies = new Int32Array(0);
  #waiting = new Int32Array(64);
  #waitingCount = 0;
  /** The op after this one that is left. */
  #following = -1;
  /** The op at hand; the nearest label, branch or exit behind it; the nearest call behind it that may write globals. */
  #at = 0;
  #barrier = 0;
  #clobber = 0;
  /** The nearest write behind the op at hand of what it writes itself; 0 is none. */
  #writeBehind = 0;

  run(ir: Ir, refs: Int32Array): void {
    this.#ir = ir;
    this.#refs = refs;
    if (ir.tempCount > this.#capacity || ir.labelCount >= this.#rows) this.#grow(ir.tempCount * 2, ir.labelCount * 2 + 8);
    this.#waitingCount = 0;
    this.#following = -1;
    this.#barrier = this.#clobber = ir.length;
    for (let i = ir.length - 1; i >= 0; i--) {
      const op = ir.op[i]!;
      if (op === REMOVED) continue;
      this.#at = i;
      const cls = CLASS[op]!;
      if (cls === Class.PURE) this.#pure(i, op);
      else if (cls === Class.FAULTING || cls === Class.EFFECT) this.#memory(i, op, cls);
      else if (cls === Class.CALL) this.#call(i);
      else if (cls === Class.DISCARD) this.#discard(i);
      else if (cls !== Class.INSN) this.#control(i, cls);
      if (ir.op[i] !== REMOVED) this.#following = i;
    }
    this.#waitingCount = 0;
    this.#wanted.fill(0, 0, ir.tempCount);
    this.#copies.fill(0, 0, ir.tempCount * RECORD);
  }

  #pure(i: number, op: number): void {
    const { args } = this.#ir, p = i * STRIDE, outs = OUTS[op]!;
    const d = this.#wanted[args[p]!]!;
    if (outs === 2) {
      const high = this.#wanted[args[p + 1]!]!;
      if (high === 0 && d !== 0 && lowHalfOnly(this.#ir, i)) return this.#pure(i, this.#ir.op[i]!);
      if (d === 0 && high !== 0 && highHalfOnly(this.#ir, i)) return this.#pure(i, this.#ir.op[i]!);
      if (d === 0 && high === 0) return this.#remove(i);
    } else if (d === 0) return this.#remove(i);
    if (outs === 1) copyIfNarrow(this.#ir, i, d);
    op = this.#ir.op[i]!;
    this.#outputs(i, p, OUTS[op]!);
    if (op === Op.mov) this.#mov(i, p, d);
    else this.#inputs(op, p, d);
  }

  #memory(i: number, op: number, cls: number): void {
    const p = i * STRIDE;
    this.#outputs(i, p, OUTS[op]!);
    if (cls === Class.FAULTING) this.#observe();
    this.#inputs(op, p, 64);
  }

  /** As a write of something that nobody wants. */
  #discard(i: number): void {
    this.#outputs(i, i * STRIDE, 1);
    this.#remove(i);
  }

  #call(i: number): void {
    const ir = this.#ir, { args } = ir, p = i * STRIDE, output = args[p]!, flags = ir.helpers[args[p + 1]!]!.flags;
    if (flags.noSideEffects && (output < 0 || this.#wanted[output] === 0)) return this.#remove(i);
    if (output >= 0) {
      const target = this.#copies[output * RECORD + TARGET]!;
      if (target !== 0) this.#forgetCopy(target - 1, output);
      this.#forgetWaitingFor(output);
      this.#wanted[output] = 0;
      this.#copies[output * RECORD + NEXT_WRITE] = i;
    }
    if (!flags.noWriteGlobals) this.#clobber = i;
    if (!flags.noFault || !flags.noReadGlobals) this.#observe();
    else if (!flags.noWriteGlobals) this.#forgetCopies();
    for (let k = args[p + 2]!, end = k + args[p + 3]!; k < end; k++) this.#want(ir.callArgs[k]!, 64);
  }

  #control(i: number, cls: number): void {
    const { args, globalCount, tempCount } = this.#ir, p = i * STRIDE;
    this.#forgetCopies();
    this.#barrier = i;
    switch (cls) {
      case Class.LABEL: return void this.#wanted.copyWithin(this.#row(args[p]!), 0, tempCount);
      case Class.BR:
        if (this.#isLabel(this.#following, args[p]!)) {
          this.#refs[args[p]!]!--;
          return this.#remove(i);
        }
        return void this.#wanted.copyWithin(0, this.#row(args[p]!), this.#row(args[p]!) + tempCount);
      case Class.BRCOND:
        this.#alsoWanted(args[p + 3]!); // where the branch does not go there may have been a discard
        if (this.#isLabel(this.#following, args[p + 3]!)) {
          this.#refs[args[p + 3]!]!--;
          return this.#remove(i);
        }
        this.#want(args[p]!, 64);
        return this.#want(args[p + 1]!, 64);
      case Class.EXIT:
        this.#wanted.fill(0, globalCount, tempCount);
        this.#wanted.fill(64, 0, globalCount);
    }
  }

  /** What is wanted at a label is wanted here too. */
  #alsoWanted(label: number): void {
    const wanted = this.#wanted, there = this.#row(label), { tempCount } = this.#ir;
    for (let t = 0; t < tempCount; t++) if (wanted[there + t]! > wanted[t]!) wanted[t] = wanted[there + t]!;
  }

  /** Where what is wanted at a label begins. */
  #row(label: number): number {
    return (label + 1) * this.#capacity;
  }

  /** Whether `label` is among the labels that stand together from op `i` on. */
  #isLabel(i: number, label: number): boolean {
    const { op, args, length } = this.#ir;
    for (; i >= 0 && i < length && (op[i] === Op.set_label || op[i] === REMOVED); i++) if (op[i] === Op.set_label && args[i * STRIDE] === label) return true;
    return false;
  }

  #remove(i: number): void {
    this.#ir.op[i] = REMOVED;
  }

  /** Every global can be seen here. */
  #observe(): void {
    this.#forgetCopies();
    this.#wanted.fill(64, 0, this.#ir.globalCount);
  }

  /** The op writes these: nothing before it is wanted of them, unless it is an input too. */
  #outputs(i: number, p: number, outs: number): void {
    const { args } = this.#ir, copies = this.#copies;
    for (let k = p; k < p + outs; k++) {
      if (copies[args[k]! * RECORD + WAITING] !== 0) this.#forgetWaitingFor(args[k]!);
      this.#noteWrite(i, args[k]!);
      this.#wanted[args[k]!] = 0;
    }
    for (let k = p; k < p + outs; k++) if (copies[args[k]! * RECORD + TARGET] !== 0) this.#redirect(i, k);
  }

  #noteWrite(i: number, t: Temp): void {
    this.#writeBehind = this.#copies[t * RECORD + NEXT_WRITE]!;
    this.#copies[t * RECORD + NEXT_WRITE] = i;
  }

  /** The op at `i` writes the destination of the copy at once; the copy goes, and reads between them change. */
  #redirect(i: number, at: number): void {
    const { op, args } = this.#ir, t = args[at]!, d = this.#copies[t * RECORD + TARGET]! - 1, end = this.#copies[t * RECORD + COPY_END]!;
    this.#forgetCopy(d, t);
    this.#remove(this.#copies[t * RECORD + COPY_AT]!);
    this.#noteWrite(i, d);
    args[at] = d;
    for (let j = i + 1; j <= end; j++) if (op[j] !== REMOVED) this.#rename(j, t, d);
  }

  #rename(j: number, from: Temp, to: Temp): void {
    const ir = this.#ir, { args } = ir, op = ir.op[j]!, p = j * STRIDE;
    if (op === Op.call) {
      for (let k = args[p + 2]!, end = k + args[p + 3]!; k < end; k++) if (ir.callArgs[k] === from) ir.callArgs[k] = to;
      return;
    }
    const first = p + OUTS[op]!;
    for (let k = first; k < first + INS[op]!; k++) if (args[k] === from) args[k] = to;
  }

  /** A copy that stays for now: the op that computes the local it copies may write the destination, if that can stand for the local until its last read. */
  #mov(i: number, p: number, d: number): void {
    const ir = this.#ir, copies = this.#copies, to = ir.args[p]!, from = ir.args[p + 1]!, r = from * RECORD;
    const end = ir.tempKind[from] === Kind.LOCAL && copies[r + TARGET] === 0 ? this.#lastRead(i, to, from) : -1;
    this.#want(from, d);
    if (end < 0) return;
    copies[r + TARGET] = to + 1;
    copies[r + COPY_AT] = i;
    copies[r + COPY_END] = end;
    copies[to * RECORD + WAITING] = from + 1;
    if (this.#waitingCount === this.#waiting.length) {
      const more = new Int32Array(this.#waitingCount * 2);
      more.set(this.#waiting);
      this.#waiting = more;
    }
    this.#waiting[this.#waitingCount++] = from;
  }

  /** The last op that reads local `from` after it was copied to `to`, if until then `to` keeps the value and control just goes on; else -1. */
  #lastRead(i: number, to: Temp, from: Temp): number {
    if (this.#wanted[from] === 0) return i;
    const last = this.#copies[from * RECORD + LAST_READ]!, write = this.#writeBehind;
    const clobbered = to < this.#ir.globalCount && this.#clobber < last;
    return last > this.#barrier || clobbered || (write !== 0 && write < last) ? -1 : last;
  }

  /** `d` low bits of the output are wanted (64 where there is none). */
  #inputs(op: number, p: number, d: number): void {
    const ir = this.#ir, first = p + OUTS[op]!, count = INS[op]!;
    if (SAME_BITS[op]) for (let k = 0; k < count; k++) this.#want(ir.args[first + k]!, d);
    else for (let k = 0; k < count; k++) this.#want(ir.args[first + k]!, wantedBits(ir, op, first, k, d));
  }

  #want(t: Temp, bits: number): void {
    if (this.#copies[t * RECORD + WAITING] !== 0) this.#forgetWaitingFor(t);
    if (this.#wanted[t] === 0) this.#copies[t * RECORD + LAST_READ] = this.#at;
    if (bits > this.#wanted[t]!) this.#wanted[t] = bits;
  }

  #forgetWaitingFor(d: Temp): void {
    const t = this.#copies[d * RECORD + WAITING]!;
    if (t !== 0) this.#forgetCopy(d, t - 1);
  }

  #forgetCopy(d: Temp, t: Temp): void {
    this.#copies[t * RECORD + TARGET] = 0;
    this.#copies[d * RECORD + WAITING] = 0;
  }

  #forgetCopies(): void {
    for (let k = 0; k < this.#waitingCount; k++) {
      const t = this.#waiting[k]!, d = this.#copies[t * RECORD + TARGET]!;
      if (d !== 0) this.#forgetCopy(d - 1, t);
    }
    this.#waitingCount = 0;
  }

  #grow(temps: number, labels: number): void {
    this.#capacity = Math.max(temps, this.#capacity);
    this.#rows = Math.max(labels, this.#rows);
    this.#wanted = new Uint8Array(this.#capacity * (this.#rows + 1));
    this.#copies = new Int32Array(this.#capacity * RECORD);
  }
}
