/**
 * The lookup tables that `decode` walks: rows of every map sorted into cells, and checked against each other.
 *
 * One set for 64-bit mode, one for 16/32-bit modes. VEX and EVEX will be further maps of the same shape.
 */
import { MAP_0F } from './map-0f.ts';
import { MAP_0F_SSE } from './map-0f-sse.ts';
import { MAP_0F38 } from './map-0f38.ts';
import { MAP_0F3A } from './map-0f3a.ts';
import { MAP_1 } from './map-1.ts';
import { GROUPS } from './groups.ts';
import { DecodeTableError, type Row } from './row.ts';
import { X87 } from './x87.ts';

/** How a cell selects its row; see `Cell.rows` for the index each implies. */
export const CellKind = { EMPTY: 0, PLAIN: 1, REX_B: 2, MODRM: 3, GROUP: 4, GROUP_RM: 5 } as const;

/** Everything one opcode byte of one map can mean in one mode. */
export interface Cell {
  readonly kind: number;
  /**
   * Indexed by p = 0 none, 1 66, 2 F3, 3 F2:
   * PLAIN, MODRM p; REX_B p * 2 + REX.B; GROUP p * 16 + (mod = 3 ? 8 : 0) + reg; GROUP_RM p * 72 + (mod = 3 ? 8 + reg * 8 + rm : reg).
   */
  readonly rows: readonly (Row | undefined)[];
}

/** Cells by map (`OpMap`) and opcode byte. */
export type ModeTables = readonly (readonly Cell[])[];

const PREFIX_SLOTS = { NP: [0], NFx: [0, 1], 66: [1], F3: [2], F2: [3] } as const;
const ANY_PREFIX = [0, 1, 2, 3] as const;
const PREFIXES = 4;
const MODRM_SLOTS = 72;
const EMPTY_CELL: Cell = { kind: CellKind.EMPTY, rows: [] };

/** Every row of every map, in table order. A row's index here is its number in listings. */
export const ALL_ROWS: readonly Row[] = [...MAP_1, ...X87, ...MAP_0F, ...MAP_0F_SSE, ...MAP_0F38, ...MAP_0F3A, ...GROUPS];

/** Tables of 16- and 32-bit modes. */
export const TABLES_LEGACY: ModeTables = buildTables(ALL_ROWS.filter((r) => !r.opts.only64));
/** Tables of 64-bit mode. */
export const TABLES_64: ModeTables = buildTables(ALL_ROWS.filter((r) => !r.opts.no64));

/** Sorts rows into cells. Throws `DecodeTableError` if two rows claim one encoding, or a row can never be reached. */
export function buildTables(rows: readonly Row[]): ModeTables {
  return [0, 1, 2, 3].map((map) => {
    const cells: Row[][] = Array.from({ length: 256 }, () => []);
    for (const r of rows) if (r.map === map) cells[r.opcode]!.push(r);
    return cells.map(buildCell);
  });
}

function buildCell(rows: readonly Row[]): Cell {
  if (rows.length === 0) return EMPTY_CELL;
  const modrm = rows[0]!.hasModrm;
  const odd = rows.find((r) => r.hasModrm !== modrm);
  if (odd !== undefined) throw new DecodeTableError(`rows ${rows[0]} and ${odd} share an opcode but only one has ModR/M; correct one of them`);
  const full = Array.from<Row | undefined>({ length: PREFIXES * MODRM_SLOTS });
  for (const r of rows) if (r.opts.prefix !== undefined) place(full, r, PREFIX_SLOTS[r.opts.prefix], false);
  for (const r of rows) if (r.opts.prefix === undefined) place(full, r, ANY_PREFIX, true);
  for (const r of rows) if (!full.includes(r)) throw new DecodeTableError(`row ${r} is never reached: other rows take all its prefixes; remove it`);
  return modrm ? compressModrm(full) : compressPlain(full);
}

/** Claims the slots of `r`. A row for any prefix leaves those alone that rows with a prefix have claimed. */
function place(full: (Row | undefined)[], r: Row, prefixes: readonly number[], yields: boolean): void {
  for (const p of prefixes) {
    for (const slot of slotsOf(r)) {
      const at = p * MODRM_SLOTS + slot;
      const other = full[at];
      if (other === undefined) full[at] = r;
      else if (!yields || other.opts.prefix === undefined) throw new DecodeTableError(`rows ${other} and ${r} claim the same encoding; remove one`);
    }
  }
}

function slotsOf(r: Row): number[] {
  if (!r.hasModrm) return r.opts.rexB === undefined ? [0, 1] : [r.opts.rexB];
  const slots: number[] = [];
  for (let reg = 0; reg < 8; reg++) {
    if (r.group >= 0 && r.group !== reg) continue;
    if (r.takesMem) slots.push(reg);
    for (let rm = 0; rm < 8; rm++) if (r.takesReg && (r.opts.rm ?? rm) === rm) slots.push(8 + reg * 8 + rm);
  }
  return slots;
}

function prefixBlocks(full: readonly (Row | undefined)[]): (Row | undefined)[][] {
  return ANY_PREFIX.map((p) => full.slice(p * MODRM_SLOTS, (p + 1) * MODRM_SLOTS));
}

function compressPlain(full: readonly (Row | undefined)[]): Cell {
  const blocks = prefixBlocks(full);
  return blocks.every((b) => b[0] === b[1])
    ? { kind: CellKind.PLAIN, rows: blocks.map((b) => b[0]) }
    : { kind: CellKind.REX_B, rows: blocks.flatMap((b) => [b[0], b[1]]) };
}

function compressModrm(full: readonly (Row | undefined)[]): Cell {
  const blocks = prefixBlocks(full);
  if (blocks.every((b) => b.every((r) => r === b[0]))) return { kind: CellKind.MODRM, rows: blocks.map((b) => b[0]) };
  const rmMatters = blocks.some((b) => b.some((r, slot) => slot >= 8 && r !== b[slot & ~7]));
  if (rmMatters) return { kind: CellKind.GROUP_RM, rows: full };
  return { kind: CellKind.GROUP, rows: blocks.flatMap((b) => [...b.slice(0, 8), ...[0, 1, 2, 3, 4, 5, 6, 7].map((reg) => b[8 + reg * 8])]) };
}
