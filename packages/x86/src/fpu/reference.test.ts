/** Properties of the arithmetic for any operands, against exact rational numbers (`testing/reference.ts`): no hardware needed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_EXCEPTIONS, Exception, MXCSR_INIT, PC_BITS, PRE_COMPUTATION, Rounding } from './state.ts';
import { exactly, exactRoot, F32, F64, f80Model, real, round, type BinaryName, type Exact, type FormatModel, type Real } from './testing/reference.ts';
import { SoftFpu } from './testing/soft-fpu.ts';

const soft = new SoftFpu();
const modes = fc.constantFrom(...Object.values(Rounding));
const binaryOps = fc.constantFrom<BinaryName>('add', 'sub', 'mul', 'div');
const FIRST = 0;
const SECOND = 1;

/** Biased towards the exponents of the ends and the middle of the range. */
const exponents = (max: number) => fc.oneof(fc.integer({ min: 0, max: max - 1 }), fc.integer({ min: 0, max: 70 }), fc.integer({ min: max - 70, max: max - 1 }),
  fc.integer({ min: (max >> 1) - 70, max: (max >> 1) + 70 }));
const fractions = (bits: number) => fc.oneof(fc.bigInt(0n, (1n << BigInt(bits)) - 1n), fc.integer({ min: 0, max: bits }).map((n) => (1n << BigInt(n)) - 1n),
  fc.integer({ min: 0, max: bits - 1 }).map((n) => 1n << BigInt(n)));

/** A number of a format as fields: `exponent` 0 is a denormal or zero. */
const fields = (exponentMax: number, fractionBits: number) => fc.record({ sign: fc.integer({ min: 0, max: 1 }), exponent: exponents(exponentMax), fraction: fractions(fractionBits) });
interface Fields { readonly sign: number; readonly exponent: number; readonly fraction: bigint }

const valueOf = ({ sign, exponent, fraction }: Fields, fractionBits: number, bias: number): Real =>
  real(sign, exponent ? fraction | 1n << BigInt(fractionBits) : fraction, Math.max(exponent, 1) - bias - fractionBits);
const isDenormal = (x: Fields): boolean => x.exponent === 0 && x.fraction !== 0n;

/** What a format must deliver for an exact result: bits by `encode`, and flags. */
function expected(exact: Exact, model: FormatModel, mode: number, denormal: boolean, encode: (sign: number, magnitude: bigint, exp: number, infinite: boolean) => string, sign: number): string {
  if (exact === undefined) return `nan ${Exception.IE}`;
  if (typeof exact === 'number') return `${encode(sign, 0n, 0, true)} ${Exception.ZE}`;
  const r = round(exact, model, mode);
  return `${encode(r.sign, r.magnitude, r.exp, r.infinite)} ${r.flags | (denormal ? Exception.DE : 0)}`;
}

const encoder = (fractionBits: number, exponentBits: number, explicit: boolean) => (sign: number, magnitude: bigint, exp: number, infinite: boolean): string => {
  const max = (1 << exponentBits) - 1;
  const bias = max >> 1;
  const top = explicit ? 1n << 63n : 0n;
  if (infinite) return `${sign} ${max} ${top}`;
  if (magnitude === 0n) return `${sign} 0 0`;
  const length = magnitude.toString(2).length;
  const biased = exp + length - 1 + bias;
  const shift = biased > 0 ? fractionBits + 1 - length : exp + bias - 1 + fractionBits;
  const aligned = shift >= 0 ? magnitude << BigInt(shift) : magnitude >> BigInt(-shift);
  return `${sign} ${Math.max(biased, 0)} ${explicit ? aligned : aligned & ((1n << BigInt(fractionBits)) - 1n)}`;
};

interface Binary { readonly name: 'f32' | 'f64'; readonly suffix: string; readonly fraction: number; readonly exponent: number; readonly model: FormatModel }
const SINGLE: Binary = { name: 'f32', suffix: 'ss', fraction: 23, exponent: 8, model: F32 };
const DOUBLE: Binary = { name: 'f64', suffix: 'sd', fraction: 52, exponent: 11, model: F64 };

/** Runs a scalar SSE helper; gives the result's fields and the flags it raised. */
function runSse(format: Binary, name: string, operands: readonly Fields[], mode: number): string {
  const { view } = soft.arena;
  soft.mxcsr = MXCSR_INIT | mode << 13;
  operands.forEach((x, i) => {
    const bits = BigInt(x.sign) << BigInt(format.fraction + format.exponent) | BigInt(x.exponent) << BigInt(format.fraction) | x.fraction;
    view.setBigUint64(soft.xmm(i), bits, true);
  });
  soft.helpers[`${name}${format.suffix}`]!(soft.env, soft.xmm(2), ...operands.map((_, i) => soft.xmm(i)));
  const bits = format.name === 'f32' ? BigInt(view.getUint32(soft.xmm(2), true)) : view.getBigUint64(soft.xmm(2), true);
  const exponent = Number(bits >> BigInt(format.fraction)) & ((1 << format.exponent) - 1);
  const fraction = bits & ((1n << BigInt(format.fraction)) - 1n);
  const flags = soft.mxcsr & ALL_EXCEPTIONS;
  return exponent === (1 << format.exponent) - 1 && fraction ? `nan ${flags}` : `${bits >> BigInt(format.fraction + format.exponent)} ${exponent} ${fraction} ${flags}`;
}

