/** A function body in the making: locals, structured control flow, and the instructions it inherits from the table. */
import { ByteWriter } from './bytes.ts';
import type { CodeStore } from './code-store.ts';
import { Instructions } from './gen/instructions.ts';
import { checkType, typeName, type ValType } from './types.ts';

/** A place to branch to: the handle that `block`, `loop`, `if_` returned, or the name given to them. A handle is a number made of
 *  the nesting depth (low bits) and a serial number, so that one of a closed block is told from its successor's. */
export type Label = number | string;

const DEPTH_BITS = 14;
const MAX_DEPTH = (1 << DEPTH_BITS) - 1;
const SERIAL_MASK = 0xffff;
const VOID = 0x40;
const OP = { BLOCK: 0x02, LOOP: 0x03, IF: 0x04, ELSE: 0x05, END: 0x0b, BR: 0x0c, BR_IF: 0x0d, BR_TABLE: 0x0e, LOCAL_TEE: 0x22 } as const;
const BR_TABLE_BYTES_PER_LABEL = 3;
const NO_LOCALS: readonly number[] = [];

/** Names of one function for the custom name section; index -> name. */
export interface FuncNames { name: string | undefined; locals: Map<number, string>; labels: Map<number, string> }

export class FuncBuilder extends Instructions {
  /** Label of the whole body: `br(f.body)` returns. */
  readonly body = 0;
  readonly names: FuncNames;
  private readonly paramCount: number;
  private readonly localTypes: number[];
  /** Value type -> locals of it that were freed. */
  private readonly free = new Map<number, number[]>();
  /** Handle and opcode of each open block, outermost (the body) first. */
  private readonly labels: number[] = [0];
  private readonly openers: number[] = [OP.BLOCK];
  private readonly labelNames: (string | undefined)[] = [undefined];
  private labelCount = 0;
  /** The last `localSet`: its local, where it begins and ends. */
  private setLocal = -1;
  private setStart = -1;
  private setEnd = -1;
  /** Hinted branches: offset in the code, then 1 for likely. */
  private readonly hints: number[] = [];

  constructor(index: number, store: CodeStore, params: readonly ValType[], name: string | undefined) {
    super(index, store);
    this.paramCount = params.length;
    this.localTypes = [...params];
    this.localCount = params.length;
    this.names = { name, locals: new Map(), labels: new Map() };
  }

  /** Open blocks, the body included; 0 once the function is closed. */
  get depth(): number {
    return this.labels.length;
  }

  /** A local of `type`, one that was freed if there is any. Its value is then the last one it had; a new local is zero. Indices
   *  are final; neighbours of one type share a declaration. */
  local(type: ValType, name?: string): number {
    const reused = this.free.get(type)?.pop();
    const index = reused ?? this.localTypes.length;
    if (reused === undefined) {
      checkType(type, `function ${this.index}`);
      this.localTypes.push(type);
      this.localCount++;
    }
    if (name !== undefined) this.names.locals.set(index, name);
    return index;
  }

  /** Gives a local back for reuse by `local` of the same type. */
  freeLocal(index: number): void {
    const type = this.typeOf(index);
    if (index < this.paramCount) this.fail(`${index} is a parameter; only what local() returned can be freed`);
    const free = this.free.get(type) ?? [];
    if (free.includes(index)) this.fail(`local ${index} (${typeName(type)}) is free already`);
    free.push(index);
    this.free.set(type, free);
  }

  /** The type of a parameter or local. */
  typeOf(index: number): ValType {
    const type = this.localTypes[index];
    if (type === undefined) this.fail(`local ${index} is unknown; the function has ${this.localCount} parameters and locals`);
    return type as ValType;
  }

  nameLocal(index: number, name: string): void {
    this.typeOf(index);
    this.names.locals.set(index, name);
  }

  override localSet(index: number): void {
    this.setStart = this.pos;
    super.localSet(index);
    this.setEnd = this.pos;
    this.setLocal = index;
  }

  /** Right behind a `localSet` of the same local it makes that a `local.tee`, which is the same and shorter. */
  override localGet(index: number): void {
    if (this.pos === this.setEnd && index === this.setLocal) {
      this.bytes[this.setStart] = OP.LOCAL_TEE;
      this.setEnd = -1;
    } else super.localGet(index);
  }

  /** Opens a block that leaves nothing, or one value of `type`. */
  block(type?: ValType, name?: string): number {
    return this.openValue(OP.BLOCK, type, name);
  }

  /** Opens a loop; a branch to it goes back to its start. */
  loop(type?: ValType, name?: string): number {
    return this.openValue(OP.LOOP, type, name);
  }

  /** Opens the arm for a non-zero i32. */
  if_(type?: ValType, name?: string): number {
    return this.openValue(OP.IF, type, name);
  }

  /** `block` with parameters and results of the function type `typeIndex` (from `ModuleBuilder.type`). */
  blockOf(typeIndex: number, name?: string): number {
    return this.openType(OP.BLOCK, typeIndex, name);
  }

