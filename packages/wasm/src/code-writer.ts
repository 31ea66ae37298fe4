/** Writes opcodes and immediates into a borrowed code buffer. The methods an instruction needs are one call each, so that a generated
 *  emitter is a single line; no object is made per instruction. Core specification 2.0, section 5.4. */
import { codeBuffer, type CodeBuffer, type CodeStore } from './code-store.ts';
import { WasmError } from './errors.ts';
import { writeFixed32, writeS32, writeS64, writeU32, writeU53 } from './leb.ts';
import { checkType, EXTERNREF, FUNCREF, type RefType, type ValType } from './types.ts';

/** No instruction but `br_table` is longer: `v128.const` takes 18 bytes, a memarg with a 64-bit offset and a lane 16. */
const MAX_INSTRUCTION_BYTES = 32;
const EMPTY: CodeBuffer = codeBuffer(0);

export abstract class CodeWriter {
  /** Position in the module's function index space. */
  readonly index: number;
  protected readonly store: CodeStore;
  protected buffer: CodeBuffer;
  protected bytes: Uint8Array<ArrayBuffer>;
  protected pos = 0;
  /** Parameters and locals so far. */
  protected localCount = 0;
  private limit: number;

  constructor(index: number, store: CodeStore) {
    this.index = index;
    this.store = store;
    this.buffer = store.borrow();
    this.bytes = this.buffer.bytes;
    this.limit = this.bytes.length - MAX_INSTRUCTION_BYTES;
  }

  /** Bytes of code written so far. */
  get size(): number {
    return this.pos;
  }

  /** Gives the buffer away; every later instruction fails in `grow`. */
  protected release(): CodeBuffer {
    const { buffer } = this;
    this.buffer = EMPTY;
    this.bytes = EMPTY.bytes;
    this.limit = -1;
    return buffer;
  }

  protected fail(what: string): never {
    throw new WasmError(`function ${this.index}, byte ${this.pos}: ${what}`);
  }

  protected grow(extra = 0): void {
    if (this.limit < 0) this.fail('the function is closed by its last end(); emit before it');
    const bigger = codeBuffer(this.bytes.length * 2 + extra);
    bigger.bytes.set(this.bytes.subarray(0, this.pos));
    this.buffer = bigger;
    this.bytes = bigger.bytes;
    this.limit = this.bytes.length - MAX_INSTRUCTION_BYTES;
  }

  protected op(code: number): void {
    if (this.pos > this.limit) this.grow();
    this.bytes[this.pos++] = code;
  }

  /** An opcode of two bytes: prefix and a number below 128. */
  protected op2(prefix: number, code: number): void {
    if (this.pos > this.limit) this.grow();
    const { pos, bytes } = this;
    bytes[pos] = prefix;
    bytes[pos + 1] = code;
    this.pos = pos + 2;
  }

  /** An opcode of three bytes: prefix and the two LEB128 bytes of a number from 128 to 16383. */
  protected op3(prefix: number, low: number, high: number): void {
    if (this.pos > this.limit) this.grow();
    const { pos, bytes } = this;
    bytes[pos] = prefix;
    bytes[pos + 1] = low;
    bytes[pos + 2] = high;
    this.pos = pos + 3;
  }

  /** An unsigned immediate after the opcode; the room is reserved. */
  protected u32(value: number): void {
    if (value < 0x80) this.bytes[this.pos++] = value;
    else this.pos = writeU32(this.bytes, this.pos, value);
  }

  protected opLocal(code: number, index: number): void {
    if (!(index >= 0 && index < this.localCount)) this.fail(`local ${index} is unknown; the function has ${this.localCount} parameters and locals`);
    this.op(code);
    this.u32(index);
  }

  protected memarg(align: number, natural: number, offset: number): void {
    if (!(align >= 0 && align <= natural)) this.fail(`alignment 2^${align} is not between 2^0 and the natural 2^${natural}`);
    this.bytes[this.pos++] = align;
    if (offset >>> 0 === offset) this.u32(offset);
    else if (Number.isSafeInteger(offset) && offset >= 0) this.pos = writeU53(this.bytes, this.pos, offset);
    else this.fail(`offset ${offset} is not an integer from 0 to 2^53-1`);
  }

  protected lane(lane: number, lanes: number): void {
    if (!(lane >= 0 && lane < lanes)) this.fail(`lane ${lane} is not in 0..${lanes - 1}`);
    this.bytes[this.pos++] = lane;
  }

  protected indexIn(space: 'types' | 'funcs' | 'tables' | 'globals' | 'elems' | 'datas', index: number): void {
    if (!(index >= 0 && index < this.store.counts[space])) this.store.check(space, index, `function ${this.index}, byte ${this.pos}`);
    this.u32(index);
  }

  protected heapType(type: RefType): void {
    if (type !== FUNCREF && type !== EXTERNREF) this.fail(`${type} is not a reference type; use FUNCREF or EXTERNREF`);
    this.bytes[this.pos++] = type;
  }

  protected typeVector(type: ValType): void {
    checkType(type, `function ${this.index}, byte ${this.pos}`);
    this.bytes[this.pos++] = 1;
    this.bytes[this.pos++] = type;
  }

  protected i32(value: number): void {
    const bits = value | 0;
    if (bits !== value && bits >>> 0 !== value) this.fail(`${value} is not an integer of 32 bits`);
    if (bits >= -64 && bits < 64) this.bytes[this.pos++] = bits & 0x7f;
    else this.pos = writeS32(this.bytes, this.pos, bits);
  }

  protected i64(lo: number, hi: number): void {
    this.pos = writeS64(this.bytes, this.pos, lo | 0, hi | 0);
  }

  protected f32(value: number): void {
    this.buffer.view.setFloat32(this.pos, value, true);
    this.pos += 4;
  }

  protected f64(value: number): void {
    this.buffer.view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  protected fixed32(bits: number): void {
    this.pos = writeFixed32(this.bytes, this.pos, bits);
  }

  /** 16 bytes in an array, or four i32 in an array or as arguments, the lowest lane first. */
  protected vector(lanes: ArrayLike<number> | number, i1: number, i2: number, i3: number): void {
    if (typeof lanes === 'number') {
      this.fixed32(lanes);
      this.fixed32(i1);
      this.fixed32(i2);
      this.fixed32(i3);
    } else if (lanes.length === 4) for (let i = 0; i < 4; i++) this.fixed32(lanes[i]!);
    else if (lanes.length === 16) for (let i = 0; i < 16; i++) this.bytes[this.pos++] = lanes[i]!;
    else this.fail(`a v128 constant takes 16 bytes or 4 integers of 32 bits, not ${lanes.length} numbers`);
  }

  /** 16 lane numbers from 0 to 31. */
  protected shuffle(lanes: ArrayLike<number>): void {
    if (lanes.length !== 16) this.fail(`i8x16.shuffle takes 16 lanes, not ${lanes.length}`);
    for (let i = 0; i < 16; i++) this.lane(lanes[i]!, 32);
  }
}
