/**
 * One counter of an 8254 as pure functions of the clock tick: output, count, next change. Intel 8254 data sheet (order 231164),
 * "Mode definitions". The tick that loads a count is the one after the write. A count of 1 in modes 2 and 3 (illegal) works as 2.
 */

export interface PitCounterState {
  mode: number;
  bcd: boolean;
  /** Read/write format: 1 low byte, 2 high byte, 3 low then high. */
  format: number;
  /** Count in the counting element, 1..65536; 0 before one is loaded. */
  count: number;
  /** Count written but not loaded yet; 0 for none. */
  next: number;
  /** Tick at which `next` is loaded in modes 2 and 3. */
  switchAt: number;
  /** Tick at which `count` was loaded. */
  start: number;
  /** Ticks counted when the gate stopped it; -1 while it runs. */
  held: number;
  gate: boolean;
  /** First byte of a two-byte count, or -1. */
  writtenLow: number;
  /** The next read gives the high byte. */
  readHigh: boolean;
  /** Latched count or status, or -1. */
  latchedCount: number;
  latchedStatus: number;
}

/** State of a counter nobody programmed: the data sheet leaves it undefined; this is mode 0, idle. */
export const newCounter = (gate: boolean): PitCounterState => ({
  mode: 0, bcd: false, format: 3, count: 0, next: 0, switchAt: 0, start: 0, held: -1, gate,
  writtenLow: -1, readHigh: false, latchedCount: -1, latchedStatus: -1,
});

/** Modes by what they are for. Codes. */
export const PitMode = { TERMINAL_COUNT: 0, ONE_SHOT: 1, RATE: 2, SQUARE: 3, SOFT_STROBE: 4, HARD_STROBE: 5 } as const;

export const isPeriodic = (c: PitCounterState): boolean => c.mode === PitMode.RATE || c.mode === PitMode.SQUARE;
export const isTriggered = (c: PitCounterState): boolean => c.mode === PitMode.ONE_SHOT || c.mode === PitMode.HARD_STROBE;

const elapsed = (c: PitCounterState, tick: number): number => (c.held >= 0 ? c.held : Math.max(0, tick - c.start));
const period = (c: PitCounterState): number => Math.max(2, c.count);
const highHalf = (c: PitCounterState): number => Math.ceil(period(c) / 2);

/** Takes over a waiting count whose time has come. */
export function syncCounter(c: PitCounterState, tick: number): void {
  if (c.next === 0 || !isPeriodic(c) || c.held >= 0 || tick < c.switchAt) return;
  c.count = c.next;
  c.next = 0;
  c.start = c.switchAt;
}

/** Level of OUT at `tick`. */
export function outputOf(c: PitCounterState, tick: number): boolean {
  if (c.count === 0) return c.mode !== PitMode.TERMINAL_COUNT;
  const d = elapsed(c, tick);
  switch (c.mode) {
    case PitMode.TERMINAL_COUNT:
    case PitMode.ONE_SHOT:
      return d >= c.count;
    case PitMode.RATE:
      return c.held >= 0 || d % period(c) !== period(c) - 1;
    case PitMode.SQUARE:
      return c.held >= 0 || d % period(c) < highHalf(c);
    default:
      return d !== c.count;
  }
}

/** The first tick after `tick` at which OUT changes, or Infinity. */
export function nextChange(c: PitCounterState, tick: number): number {
  if (c.count === 0 || c.held >= 0) return Infinity;
  const d = elapsed(c, tick);
  const at = (inElapsed: number) => c.start + inElapsed;
  switch (c.mode) {
    case PitMode.TERMINAL_COUNT:
    case PitMode.ONE_SHOT:
      return d < c.count ? at(c.count) : Infinity;
    case PitMode.RATE:
    case PitMode.SQUARE: {
      const round = d - (d % period(c));
      const low = round + (c.mode === PitMode.RATE ? period(c) - 1 : highHalf(c));
      return at(d < low ? low : round + period(c));
    }
    default:
      return d < c.count ? at(c.count) : d === c.count ? at(c.count + 1) : Infinity;
  }
}

/** The number in the counting element at `tick`, as the guest reads it (binary or BCD). */
export function countOf(c: PitCounterState, tick: number): number {
  if (c.count === 0) return 0;
  const d = elapsed(c, tick);
  const modulus = c.bcd ? 10_000 : 0x1_0000;
  let value = (((c.count - d) % modulus) + modulus) % modulus;
  if (c.mode === PitMode.RATE) value = (c.count - (d % period(c))) % modulus;
  if (c.mode === PitMode.SQUARE) {
    const inHalf = (d % period(c)) % highHalf(c);
    value = ((c.count & ~1) - 2 * inHalf) % modulus;
  }
  return c.bcd ? toBcd(value) : value;
}

const toBcd = (n: number): number => (n % 10) | ((Math.floor(n / 10) % 10) << 4) | ((Math.floor(n / 100) % 10) << 8) | (Math.floor(n / 1000) << 12);
const fromBcd = (n: number): number => (n & 15) + ((n >>> 4) & 15) * 10 + ((n >>> 8) & 15) * 100 + (n >>> 12) * 1000;

/** A count written in full. */
export function loadCount(c: PitCounterState, raw: number, tick: number): void {
  const count = (c.bcd ? fromBcd(raw) : raw) || (c.bcd ? 10_000 : 0x1_0000);
  if (isTriggered(c) || (isPeriodic(c) && c.count !== 0)) {
    if (isPeriodic(c) && c.next === 0) c.switchAt = endOfCycle(c, tick);
    c.next = count;
    return;
  }
  c.count = count;
  c.start = tick + 1;
  c.held = c.gate ? -1 : 0;
}

/** In mode 2 a new count waits for the end of the period, in mode 3 for the end of the half period. */
function endOfCycle(c: PitCounterState, tick: number): number {
  const d = elapsed(c, tick);
  const inRound = d % period(c);
  const part = c.mode === PitMode.SQUARE && inRound < highHalf(c) ? highHalf(c) : period(c);
  return c.start + d - inRound + part;
}

/** The GATE pin changed. */
export function setGate(c: PitCounterState, gate: boolean, tick: number): void {
  if (gate === c.gate) return;
  c.gate = gate;
  if (!gate) {
    if (!isTriggered(c)) c.held = elapsed(c, tick);
    return;
  }
  if (isTriggered(c) || isPeriodic(c)) {
    if (c.next !== 0) c.count = c.next;
    c.next = 0;
    c.start = tick + 1;
  } else c.start = tick - Math.max(0, c.held);
  c.held = -1;
}