  loopOf(typeIndex: number, name?: string): number {
    return this.openType(OP.LOOP, typeIndex, name);
  }

  ifOf(typeIndex: number, name?: string): number {
    return this.openType(OP.IF, typeIndex, name);
  }

  else_(): void {
    const top = this.openers.length - 1;
    if (this.openers[top] !== OP.IF) this.fail('else_() without an open if_()');
    this.openers[top] = OP.ELSE;
    this.op(OP.ELSE);
  }

  /** Closes the innermost block; with none open, the function. */
  end(): void {
    this.op(OP.END);
    this.labels.pop();
    this.openers.pop();
    this.labelNames.pop();
    if (this.labels.length === 0) this.close();
  }

  br(label: Label): void {
    this.branch(OP.BR, label);
  }

  /** Branches on a non-zero i32. */
  brIf(label: Label): void {
    this.branch(OP.BR_IF, label);
  }

  /** Branches to `labels[i]`, and to `otherwise` when the i32 on the stack is not an index. */
  brTable(labels: ArrayLike<Label>, otherwise: Label): void {
    this.op(OP.BR_TABLE);
    const room = (labels.length + 2) * BR_TABLE_BYTES_PER_LABEL;
    if (this.pos + room > this.bytes.length) this.grow(room);
    this.u32(labels.length);
    for (let i = 0; i < labels.length; i++) this.u32(this.relative(labels[i]!));
    this.u32(this.relative(otherwise));
  }

  /** The next instruction, an `if_` or `brIf`, finds its condition true: an optimising engine keeps the other way out of line. */
  likely(): void {
    this.hints.push(this.pos, 1);
  }

  /** As `likely`, for a condition that is rarely true. */
  unlikely(): void {
    this.hints.push(this.pos, 0);
  }

  /** `i64.const` of a bigint, taken modulo 2^64. */
  i64ConstBig(value: bigint): void {
    this.i64Const(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** `f32.const` by its bits: keeps the payload of a NaN, which a JavaScript number may lose. */
  f32ConstBits(bits: number): void {
    this.op(0x43);
    this.fixed32(bits);
  }

  /** `f64.const` by its bits. */
  f64ConstBits(lo: number, hi: number): void {
    this.op(0x44);
    this.fixed32(lo);
    this.fixed32(hi);
  }

  private openValue(opcode: number, type: ValType | undefined, name: string | undefined): number {
    if (type !== undefined) checkType(type, `function ${this.index}, byte ${this.pos} (for a function type use blockOf, loopOf or ifOf)`);
    this.op(opcode);
    this.bytes[this.pos++] = type ?? VOID;
    return this.open(opcode, name);
  }

  private openType(opcode: number, typeIndex: number, name: string | undefined): number {
    this.op(opcode);
    this.store.check('types', typeIndex, `function ${this.index}, byte ${this.pos}`);
    this.blockType(typeIndex);
    return this.open(opcode, name);
  }

  /** A type index as a signed LEB128 of 33 bits; indices stay far below 2^31. */
  private blockType(typeIndex: number): void {
    this.i32(typeIndex);
  }

  private open(opcode: number, name: string | undefined): number {
    const depth = this.labels.length;
    if (depth > MAX_DEPTH) this.fail(`blocks are nested deeper than ${MAX_DEPTH}`);
    const serial = ++this.labelCount;
    const label = ((serial & SERIAL_MASK) << DEPTH_BITS) | depth;
    this.labels.push(label);
    this.openers.push(opcode);
    this.labelNames.push(name);
    if (name !== undefined) this.names.labels.set(serial - 1, name);
    return label;
  }

  private branch(opcode: number, label: Label): void {
    this.op(opcode);
    this.u32(this.relative(label));
  }

  /** How many blocks out of the innermost the target is. */
  private relative(label: Label): number {
    const depth = typeof label === 'number' ? label & MAX_DEPTH : this.labelNames.lastIndexOf(label);
    if (typeof label === 'number' ? this.labels[depth] !== label : depth < 0) {
      this.fail(`label ${typeof label === 'number' ? label : `'${label}'`} is not an open block, loop or if; branch before its end()`);
    }
    return this.labels.length - 1 - depth;
  }

  private close(): void {
    const length = this.pos;
    this.store.close(this.index, this.declarations(), this.release(), length, this.hints);
  }

  /** The vector of `count type` runs in front of the code. */
  private declarations(): ByteWriter {
    const out = this.store.scratch;
    out.pos = 0;
    const types = this.localTypes.length > this.paramCount ? this.localTypes.slice(this.paramCount) : NO_LOCALS;
    out.u32(types.filter((type, i) => type !== types[i - 1]).length);
    for (let i = 0, run = 1; i < types.length; i++, run++) {
      if (types[i] === types[i + 1]) continue;
      out.u32(run);
      out.u8(types[i]!);
      run = 0;
    }
    return out;
  }
}
