/**
 * Random IR programs for property tests: the same seed makes the same program on every rig. Programs avoid results that the op table leaves
 * unspecified (large shift counts, division by zero, payloads of NaNs), so that all back ends must agree on every bit.
 */
import { Cond, OP_NAMES, operandType, ROWS, STRIDE, Type, TYPE_BITS, VALUE_OP_COUNT } from '@emu/tcg';
import type { Helper, ImmKind, Ir, Temp } from '@emu/tcg';
import type { Rig } from './rig.ts';

/** Helpers that a random program calls, if it is given any: `(i32, i64) -> i64`, and one that raises for some arguments. */
export interface RandomHelpers { readonly mix: Helper; readonly mayRaise: Helper }

export interface RandomOptions {
  readonly seed: number;
  readonly ops: number;
  readonly helpers?: RandomHelpers;
  /** Host memory that the program may load from and store to: 256 bytes at this address. */
  readonly scratch?: number;
  /** Emits a random guest access, given a way to pick temps and numbers. */
  readonly guestAccess?: (ir: Ir, pick: (type: Type) => Temp, random: (n: number) => number) => Temp | undefined;
}

/** Payloads of NaNs are unspecified, so ops that show them in integers, and float lanes, are left out. */
const LEFT_OUT = /^(bits_f|vgetf|vsetf|v(add|sub|mul|div|sqrt)f)/;
const VALUE_OPS_USED = ROWS.slice(0, VALUE_OP_COUNT).flatMap((_, op) => (LEFT_OUT.test(OP_NAMES[op]!) || OP_NAMES[op] === 'bits_i32_f32' || OP_NAMES[op] === 'bits_i64_f64' ? [] : [op]));
const TYPES = [Type.i32, Type.i64, Type.v128, Type.f32, Type.f64] as const;
const SHIFTS = /^(shl|shr|sar|rotl|rotr)$/;
const DIVISIONS = /^(div|rem)[su]$/;
const GLOBALS = 8;
const SCRATCH_BYTES = 256;