/** DE is not raised beside IE or ZE. */
const denormalCounts = (exact: Exact): boolean => typeof exact === 'object';

test.each([SINGLE, DOUBLE])('addss to divss and their like round the exact result once, $name', (format) => {
  const bias = (1 << format.exponent - 1) - 1;
  const operand = fields((1 << format.exponent) - 1, format.fraction);
  fc.assert(fc.property(binaryOps, operand, operand, modes, (name, a, b, mode) => {
    const exact = exactly[name](valueOf(a, format.fraction, bias), valueOf(b, format.fraction, bias), mode);
    const want = expected(exact, format.model, mode, denormalCounts(exact) && (isDenormal(a) || isDenormal(b)), encoder(format.fraction, format.exponent, false), a.sign ^ b.sign);
    expect(runSse(format, name, [a, b], mode)).toBe(want);
  }), { numRuns: 3000 });
});

test.each([SINGLE, DOUBLE])('sqrtss and sqrtsd round the exact root once, $name', (format) => {
  const bias = (1 << format.exponent - 1) - 1;
  fc.assert(fc.property(fields((1 << format.exponent) - 1, format.fraction), modes, (a, mode) => {
    const exact = exactRoot(valueOf(a, format.fraction, bias));
    const want = expected(exact, format.model, mode, denormalCounts(exact) && isDenormal(a), encoder(format.fraction, format.exponent, false), 0);
    expect(runSse(format, 'sqrt', [a], mode)).toBe(want);
  }), { numRuns: 60 });
});

/** ST(0) = ST(0) op ST(1) with the given FCW fields; the result's fields and flags. */
function runX87(name: string, operands: readonly Fields[], pc: number, mode: number): string {
  const { fpu } = soft;
  fpu.fcw = 0x7f | pc << 8 | mode << 10;
  fpu.fsw = fpu.top = 0;
  fpu.valid = 0xff;
  const at = (i: number): number => soft.env + soft.layout.fpu + 16 * i;
  operands.forEach((x, i) => {
    soft.arena.view.setBigUint64(at(i), x.exponent ? x.fraction | 1n << 63n : x.fraction, true);
    soft.arena.view.setUint16(at(i) + 8, x.sign << 15 | x.exponent, true);
  });
  soft.helpers[`f${name}`]!(soft.env, FIRST, SECOND, 0);
  const se = soft.arena.view.getUint16(at(0) + 8, true);
  const sig = soft.arena.view.getBigUint64(at(0), true);
  const flags = fpu.fsw & ALL_EXCEPTIONS;
  return (se & 0x7fff) === 0x7fff && sig !== 1n << 63n ? `nan ${flags}` : `${se >> 15} ${se & 0x7fff} ${sig} ${flags}`;
}

test('fadd to fdiv round the exact result once, at every precision', () => {
  const operand = fields(0x7fff, 63);
  fc.assert(fc.property(binaryOps, operand, operand, modes, fc.constantFrom(0, 2, 3), (name, a, b, mode, pc) => {
    const exact = exactly[name](valueOf(a, 63, 16383), valueOf(b, 63, 16383), mode);
    // Denormal results keep the position of the last bit that precision control allows the smallest normal.
    const want = expected(exact, f80Model(PC_BITS[pc]!), mode, denormalCounts(exact) && (isDenormal(a) || isDenormal(b)), encoder(63, 15, true), a.sign ^ b.sign);
    expect(runX87(name, [a, b], pc, mode)).toBe(want);
  }), { numRuns: 3000 });
});

test('subtraction is addition of the negated operand, and addition commutes', () => {
  const operand = fields(0x7fff, 63);
  fc.assert(fc.property(operand, operand, modes, (a, b, mode) => {
    const sum = runX87('add', [a, b], 3, mode);
    expect(runX87('add', [b, a], 3, mode)).toBe(sum);
    expect(runX87('sub', [a, { ...b, sign: b.sign ^ 1 }], 3, mode)).toBe(sum);
  }));
});

test('a number divided by itself is one, without any flag but DE', () => {
  fc.assert(fc.property(fields(0x7fff, 63), modes, (a, mode) => {
    fc.pre(a.exponent !== 0 || a.fraction !== 0n);
    expect(runX87('div', [a, a], 3, mode)).toBe(`0 16383 ${1n << 63n} ${isDenormal(a) ? Exception.DE : 0}`);
    expect(soft.fpu.fsw & PRE_COMPUTATION & ~Exception.DE).toBe(0);
  }));
});
