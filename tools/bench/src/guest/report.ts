/** Results as a table for people and as plain data. */
import type { Counters } from '../emulator/counters.ts';
import { geometricMean, show, table } from '../table.ts';
import type { Measured } from './measure.ts';
import { CLASSES, type Program, type ProgramClass } from './programs.ts';

export interface Row {
  readonly program: Program;
  /** By session name: host, qemu, tci, jit, v86. */
  readonly by: Readonly<Record<string, Measured | Error>>;
}

export interface SessionFacts {
  readonly name: string;
  readonly bootMs: number;
  readonly residentMiB: { readonly now: number; readonly peak: number };
  readonly counters?: Counters | undefined;
}

const REFERENCE = 'qemu';

/** Speed of `name` relative to QEMU in one row. */
export function speed({ by }: Row, name: string): number | undefined {
  const mine = by[name], reference = by[REFERENCE];
  if (!mine || !reference || mine instanceof Error || reference instanceof Error) return undefined;
  return reference.cpuMs / mine.cpuMs;
}

export function report(rows: readonly Row[], names: readonly string[], facts: readonly SessionFacts[]): { text: string; json: object } {
  const compared = names.filter((name) => name !== REFERENCE);
  const cell = (row: Row, name: string): string => {
    const result = row.by[name];
    if (result instanceof Error) return 'failed';
    return show(result?.cpuMs);
  };
  const mips = names.filter((name) => rows.some((row) => row.by[name] && !(row.by[name] instanceof Error) && row.by[name].mips !== undefined));
  const mipsOf = (row: Row, name: string): string => {
    const result = row.by[name];
    return result && !(result instanceof Error) ? show(result.mips) : '-';
  };
  const classes = CLASSES.filter((c) => rows.some((row) => row.program.class === c));
  const lines = [['CPU ms a unit', ...names, ...compared.map((name) => `${name} x`), ...mips.map((name) => `${name} MIPS`)]];
  const means: Record<string, Record<string, number | undefined>> = {};
  const blank = [...names.map(() => ''), ...compared.map(() => ''), ...mips.map(() => '')];
  for (const cls of classes) {
    const own = rows.filter((row) => row.program.class === cls);
    for (const row of own.flatMap((row) => (cls === 'short-lived' ? [firstRun(row), row] : [row]))) {
      lines.push([row.program.name, ...names.map((n) => cell(row, n)), ...compared.map((n) => show(speed(row, n))), ...mips.map((n) => mipsOf(row, n))]);
    }
    means[cls] = meansOf(own, compared);
    if (own.length > 1) lines.push([`= ${cls}`, ...names.map(() => ''), ...compared.map((n) => show(means[cls]![n])), ...mips.map(() => '')]);
    lines.push(['', ...blank]);
  }
  const notes = facts.map(({ name, bootMs, residentMiB }) => `${name}: boot ${show(bootMs / 1000)} CPU s, resident ${show(residentMiB.now)} MiB at the end, ${show(residentMiB.peak)} at most`);
  const failures = rows.flatMap((row) => Object.values(row.by).filter((r) => r instanceof Error).map((e) => e.message));
  return { text: `${table(lines)}${notes.join('\n')}${failures.length ? `\n\n${failures.join('\n')}` : ''}`, json: { means: shortMeans(means), sessions: facts, programs: programsJson(rows) } };
}

/** The row as it was in the first run. */
function firstRun({ program, by }: Row): Row {
  const first = Object.entries(by).map(([name, r]) => [name, r instanceof Error ? r : { ...r, cpuMs: r.firstMs, mips: undefined }]);
  return { program: { ...program, name: `${program.name}, first run` }, by: Object.fromEntries(first) };
}

function meansOf(rows: readonly Row[], names: readonly string[]): Record<string, number | undefined> {
  return Object.fromEntries(names.map((name) => [name, geometricMean(rows.map((row) => speed(row, name)).filter((s) => s !== undefined))]));
}

const shortMeans = (means: Record<string, Record<string, number | undefined>>): object =>
  Object.fromEntries(Object.entries(means).map(([cls, by]) => [cls, Object.fromEntries(Object.entries(by).map(([name, mean]) => [name, short(mean)]))]));

/** Numbers to four digits, so that the kept results stay small. */
const short = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

function programsJson(rows: readonly Row[]): object {
  const one = (result: Measured | Error): object =>
    result instanceof Error ? { failed: result.message.split('\n', 1)[0] } : Object.fromEntries(Object.entries(result).map(([key, value]) => [key, short(value)]));
  return Object.fromEntries(rows.map(({ program, by }) => [program.name, {
    class: program.class satisfies ProgramClass, ...Object.fromEntries(Object.entries(by).map(([name, result]) => [name, one(result)])),
  }]));
}
