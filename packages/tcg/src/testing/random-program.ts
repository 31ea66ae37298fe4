/**
 * Random IR programs that are valid, end, and have no unspecified results, so that every back end must leave the same state: several
 * guest instructions of value ops, global writes, host and guest memory (sometimes faulting), helper calls, nested forward branches, and any
 * of the ways to leave. They are driven by a list of numbers, which fast-check makes and shrinks:
 * `fc.array(fc.nat(), { maxLength: 400, size: 'max' })`.
 */
import type { Ir, Label, Temp } from '../ir.ts';
import { OP_NAMES, OPS, operandType, VALUE_OP_COUNT } from '../ops.ts';
import type { Row, ValueOp } from '../ops.ts';
import { Cond, COND_NAMES, FCOND_NAMES, MemOp, Type, TYPE_BITS } from '../types.ts';
import { awkwardValues } from './awkward.ts';
import type { IrValue } from '../reference-values.ts';
import { HOLE } from './test-machine.ts';
import type { TestMachine } from './test-machine.ts';

/** Ops whose NaN bits would show, in integers or vectors; which NaN results is unspecified. */
const SHOWS_NANS = /^bits_|^v(get|set)f|^v(add|sub|mul|div|sqrt)f/;
const CHOICES = OP_NAMES.slice(0, VALUE_OP_COUNT).filter((name) => !SHOWS_NANS.test(name)) as ValueOp[];
const COMMON: readonly ValueOp[] = [
  'mov', 'add', 'sub', 'and', 'or', 'xor', 'shl', 'shr', 'sar', 'extract', 'sextract', 'deposit', 'setcond', 'movcond', 'neg', 'not', 'andc',
  'ext_i32_i64', 'extu_i32_i64', 'extrl_i64_i32', 'extrh_i64_i32', 'concat_i32_i64',
];
const SCRATCH_BYTES = 256;
const VARIABLES = 3;

export interface RandomProgram {
  /** Puts values into globals and memory. */
  init(machine: TestMachine): void;
  /** Builds the TB. */
  build(ir: Ir): void;
}

/** The program that these numbers describe; more numbers, longer program. */
export function randomProgram(machine: TestMachine, numbers: readonly number[]): RandomProgram {
  return {
    init: (m) => initialise(m, new Numbers(numbers)),
    build: (ir) => new Generator(machine, ir, new Numbers(numbers)).program(),
  };
}

/** Draws numbers from the list; zeros when it is used up. */
class Numbers {
  readonly #list: readonly number[];
  #at = 0;

  constructor(list: readonly number[]) {
    this.#list = list;
  }

  get done(): boolean {
    return this.#at >= this.#list.length;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return (this.#list[this.#at++] ?? 0) % n;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

function initialise(m: TestMachine, n: Numbers): void {
  m.reset();
  const spread = n.below(1 << 16);
  m.globals.forEach((g, i) => {
    const values = awkwardValues(g.type);
    m.setGlobal(g.name, values[(spread + i * 5) % values.length]!);
  });
  for (let i = 0; i < SCRATCH_BYTES; i++) m.arena.u8[m.scratch + i] = (i * 37 + spread) & 0xff;
  for (let i = 0; i < 0x10000; i += 7) m.arena.u8[m.ram + i] = (i * 11 + spread) & 0xff;
}

class Generator {
  readonly #m: TestMachine;
  readonly #ir: Ir;
  readonly #n: Numbers;
  /** Temps that have a value here, by type. Those made in a branch are forgotten behind it. */
  readonly #pool: Temp[][] = [[], [], [], [], []];
  /** Locals that are written again and again. */
  readonly #variables: Temp[] = [];
  readonly #freeSlots: (0 | 1)[] = [0, 1];
  #offset = 0;

  constructor(machine: TestMachine, ir: Ir, numbers: Numbers) {
    this.#m = machine;
    this.#ir = ir;
    this.#n = numbers;
  }

  program(): void {
    this.#n.below(1 << 16); // `initialise` took this one
    this.#m.globals.forEach((g, i) => this.#pool[g.type]!.push(i));
    this.#insnStart();
    for (const type of [Type.i32, Type.i64]) {
      for (let i = 0; i < VARIABLES; i++) {
        const t = this.#ir.temp(type);
        this.#ir.set(t, this.#any(type));
        this.#variables.push(t);
        this.#pool[type]!.push(t);
      }
    }
    while (!this.#n.done) this.#statement(2);
    this.#leave(this.#ir.length % 3);
  }

  #statement(depth: number): void {
    const n = this.#n;
    switch (n.below(16)) {
      case 0: return this.#insnStart();
      case 1: return depth > 0 ? this.#branch(depth - 1) : this.#insnStart();
      case 2: case 3: case 4: return this.#setGlobal();
      case 5: return this.#setVariable();
      case 6: return this.#hostMemory();
      case 7: return this.#guestLoad();
      case 8: return this.#guestStore();
      case 9: return this.#atomic();
      case 10: return this.#call();
      case 11: return this.#value(n.pick(CHOICES));
      default: return this.#value(n.pick(COMMON));
    }
  }

  #insnStart(): void {
    this.#ir.insn_start(this.#offset, this.#n.below(8), 0);
    this.#offset += 1 + this.#n.below(4);
  }

  /** brcond over some statements; or an if with an else. */
  #branch(depth: number): void {
    const ir = this.#ir, n = this.#n, type = n.pick([Type.i32, Type.i64] as const);
    const otherwise = ir.newLabel(), end = n.below(2) ? ir.newLabel() : otherwise;
    ir.brcond(this.#any(type), this.#any(type), this.#cond(), otherwise);
    this.#block(depth);
    if (end !== otherwise) {
      this.#ended(end, otherwise, n.below(8) === 0);
      this.#block(depth);
    }
    ir.set_label(end);
  }

  /** The end of the first half: jumps over the second, or leaves the TB. */
  #ended(end: Label, otherwise: Label, leave: boolean): void {
    if (leave) this.#leave();
    else this.#ir.br(end);
    this.#ir.set_label(otherwise);
  }

