/**
 * The IR of a region: the TBs' IR one behind the other in one `Ir`, cut into basic blocks, with edges between them where control stays inside
 * the region. Reused from region to region.
 *
 * The pc costs nothing inside: TBs of a page follow each other in guest memory as they lie in physical memory, so each TB's pc is
 * the pc of its page (`base`) plus its offset there. A TB begins with `pc = base + offset`, which is removed where nobody looks, and the
 * pc's other uses in the TB become uses of `base`. This holds as long as no TB reads the pc after a helper has replaced it; one that
 * replaces it ends the TB.
 */
import { CPU_HEADER, HDR, Ir, Kind, Op, STRIDE, Type } from '@emu/tcg';
import type { Tb, Temp } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import { accessKey } from './access-functions.ts';
import { JitError } from './errors.ts';
import { INS, isGuestOp, OUTS } from './shape.ts';

/**
 * How a basic block ends: EXIT leaves the region by the op at `end`, LOOKUP does so unless the pc leads to one of its edges' TBs, FAULT ends with a call
 * of a helper that always raises.
 */
export const End = { BR: 0, BRCOND: 1, EXIT: 2, LOOKUP: 3, FAULT: 4 } as const;

/** A TB of the region, and where its ways out lead: indices of the region's TBs, or -1. */
export interface RegionTb {
  readonly tb: Tb;
  /** Its executions by the interpreter: how often it ran until it was compiled. */
  readonly count: number;
  readonly links: readonly [number, number];
  /** Where `lookup_and_goto_ptr` led last, or -1; and where else it may lead if it is a computed jump. */
  readonly latest: number;
  readonly others: readonly number[];
}

const PAGE = 4096;
const NO_BLOCK = -1;
/** Targets that a computed jump is compared with; more are found by their entries. */
const COMPARED = 3;
/** In `crossing`: not seen, seen in one block only, in several or written twice. */
const SEEN_NEVER = -1, CROSSING = -2;

export class RegionCode {
  readonly ir = new Ir();
  tbs: readonly RegionTb[] = [];
  /** Instruction (index in its TB) of each op. */
  insnOf = new Uint16Array(4096);
  /** The pc global, and the temp that holds the pc of the current page. */
  pc: Temp = -1;
  base: Temp = -1;

  /** Basic blocks: ops `start` to `end` - 1, then the op at `end` if `hasEnd`; kind of end; TB; whether the TB begins here. */
  blockCount = 0;
  readonly start: number[] = [];
  readonly end: number[] = [];
  readonly kind: number[] = [];
  readonly tbOf: number[] = [];
  readonly isHead: boolean[] = [];
  /** Edges of a block: `edgeTo[firstEdge ... + edgeCount - 1]`, the taken one of a BRCOND first. */
  readonly firstEdge: number[] = [];
  readonly edgeCount: number[] = [];
  readonly edgeTo: number[] = [];
  /** First block of each TB. */
  readonly headOf: number[] = [];
  /** Of LOOKUP blocks: whether a helper may have changed the rest of the key since the TB began. */
  readonly keyMayDiffer: boolean[] = [];
  /** Of LOOKUP blocks: the jump is computed and is known to lead to many TBs. Those of all such blocks. */
  readonly isSwitch: boolean[] = [];
  readonly switchTargets = new Set<number>();
  /** Helpers called, by index, and functions for guest memory ops, by `accessKey`. */
  readonly helpers = new Set<number>();
  readonly accesses = new Set<number>();

  /** By temp: the block that it is used in, or CROSSING: it lives across blocks or is written more than once. */
  crossing = new Int32Array(4096);
  /** Guest instructions and bytes of all TBs. */
  insns = 0;
  bytes = 0;

  #source!: Ir;
  #map = new Int32Array(4096);
  #labels: number[] = [];
  /** Edges that wait for a label of this TB: edge, label. */
  readonly #waiting: number[] = [];
  /** Edges to TBs not imported yet: edge, TB. */
  readonly #toTb: number[] = [];
  #index = 0;
  /** The pc global was written in this block, or on the way to it. */
  #pcWrittenHere = false;
  #pcWritten = false;
  /** The pc global was written last as `base + constant`: a jump to a place that never changes. */
  #pcIsStatic = false;
  #called = false;
  /** This block has changed the key. */
  #keyChanged = false;
  #header: HostPtr = 0;