export function randomIr(rig: Rig, ir: Ir, { seed, ops, helpers, scratch, guestAccess }: RandomOptions): void {
  let state = seed | 0;
  const random = (n: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % n;
  };
  const pools = TYPES.map((type) => Array.from({ length: GLOBALS }, (_, i) => rig.global(type, i)));
  const constant = (type: Type): Temp => {
    const awkward = [0, 1, -1, 0x7f, 0x80, 0xffff, 0x7fffffff, -0x80000000][random(8)]!;
    if (type === Type.i32) return ir.const32(awkward);
    if (type === Type.i64) return ir.const64(awkward, [0, -1, awkward >> 31, 0x12345678][random(4)]!);
    if (type === Type.v128) return ir.constV128(awkward, random(3) - 1, 0x01020304, -awkward);
    return type === Type.f32 ? ir.constFloat(type, [0, 0x3f800000, 0xc0490fdb | 0][random(3)]!) : ir.constFloat(type, 0, [0, 0x3ff80000, 0xc0091eb8 | 0][random(3)]!);
  };
  const pick = (type: Type): Temp => (random(5) === 0 ? constant(type) : pools[type]![random(pools[type]!.length)]!);
  const put = (type: Type, value: Temp): void => {
    if (random(3) === 0) ir.set(rig.global(type, random(GLOBALS)), value);
    pools[type]!.push(value);
  };
  const valueOp = (): void => {
    const op = VALUE_OPS_USED[random(VALUE_OPS_USED.length)]!, row = ROWS[op]!;
    const type = row.types.length ? Type[row.types[random(row.types.length)]!] : Type.i32;
    const ins = row.ins.map((kind) => pick(operandType(kind, type)));
    if (SHIFTS.test(OP_NAMES[op]!)) ins[1] = ir.and(ins[1]!, ir.constant(type, TYPE_BITS[type] - 1));
    if (DIVISIONS.test(OP_NAMES[op]!)) ins[1] = ir.or(ir.and(ins[1]!, ir.constant(type, 0x7f)), ir.constant(type, 1));
    const imms = immediates(ir, row.imms, op, TYPE_BITS[type], random);
    const outTypes = row.outs.map((kind) => operandType(kind, type));
    const outs = outTypes.map((t) => ir.temp(t));
    const p = ir.emit(op, type);
    [...outs, ...ins, ...imms].forEach((value, i) => { ir.args[p + i] = value; });
    outs.forEach((value, i) => put(outTypes[i]!, value));
  };
  const hostAccess = (): void => {
    const base = ir.const32(scratch!), offset = random(SCRATCH_BYTES / 16) * 16 + random(2);
    const type = TYPES[random(TYPES.length)]!;
    const int = random(2) ? Type.i32 : Type.i64;
    switch (random(6)) {
      case 0: return ir.st(pick(type), base, offset & ~1);
      case 1: return ir.st16(pick(int), base, offset);
      case 2: return ir.st32(pick(Type.i64), base, offset);
      case 3: return put(int, ir.ld8s(int, base, offset));
      case 4: return put(Type.i64, ir.ld32s(base, offset));
      // floats are loaded as integers: whether a NaN's payload survives is not specified
      default: return put(int, ir.ld(int, ir.add(base, ir.and(pick(Type.i32), ir.const32(0x7f))), offset & 0x7f));
    }
  };
  const call = (): void => {
    if (random(2)) put(Type.i64, ir.call(helpers!.mix, pick(Type.i32), pick(Type.i64)));
    else ir.call(helpers!.mayRaise, pick(Type.i32));
  };
  /** A forward branch over a few ops. Temps made in between are not used after it. */
  const branch = (depth: number): void => {
    const label = ir.newLabel(), type = random(2) ? Type.i32 : Type.i64, before = pools.map((pool) => pool.length);
    ir.brcond(pick(type), pick(type), random(12) as Cond, label);
    for (let n = random(6); n >= 0; n--) step(depth + 1);
    ir.set_label(label);
    pools.forEach((pool, i) => { pool.length = Math.min(pool.length, before[i]!); });
  };
  const step = (depth: number): void => {
    const kind = random(20);
    if (kind === 0) ir.insn_start(ir.length);
    else if (kind === 1 && depth < 3) branch(depth);
    else if (kind <= 4 && scratch !== undefined) hostAccess();
    else if (kind <= 5 && helpers) call();
    else if (kind <= 9 && guestAccess) {
      const d = guestAccess(ir, pick, random);
      if (d !== undefined) put(ir.tempType[d]! as Type, d);
    } else valueOp();
  };
  ir.insn_start(0);
  for (let n = 0; n < ops; n++) step(0);
  ir.exit_tb(0);
}

function immediates(ir: Ir, kinds: readonly ImmKind[], op: number, width: number, random: (n: number) => number): number[] {
  const kind = kinds[0];
  if (kind === undefined) return [];
  if (kind === 'cond') return [random(12)];
  if (kind === 'fcond') return [random(8)];
  if (kind === 'lane') return [random(128 / Number(/\d+$/.exec(OP_NAMES[op]!)![0]))];
  if (kind === 'shift') return [random(width)];
  if (kind === 'shuffle') {
    const word = (): number => random(32) | (random(32) << 8) | (random(32) << 16) | (random(32) << 24);
    return [ir.poolV128(word(), word(), word(), word())];
  }
  const pos = random(width);
  return [pos, 1 + random(width - pos)];
}

/** The program as text, one op a line with raw operands: enough to see what a failing seed made. */
export function listIr(ir: Ir): string {
  return Array.from({ length: ir.length }, (_, i) => `${OP_NAMES[ir.op[i]!]} ${ir.type[i]} ${ir.args.subarray(i * STRIDE, i * STRIDE + STRIDE - 1).join(' ')}`).join('\n');
}