  #block(depth: number): void {
    const sizes = this.#pool.map((p) => p.length);
    for (let i = this.#n.below(4); i >= 0; i--) this.#statement(depth);
    this.#pool.forEach((p, i) => { p.length = sizes[i]!; });
  }

  #leave(how = this.#n.below(3)): void {
    const ir = this.#ir;
    if (how === 0) ir.exit_tb(this.#n.below(4));
    else if (how === 1 && this.#freeSlots.length > 0) ir.goto_tb(this.#freeSlots.pop()!);
    else ir.lookup_and_goto_ptr();
  }

  /** A temp or constant of a type. */
  #any(type: Type): Temp {
    const pool = this.#pool[type]!;
    return this.#n.below(4) === 0 ? this.#constant(type, this.#n.pick(awkwardValues(type))) : pool[pool.length - 1 - this.#n.below(pool.length)]!;
  }

  #constant(type: Type, value: IrValue): Temp {
    const ir = this.#ir, v = new DataView(new ArrayBuffer(16));
    if (type === Type.v128) (value as Uint8Array).forEach((b, i) => v.setUint8(i, b));
    else if (type === Type.f32) v.setFloat32(0, value as number, true);
    else if (type === Type.f64) v.setFloat64(0, value as number, true);
    else v.setBigUint64(0, value as bigint, true);
    const word = (i: number) => v.getInt32(i * 4, true);
    if (type === Type.v128) return ir.constV128(word(0), word(1), word(2), word(3));
    return type === Type.i32 ? ir.const32(word(0)) : type === Type.i64 ? ir.const64(word(0), word(1)) : ir.constFloat(type, word(0), word(1));
  }

  #cond(): Cond {
    return this.#n.below(COND_NAMES.length) as Cond;
  }

  #keep(t: Temp): void {
    this.#pool[this.#ir.tempType[t]!]!.push(t);
  }

  #value(op: ValueOp): void {
    const row: Row = OPS[op], ir = this.#ir;
    const type = row.types.length ? Type[this.#n.pick(row.types)] : Type.i32;
    const ins = row.ins.map((kind) => this.#any(operandType(kind, type)));
    if (row.flags.unspecified) ins[1] = this.#tame(type, ins[1]!, row.flags.unspecified);
    const method = ir[op] as unknown as (...operands: number[]) => Temp;
    const first = method.call(ir, ...ins, ...this.#immediates(row, op, type));
    row.outs.forEach((_, i) => this.#keep(first + i));
  }

  /** A second operand that makes the result specified: a shift count below the width, a divisor above 0. */
  #tame(type: Type, b: Temp, why: string): Temp {
    const ir = this.#ir, width = TYPE_BITS[type];
    if (why === 'b >= width') return ir.and(b, ir.constant(type, width - 1));
    return ir.or(ir.extract(b, 0, width - 2), ir.constant(type, 1));
  }

  #immediates(row: Row, op: string, type: Type): number[] {
    const n = this.#n, width = TYPE_BITS[type];
    switch (row.imms.join()) {
      case '': return [];
      case 'cond': return [this.#cond()];
      case 'fcond': return [n.below(FCOND_NAMES.length)];
      case 'shift': return [n.below(width)];
      case 'pos,len': {
        const pos = n.below(2) ? 0 : n.below(width), common = n.pick([8, 16, 32]);
        return [pos, common <= width - pos && n.below(2) ? common : 1 + n.below(width - pos)];
      }
      case 'lane': return [n.below(128 / Number(/\d+$/.exec(op)![0]))];
      default: {
        const lanes = () => Array.from({ length: 4 }, () => n.below(32)).reduce((w, l, i) => w | (l << (8 * i)), 0);
        return [this.#ir.poolV128(lanes(), lanes(), lanes(), lanes())];
      }
    }
  }

  #setGlobal(): void {
    const g = this.#n.below(this.#m.globals.length);
    this.#ir.set(g, this.#any(this.#m.globals[g]!.type));
  }

  #setVariable(): void {
    const t = this.#n.pick(this.#variables);
    this.#ir.set(t, this.#any(this.#ir.tempType[t] as Type));
  }

  #hostMemory(): void {
    const ir = this.#ir, n = this.#n, base = ir.const32(this.#m.scratch), offset = n.below(SCRATCH_BYTES - 16);
    const type = n.pick([Type.i32, Type.i64] as const);
    switch (n.below(10)) {
      case 0: return this.#keep(ir.ld8u(type, base, offset));
      case 1: return this.#keep(ir.ld8s(type, base, offset));
      case 2: return this.#keep(ir.ld16u(type, base, offset));
      case 3: return this.#keep(ir.ld16s(type, base, offset));
      case 4: return this.#keep(n.below(2) ? ir.ld32u(base, offset) : ir.ld32s(base, offset));
      case 5: return this.#keep(ir.ld(n.pick([Type.i32, Type.i64, Type.v128] as const), base, offset));
      case 6: return ir.st8(this.#any(type), base, offset);
      case 7: return ir.st16(this.#any(type), base, offset);
      case 8: return ir.st32(this.#any(Type.i64), base, offset);
      default: return ir.st(this.#any(n.pick([Type.i32, Type.i64, Type.v128] as const)), base, offset);
    }
  }

  /** An address in guest memory: mostly mapped; sometimes in the hole, across its edge, or anywhere. */
  #address(): Temp {
    const ir = this.#ir, n = this.#n;
    switch (n.below(24)) {
      case 0: return this.#any(Type.i64);
      case 1: return ir.const64(HOLE * 4096 - n.below(16), 0);
      default: return ir.add(ir.extract(this.#any(Type.i64), 0, 12), ir.const64(4096 * n.below(6)));
    }
  }

  #memop(type: Type): number {
    if (type === Type.v128) return MemOp.b128;
    const n = this.#n, size = n.below(type === Type.i32 ? 3 : 4);
    return size | (n.below(3) === 0 ? MemOp.SIGN : 0) | (n.below(40) === 0 ? MemOp.ALIGN : 0);
  }

  #guestLoad(): void {
    const type = this.#n.pick([Type.i64, Type.i32, Type.v128] as const);
    this.#keep(this.#ir.qemu_ld(type, this.#address(), this.#memop(type), 0));
  }

  #guestStore(): void {
    const type = this.#n.pick([Type.i64, Type.i32, Type.v128] as const);
    this.#ir.qemu_st(this.#any(type), this.#address(), this.#memop(type) & ~MemOp.SIGN, 0);
  }

  #atomic(): void {
    const ir = this.#ir, n = this.#n, type = n.pick([Type.i64, Type.i32] as const);
    const address = this.#address(), b = this.#any(type), op = this.#memop(type);
    const methods = ['atomic_xchg', 'atomic_fetch_add', 'atomic_fetch_and', 'atomic_fetch_or', 'atomic_fetch_xor'] as const;
    const which = n.below(methods.length + 1);
    this.#keep(which < methods.length ? ir[methods[which]!](address, b, op, 0) : ir.atomic_cmpxchg(address, b, this.#any(type), op, 0));
  }

  #call(): void {
    const ir = this.#ir, { helpers, header } = this.#m, env = ir.const32(header);
    switch (this.#n.below(4)) {
      case 0: return this.#keep(ir.call(helpers.mix, this.#any(Type.i64), this.#any(Type.i32)));
      case 1: return this.#keep(ir.call(helpers.sum, env));
      case 2: return void ir.call(helpers.bump, env, this.#any(Type.i64));
      default: { // faults now and then only
        const value = this.#any(Type.i32);
        return void ir.call(helpers.check, env, this.#n.below(8) ? ir.or(value, ir.const32(1)) : value);
      }
    }
  }
}