  /** Begins a region; `source` is the IR that its TBs come in. */
  begin(source: Ir, header: HostPtr, tbs: readonly RegionTb[]): void {
    const ir = this.ir;
    if (ir.globalCount === 0) this.#declare(source, header);
    ir.reset();
    ir.helpers = source.helpers;
    this.#header = header;
    this.tbs = tbs;
    this.blockCount = this.insns = this.bytes = 0;
    for (const list of [this.start, this.end, this.kind, this.tbOf, this.firstEdge, this.edgeCount, this.edgeTo, this.headOf, this.#waiting, this.#toTb]) list.length = 0;
    this.isHead.length = this.keyMayDiffer.length = this.isSwitch.length = 0;
    this.switchTargets.clear();
    this.helpers.clear();
    this.accesses.clear();
    this.base = this.#newTemp(Type.i64);
    this.crossing[this.base] = CROSSING;
  }

  /** Adds TB `index` of the region, whose IR is in `source`. TBs are added in order. */
  add(index: number, source: Ir): void {
    const { tb } = this.tbs[index]!;
    this.#index = index;
    this.#source = source;
    this.#pcWritten = this.#pcWrittenHere = this.#called = false;
    this.insns += tb.icount;
    this.bytes += tb.size;
    if (source.tempCount > this.#map.length) this.#map = new Int32Array(source.tempCount * 2);
    this.#map.fill(-1, 0, source.tempCount);
    this.#labels = new Array<number>(source.labelCount).fill(NO_BLOCK);
    this.headOf[index] = this.#open(true);
    this.#emitPc(tb);
    let insn = -1, open = true;
    for (let i = 0; i < source.length; i++) {
      const op = source.op[i]!, p = i * STRIDE;
      if (op === Op.insn_start) insn++;
      else if (op === Op.set_label) {
        if (open) this.#edge(this.#close(End.BR), this.blockCount);
        open = true;
        this.#labels[source.args[p]!] = this.#open(false);
      } else if (op === Op.discard || !open) continue;
      else open = !this.#op(i, op, Math.max(0, insn));
    }
    if (open) throw new JitError(`The IR of TB ${tb.id} ends without leaving; end it with goto_tb, lookup_and_goto_ptr or exit_tb`);
    this.#resolveLabels(tb);
  }

  /** All TBs are added. */
  finish(): void {
    for (let i = 0; i < this.#toTb.length; i += 2) this.edgeTo[this.#toTb[i]!] = this.headOf[this.#toTb[i + 1]!]!;
  }

  /** Adds a copy of block `b`, whose edges lead where those of `b` do; returns its number. */
  copyBlock(b: number): number {
    const { ir, start, end, kind } = this, to = this.blockCount++, first = start[b]!, last = end[b]! + (kind[b] === End.BR || kind[b] === End.FAULT ? 0 : 1);
    const own = new Map<Temp, Temp>(), copyOf = (t: Temp): Temp => {
      if (t < ir.globalCount || ir.tempKind[t] === Kind.CONST || this.crossing[t] !== b) return t;
      if (!own.has(t)) {
        own.set(t, this.#newTemp(ir.tempType[t]! as Type));
        this.crossing[own.get(t)!] = to;
      }
      return own.get(t)!;
    };
    start[to] = ir.length;
    end[to] = ir.length + end[b]! - first;
    for (let i = first; i < last; i++) this.#copyOp(i, copyOf);
    for (const list of [kind, this.tbOf]) list[to] = list[b]!;
    for (const list of [this.isHead, this.keyMayDiffer, this.isSwitch]) list[to] = list[b]!;
    this.firstEdge[to] = this.edgeTo.length;
    this.edgeCount[to] = this.edgeCount[b]!;
    for (let e = 0; e < this.edgeCount[b]!; e++) this.edgeTo.push(this.edgeTo[this.firstEdge[b]! + e]!);
    return to;
  }

  #copyOp(i: number, copyOf: (t: Temp) => Temp): void {
    const { ir } = this, op = ir.op[i]!, p = this.#emit(op, ir.type[i]!, this.insnOf[i]!), operands = OUTS[op]! + INS[op]!, isCall = op === Op.call;
    for (let k = 0; k < STRIDE; k++) {
      const value = ir.args[i * STRIDE + k]!;
      ir.args[p + k] = value >= 0 && (isCall ? k === 0 : k < operands) ? copyOf(value) : value;
    }
    if (isCall) ir.args[p + 2] = this.#copyCallArgs(ir.callArgs, ir.args[p + 2]!, ir.args[p + 3]!, copyOf);
  }

  /** Whether a temp needs a place for the whole TB. */
  crosses(t: Temp): boolean {
    return this.crossing[t] === CROSSING;
  }

  /**
   * Whether the pc alone tells that LOOKUP block `b` leads to TB `to`: it is in the page of the block's own, and nothing can have changed the rest of the key or what
   * that page is. A TB that crosses into a page is looked up, since what that is may have changed before.
   */
  isNear(b: number, to: number): boolean {
    const { physPc } = this.tbs[this.tbOf[b]!]!.tb, { tb } = this.tbs[to]!, page = Math.floor(physPc / PAGE);
    return !this.keyMayDiffer[b] && Math.floor(tb.physPc / PAGE) === page && Math.floor((tb.physPc + tb.size - 1) / PAGE) === page;
  }

  #declare(source: Ir, header: HostPtr): void {
    for (let g = 0; g < source.globalCount; g++) {
      this.ir.global(source.globalNames[g]!, source.tempType[g]! as Type, source.tempLo[g]!);
      if (source.tempLo[g] === header + HDR.pc && source.tempType[g] === Type.i64) this.pc = g;
    }
    if (this.pc < 0) this.pc = this.ir.global('pc', Type.i64, header + HDR.pc);
    this.crossing.fill(CROSSING, 0, this.ir.globalCount);
  }

  /** Opens a block; returns its number. */
  #open(head: boolean): number {
    const b = this.blockCount++;
    this.start[b] = this.ir.length;
    this.tbOf[b] = this.#index;
    this.isHead[b] = head;
    this.firstEdge[b] = this.edgeTo.length;
    this.edgeCount[b] = 0;
    this.keyMayDiffer[b] = false;
    this.#pcIsStatic = this.#keyChanged = this.isSwitch[b] = false;
    return b;
  }

  #close(kind: number): number {
    const b = this.blockCount - 1;
    this.#pcWritten ||= this.#pcWrittenHere && (kind === End.BR || kind === End.BRCOND);
    this.#pcWrittenHere = false;
    this.end[b] = this.ir.length;
    this.kind[b] = kind;
    this.firstEdge[b] = this.edgeTo.length;
    return b;
  }

  #edge(b: number, to: number): number {
    this.edgeCount[b]!++;
    return this.edgeTo.push(to) - 1;
  }

