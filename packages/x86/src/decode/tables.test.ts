/** The checks on the tables, on rows that are wrong on purpose; and what the real tables are like. Letters: SDM Vol. 2 appendix A. */
import { describe, expect, it } from 'vitest';
import { decode, Decoded } from './decode.ts';
import { Insn, type Mode } from './insn.ts';
import { CL, Eb, Ev, Gb, Gv, Ib, Iz, Mdq, operandBits, Rv, sIb, Udq, Vx, Wx } from './operands.ts';
import { DecodeTableError, FLAG_BITS, OpMap, rowIn, type Row, type RowOpts } from './row.ts';
import { ALL_ROWS, buildTables, CellKind, TABLES_64, TABLES_LEGACY } from './tables.ts';

const row = rowIn(OpMap.M0F);
const emit = (): void => {};
const bad = (make: () => unknown, why: RegExp): void => {
  expect(make).toThrow(DecodeTableError);
  expect(make).toThrow(why);
};

describe('a row is refused', () => {
  const make = (operands: Parameters<typeof row>[2], opts: RowOpts) => () => row(0x10, 'TEST', operands, emit, opts);

  it('with LOCK and no memory destination', () => {
    bad(make([Gv, Ev], { lock: true }), /LOCK without a memory destination/);
    bad(make([Rv], { lock: true }), /LOCK without a memory destination/);
    bad(make([], { lock: true }), /LOCK without a memory destination/);
  });

  it('with flags that are misspelt, repeated or both written and undefined', () => {
    bad(make([], { flags: 'w:x' }), /no flag 'x'/);
    bad(make([], { flags: 'write:c' }), /not of the form/);
    bad(make([], { flags: 'w:cc' }), /'c' twice/);
    bad(make([], { flags: 'w:c u:c' }), /both written and undefined/);
  });

  it('with contradictory modes, operands or mnemonics', () => {
    bad(make([], { only64: true, no64: true }), /both only64 and no64/);
    bad(make([], { d64: true, f64: true }), /both d64 and f64/);
    bad(make([Mdq], { mod: 'reg' }), /memory and for a register/);
    bad(make([Ev, Wx], {}), /two operands in ModR\/M rm/);
    bad(make([Gv, Vx], {}), /reg is used twice/);
    bad(make([Gv], { group: '/1' }), /reg is used twice/);
    bad(make([Iz, Iz], {}), /immediate combination/);
    bad(make([Ev], { rm: 1 }), /rm selects only within a group/);
    bad(() => row(0x10, 'A/B', [], emit), /2 mnemonics/);
    bad(() => row(0x10, 'add', [], emit), /capitals and digits/);
    bad(() => row(0x100, 'ADD', [], emit), /is not a byte/);
    bad(() => rowIn(OpMap.M1)(0x10, 'ADD', [], emit, { prefix: 'F3' }), /mandatory prefix in the one-byte map/);
  });

  it('with a fallback that cannot stand in for it', () => {
    bad(make([Gv, Ev], { fallback: row(0x10, 'A', [Gv, Ev], emit) }), /without the feature/);
    bad(make([Gv, Ev], { feature: 'bmi1', fallback: row(0x10, 'A', [], emit) }), /differs in having ModR\/M/);
  });
});

describe('a table is refused', () => {
  it('when two rows claim one encoding', () => {
    bad(() => buildTables([row(0x10, 'A', [Ev, Gv], emit), row(0x10, 'B', [Gv, Ev], emit)]), /claim the same encoding/);
    bad(() => buildTables([row(0x10, 'A', [Ev], emit, { group: '/3' }), row(0x10, 'B', [Rv], emit, { group: '/3' })]), /claim the same encoding/);
    bad(() => buildTables([row(0x10, 'A', [Vx, Wx], emit, { prefix: 'NFx' }), row(0x10, 'B', [Vx, Wx], emit, { prefix: '66' })]), /claim the same/);
  });

  it('when a row can never be reached', () => {
    const prefixed = (['NFx', 'F2', 'F3'] as const).map((prefix) => row(0x10, 'A', [Ev, Gv], emit, { prefix }));
    bad(() => buildTables([...prefixed, row(0x10, 'B', [Ev, Gv], emit)]), /is never reached/);
  });

  it('when only some rows of a cell have ModR/M', () => {
    bad(() => buildTables([row(0x10, 'A', [Ev], emit, { prefix: '66' }), row(0x10, 'B', [], emit, { prefix: 'F3' })]), /only one has ModR\/M/);
  });

  it('but memory and register rows, prefixes and a row for the rest share a cell', () => {
    const memory = row(0x10, 'A', [Vx, Mdq], emit, { prefix: 'NP' });
    const register = row(0x10, 'B', [Vx, Udq], emit, { prefix: 'NP' });
    const f3 = row(0x10, 'C', [Vx, Wx], emit, { prefix: 'F3' });
    const rest = row(0x10, 'D', [Vx, Wx], emit);
    const cell = buildTables([rest, memory, register, f3])[OpMap.M0F]![0x10]!;
    expect(cell.kind).toBe(CellKind.GROUP);
    expect([0, 8, 16, 32, 48].map((at) => cell.rows[at])).toEqual([memory, register, rest, f3, rest]);
  });
});

