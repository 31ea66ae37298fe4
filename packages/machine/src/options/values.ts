/** Values of options, in QEMU's notation. */
import { OptionError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes from `512M`, `3G`, `0.5g`; a number alone counts in `unit` (`-m 512` is MiB). */
export function parseSize(text: string, where: string, unit: 'b' | 'k' | 'm' = 'b'): number {
  const match = /^(\d+(?:\.\d+)?)([bkmgt]?)$/i.exec(text);
  const bytes = match ? Number(match[1]) * UNITS[match[2]!.toLowerCase() || unit]! : Number.NaN;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new OptionError(`${where}: "${text}" is no size; write for example 512M or 3G`);
}

/** A decimal or 0x number in a range. */
export function parseNumber(text: string, where: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new OptionError(`${where}: "${text}" is no number from ${min} to ${max}`);
}

/** on, off, and QEMU's other spellings of them. */
export function parseBool(text: string, where: string): boolean {
  if (['on', 'yes', 'true', 'y'].includes(text)) return true;
  if (['off', 'no', 'false', 'n'].includes(text)) return false;
  throw new OptionError(`${where}: "${text}" is neither on nor off`);
}

/** One of a few words. */
export function parseChoice<T extends string>(text: string, where: string, choices: readonly T[]): T {
  const found = choices.find((c) => c === text);
  if (found !== undefined) return found;
  throw new OptionError(`${where}: "${text}" is not supported; use ${choices.join(', ')}`);
}
