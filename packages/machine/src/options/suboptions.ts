/**
 * QEMU's `key=value,key=value` argument: `,,` stands for a comma in a value, a first word without `=` belongs to the option's
 * implied key, a later one means `=on`. What nobody takes is an error that names it.
 */
import { OptionError } from './errors.ts';
import { parseBool, parseChoice, parseNumber, parseSize } from './values.ts';

export class SubOptions {
  /** For messages: `-drive`. */
  readonly option: string;
  readonly #values = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(option: string, text: string, impliedKey?: string) {
    this.option = option;
    splitCommas(text).forEach((part, index) => {
      const equals = part.indexOf('=');
      if (equals > 0) this.#values.set(part.slice(0, equals), part.slice(equals + 1));
      else if (index === 0 && impliedKey !== undefined) this.#values.set(impliedKey, part);
      else if (part !== '') this.#values.set(part, 'on');
    });
  }

  /** The value of `key`, which is thereby known. */
  take(key: string): string | undefined {
    this.#known.add(key);
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  need(key: string): string {
    const value = this.take(key);
    if (value !== undefined && value !== '') return value;
    throw new OptionError(`${this.option} needs ${key}=`);
  }

  bool(key: string): boolean | undefined;
  bool(key: string, otherwise: boolean): boolean;
  bool(key: string, otherwise?: boolean): boolean | undefined {
    const value = this.take(key);
    return value === undefined ? otherwise : parseBool(value, `${this.option} ${key}`);
  }

  number(key: string, min?: number, max?: number): number | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : parseNumber(value, `${this.option} ${key}`, min, max);
  }

  size(key: string, unit?: 'b' | 'k' | 'm'): number | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : parseSize(value, `${this.option} ${key}`, unit);
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : parseChoice(value, `${this.option} ${key}`, choices);
  }

  /** Every pair that is left, in order; they count as taken. */
  rest(): [string, string][] {
    const pairs = [...this.#values];
    this.#values.clear();
    return pairs;
  }

  /** @throws OptionError when something was given that nothing took. */
  end(): void {
    const [left] = this.#values.keys();
    if (left === undefined) return;
    throw new OptionError(`${this.option}: "${left}" is not supported here; known are ${[...this.#known].sort().join(', ')}`);
  }
}

function splitCommas(text: string): string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') parts[parts.length - 1] += text[i];
    else if (text[i + 1] === ',') {
      parts[parts.length - 1] += ',';
      i++;
    } else parts.push('');
  }
  return parts;
}