describe('what derives from a row', () => {
  it('flags become EFLAGS masks', () => {
    const r = row(0x10, 'SHL', [Ev, CL], emit, { flags: 'r:c w:szpc u:oa' });
    expect([r.flagsRead, r.flagsWritten, r.flagsUndefined]).toEqual([0x001, 0x0c5, 0x810]);
    expect(Object.values<number>(FLAG_BITS).reduce((a, b) => a | b)).toBe(0xfd5);
  });

  it('128-bit memory operands are aligned unless the row says otherwise', () => {
    expect(row(0x10, 'A', [Vx, Wx], emit).align).toBe(16);
    expect(row(0x10, 'A', [Vx, Wx], emit, { unaligned: true }).align).toBe(1);
    expect(row(0x10, 'A', [Ev, Gv], emit).align).toBe(1);
  });

  it('the unit is x87, mmx or sse by operands', () => {
    const unitOf = (mnemonic: string): string[] => ALL_ROWS.filter((r) => r.mnemonic === mnemonic).map((r) => r.unit);
    expect(unitOf('PADDB')).toEqual(['mmx', 'sse']);
    expect(unitOf('CVTPI2PS')).toEqual(['mmx']);
    expect(unitOf('EMMS')).toEqual(['mmx']);
    expect(unitOf('FSIN')).toEqual(['x87']);
    expect(unitOf('CRC32')).toEqual(['none', 'none']);
  });

  it('a row prints as its cell', () => {
    expect(row(0xba, 'BT', [Ev, Ib], emit, { group: '/4' }).toString()).toBe('0F BA/4 BT Ev, Ib');
  });
});

describe('operand sizes', () => {
  const i = new Insn();
  const bits = (hex: string, mode: Mode): number[] => {
    const bytes = Uint8Array.from(hex.split(' ').map((b) => Number.parseInt(b, 16)));
    expect(decode(i, bytes, 0, bytes.length, mode)).toBe(Decoded.OK);
    return i.row.operands.map((o) => operandBits(o, i));
  };

  it('v, z, b and sign-extended bytes follow the operand size', () => {
    expect(bits('48 81 c0 00 00 00 00', 64)).toEqual([64, 32]);
    expect(bits('66 81 c0 00 00', 64)).toEqual([16, 16]);
    expect(bits('48 83 c0 00', 64)).toEqual([64, 8]);
    expect(i.row.operands).toEqual([Ev, sIb]);
    expect(bits('80 c0 00', 16)).toEqual([8, 8]);
    expect(i.row.operands).toEqual([Eb, Ib]);
    expect(bits('00 c0', 16)).toEqual([8, 8]);
    expect(i.row.operands).toEqual([Eb, Gb]);
  });

  it('Rv/Mw is a word in memory, the operand size in a register', () => {
    expect(bits('48 8c c0', 64)).toEqual([64, 16]);
    expect(bits('48 8c 00', 64)).toEqual([16, 16]);
  });

  it('control registers have the width of the mode', () => {
    expect(bits('66 0f 20 c0', 64)).toEqual([64, 64]);
    expect(bits('66 0f 20 c0', 32)).toEqual([32, 32]);
    expect(bits('0f 20 c0', 16)).toEqual([32, 32]);
  });

  it('cmpxchg8b has 64 bits, cmpxchg16b 128', () => {
    expect(bits('0f c7 08', 64)).toEqual([64]);
    expect(bits('48 0f c7 08', 64)).toEqual([128]);
  });

  it('far pointers, descriptor tables and x87 images', () => {
    expect(bits('ff 28', 64)).toEqual([48]);
    expect(bits('48 ff 28', 64)).toEqual([80]);
    expect(bits('0f 01 10', 64)).toEqual([80]);
    expect(bits('0f 01 10', 32)).toEqual([48]);
    expect(bits('d9 30', 32)).toEqual([28 * 8]);
    expect(bits('66 d9 30', 32)).toEqual([14 * 8]);
    expect(bits('dd 30', 32)).toEqual([108 * 8]);
  });
});

describe('the real tables', () => {
  it('have the general instructions, x87, MMX, SSE to SSE4.2, AES, SHA: every feature has rows', () => {
    const features = new Map<string, number>();
    for (const r of ALL_ROWS) features.set(r.opts.feature ?? 'none', (features.get(r.opts.feature ?? 'none') ?? 0) + 1);
    expect(features.get('sse4_1')).toBeGreaterThanOrEqual(47);
    expect(features.get('ssse3')).toBe(32);
    expect(features.get('aes')).toBe(6);
    expect(features.get('sha')).toBe(7);
    expect(ALL_ROWS.length).toBeGreaterThan(1000);
  });

  it('are the same in all modes but for rows that say so', () => {
    const rowsOf = (tables: typeof TABLES_64): Set<Row> => new Set(tables.flat().flatMap((c) => c.rows.filter((r) => r !== undefined)));
    const legacy = rowsOf(TABLES_LEGACY);
    const long = rowsOf(TABLES_64);
    for (const r of ALL_ROWS) expect([String(r), legacy.has(r), long.has(r)]).toEqual([String(r), !r.opts.only64, !r.opts.no64]);
  });
});