  #edgeToLabel(b: number, label: number): void {
    this.#waiting.push(this.#edge(b, NO_BLOCK), label);
  }

  #edgeToTb(b: number, tb: number): void {
    this.#toTb.push(this.#edge(b, NO_BLOCK), tb);
  }

  /** Adds op `i` of the source; returns true if it ends its block and no other begins. */
  #op(i: number, op: number, insn: number): boolean {
    const { args } = this.#source, p = i * STRIDE;
    switch (op) {
      case Op.br:
        this.#edgeToLabel(this.#close(End.BR), args[p]!);
        return true;
      case Op.brcond: {
        this.#copy(i, op, insn);
        this.ir.length--; // the op stays in place behind the block
        const b = this.#close(End.BRCOND);
        this.ir.length++;
        this.#edgeToLabel(b, args[p + 3]!);
        this.#edge(b, this.blockCount);
        this.#open(false);
        return false;
      }
      case Op.goto_tb: {
        const to = this.tbs[this.#index]!.links[args[p]! as 0 | 1];
        if (to >= 0) this.#edgeToTb(this.#close(End.BR), to);
        else this.#exit(i, op, insn, End.EXIT);
        return true;
      }
      case Op.lookup_and_goto_ptr: {
        const { latest, others } = this.tbs[this.#index]!, targets = latest >= 0 && !this.#keyChanged ? [latest] : [];
        if (!this.#pcIsStatic && !this.#keyChanged) targets.push(...others);
        const b = this.#exit(i, op, insn, targets.length > 0 ? End.LOOKUP : End.EXIT);
        this.keyMayDiffer[b] = this.#called;
        if (targets.length > COMPARED && !this.keyMayDiffer[b]) this.#switch(b, targets);
        else for (const t of targets.slice(0, COMPARED)) this.#edgeToTb(b, t);
        return true;
      }
      case Op.exit_tb:
        this.#exit(i, op, insn, End.EXIT);
        return true;
      case Op.call:
        this.#copyCall(i, insn);
        if (!this.#source.helpers[args[p + 1]!]!.flags.alwaysFaults) return false;
        this.#close(End.FAULT);
        return true;
      default:
        if (op === Op.st && this.#isKey(p)) this.#called = this.#keyChanged = true;
        this.#copy(i, op, insn);
        return false;
    }
  }

  /** Whether the store whose operands are at `p` goes to the header, where the TB's key is. */
  #isKey(p: number): boolean {
    const { args, tempKind, tempLo } = this.#source, pointer = args[p + 1]!;
    return tempKind[pointer] !== Kind.CONST || (tempLo[pointer]! + args[p + 2]! - this.#header >>> 0) < CPU_HEADER.size;
  }

  /** One target is compared with, the others are found by their entries. */
  #switch(b: number, targets: readonly number[]): void {
    this.isSwitch[b] = true;
    this.#edgeToTb(b, targets[0]!);
    for (const t of targets) this.switchTargets.add(t);
  }

  #exit(i: number, op: number, insn: number, kind: number): number {
    const b = this.#close(kind), p = this.#emit(op, 0, insn);
    this.ir.args[p] = this.#source.args[i * STRIDE]!;
    return b;
  }

  /** A copy of op `i` with its temps renumbered. */
  #copy(i: number, op: number, insn: number): void {
    const source = this.#source, from = i * STRIDE, outs = OUTS[op]!, operands = outs + INS[op]!;
    if (op === Op.add && this.#copyPcAdd(from, insn)) return;
    const p = this.#emit(op, source.type[i]!, insn), { args } = this.ir;
    for (let k = 0; k < STRIDE; k++) args[p + k] = source.args[from + k]!;
    for (let k = outs; k < operands; k++) this.#use((args[p + k] = this.#mapped(args[p + k]!)));
    for (let k = 0; k < outs; k++) this.#define((args[p + k] = this.#mapped(args[p + k]!)));
    if (isGuestOp(op)) this.accesses.add(accessKey(op, args[p + operands]!, args[p + operands + 1]!));
    if (op === Op.vshuffle) args[p + operands] = this.#pooled(args[p + operands]!);
  }

  /** `pc + constant` as `base + constant`. */
  #copyPcAdd(from: number, insn: number): boolean {
    const source = this.#source, { args } = source, a = args[from + 1]!, b = args[from + 2]!;
    if (a !== this.pc || a >= source.globalCount || this.#pcWritten || this.#pcWrittenHere || source.tempKind[b] !== Kind.CONST) return false;
    const offset = this.tbs[this.#index]!.tb.physPc % PAGE, lo = (source.tempLo[b]! >>> 0) + offset;
    const sum = this.ir.const64(lo | 0, (source.tempHi[b]! + (lo > 0xffffffff ? 1 : 0)) | 0), d = this.#mapped(args[from]!);
    const p = this.#emit(Op.add, Type.i64, insn), to = this.ir.args;
    to[p] = d;
    to[p + 1] = this.base;
    to[p + 2] = sum;
    this.#define(d);
    if (d === this.pc) this.#pcIsStatic = true;
    return true;
  }

  #copyCall(i: number, insn: number): void {
    const source = this.#source, from = i * STRIDE, first = source.args[from + 2]!, n = source.args[from + 3]!, ir = this.ir;
    const helper = source.args[from + 1]!, { flags } = source.helpers[helper]!;
    const at = this.#copyCallArgs(source.callArgs, first, n, (t) => this.#mapped(t));
    for (let k = 0; k < n; k++) this.#use(ir.callArgs[at + k]!);
    const p = this.#emit(Op.call, 0, insn), d = source.args[from]!;
    ir.args[p] = d < 0 ? -1 : this.#mapped(d);
    ir.args[p + 1] = helper;
    ir.args[p + 2] = at;
    ir.args[p + 3] = n;
    if (d >= 0) this.#define(ir.args[p]!);
    this.helpers.add(helper);
    if (!flags.noSideEffects && !flags.alwaysFaults) this.#called = true;
  }

  /** Copies `n` arguments that begin at `first`; returns where the copies begin. */
  #copyCallArgs(from: Int32Array, first: number, n: number, copyOf: (t: Temp) => Temp): number {
    const { ir } = this, at = ir.callArgCount;
    ir.callArgCount += n;
    while (ir.callArgCount > ir.callArgs.length) {
      const more = new Int32Array(ir.callArgs.length * 2);
      more.set(ir.callArgs);
      ir.callArgs = more;
    }
    for (let k = 0; k < n; k++) ir.callArgs[at + k] = copyOf(from[first + k]!);
    return at;
  }

  /** The pc at the TB's start, for whoever looks at it. */
  #emitPc(tb: Tb): void {
    const offset = this.ir.const64(tb.physPc % PAGE, 0), p = this.#emit(Op.add, Type.i64, 0), { args } = this.ir;
    args[p] = this.pc;
    args[p + 1] = this.base;
    args[p + 2] = offset;
  }

  #constant(t: Temp): Temp {
    const { tempType, tempLo, tempHi, v128Pool } = this.#source, ir = this.ir, type = tempType[t]! as Type;
    let c: Temp;
    if (type === Type.i32) c = ir.const32(tempLo[t]!);
    else if (type === Type.i64) c = ir.const64(tempLo[t]!, tempHi[t]!);
    else if (type !== Type.v128) c = ir.constFloat(type, tempLo[t]!, tempHi[t]!);
    else {
      c = ir.constV128(0, 0, 0, 0);
      ir.v128Pool.set(v128Pool.subarray(tempLo[t]! * 16, tempLo[t]! * 16 + 16), ir.tempLo[c]! * 16);
    }
    this.#track(c);
    return c;
  }

  /** Copies 16 bytes of the source's pool. */
  #pooled(index: number): number {
    const i = this.ir.poolV128(0, 0, 0, 0);
    this.ir.v128Pool.set(this.#source.v128Pool.subarray(index * 16, index * 16 + 16), i * 16);
    return i;
  }

  #mapped(t: Temp): Temp {
    if (t < this.#source.globalCount) return t;
    const known = this.#map[t]!;
    if (known >= 0) return known;
    return (this.#map[t] = this.#source.tempKind[t] === Kind.CONST ? this.#constant(t) : this.#newTemp(this.#source.tempType[t]! as Type));
  }

  #newTemp(type: Type): Temp {
    const t = this.ir.temp(type);
    this.#track(t);
    return t;
  }

  #track(t: Temp): void {
    if (t >= this.crossing.length) {
      const more = new Int32Array(Math.max(t + 1, this.crossing.length * 2));
      more.set(this.crossing);
      this.crossing = more;
    }
    this.crossing[t] = SEEN_NEVER;
  }

  #use(t: Temp): void {
    if (t >= this.ir.globalCount && this.crossing[t] !== this.blockCount - 1) this.crossing[t] = CROSSING;
  }

  #define(t: Temp): void {
    if (t >= this.ir.globalCount) this.crossing[t] = this.crossing[t] === SEEN_NEVER ? this.blockCount - 1 : CROSSING;
    else if (t === this.pc) {
      this.#pcWrittenHere = true;
      this.#pcIsStatic = false;
    }
  }

  #emit(op: number, type: number, insn: number): number {
    const p = this.ir.emit(op, type), i = this.ir.length - 1;
    if (i >= this.insnOf.length) {
      const more = new Uint16Array(this.insnOf.length * 2);
      more.set(this.insnOf);
      this.insnOf = more;
    }
    this.insnOf[i] = insn;
    return p;
  }

  #resolveLabels(tb: Tb): void {
    for (let i = 0; i < this.#waiting.length; i += 2) {
      const to = this.#labels[this.#waiting[i + 1]!]!;
      if (to < 0) throw new JitError(`Label ${this.#waiting[i + 1]} of TB ${tb.id} is branched to and never set`);
      this.edgeTo[this.#waiting[i]!] = to;
    }
    this.#waiting.length = 0;
  }
}
