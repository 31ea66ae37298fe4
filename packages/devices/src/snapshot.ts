/** Saved devices are hostile input: a state is rebuilt field by field after a template, never taken over as it is. */
import { EmuError } from '@emu/vaddr';

/** A saved device: plain data that survives structured clone. */
export interface Snapshot {
  readonly version: number;
  readonly state: unknown;
  /** Deadlines of the armed timers by event name, in virtual ns. */
  readonly timers: Readonly<Record<string, number>>;
}

/** A snapshot does not fit the device: damaged, of another device, or newer than this version of the model. */
export class SnapshotError extends EmuError {}

class ListShape {
  readonly example: unknown;
  constructor(example: unknown) {
    this.example = example;
  }
}

/** In a template: a list of any length whose members look like `example`. An empty array in a template is a list of integers. */
export const listOf = <T>(example: T): T[] => new ListShape(example) as unknown as T[];

const MAX_LIST = 1 << 24;

const fail = (path: string, expected: string, value: unknown): never => {
  throw new SnapshotError(`snapshot: ${path} should be ${expected}, not ${describe(value)}; it is damaged or of another device`);
};

const describe = (value: unknown): string => {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'a record' : String(value);
};

const list = (example: unknown, value: unknown, path: string): unknown[] => {
  if (!Array.isArray(value) || value.length > MAX_LIST) return fail(path, 'a list', value);
  return Array.from(value, (member, i) => copyLike(example, member, `${path}[${i}]`));
};

/**
 * Copies `value` in the shape of `template`: safe integers, booleans, strings, typed arrays of equal length, arrays of equal
 * length (`[]` and `listOf` any length), records with the template's fields. Throws `SnapshotError` on anything else.
 */
export function copyLike<T>(template: T, value: unknown, path: string): T;
export function copyLike(template: unknown, value: unknown, path: string): unknown {
  if (template instanceof ListShape) return list(template.example, value, path);
  if (Array.isArray(template)) {
    if (template.length === 0) return list(0, value, path);
    if (!Array.isArray(value) || value.length !== template.length) return fail(path, `a list of ${template.length}`, value);
    return template.map((example, i) => copyLike(example, value[i], `${path}[${i}]`));
  }
  if (ArrayBuffer.isView(template)) {
    const wanted = template as Uint8Array;
    if (!ArrayBuffer.isView(value) || value.constructor !== wanted.constructor || value.byteLength !== wanted.byteLength) {
      return fail(path, describe(wanted), value);
    }
    return (value as Uint8Array).slice();
  }
  if (typeof template === 'object' && template !== null) {
    if (typeof value !== 'object' || value === null) return fail(path, 'a record', value);
    const copy: Record<string, unknown> = {};
    for (const [key, example] of Object.entries(template)) {
      if (!Object.hasOwn(value, key)) fail(`${path}.${key}`, 'there', undefined);
      copy[key] = copyLike(example, (value as Record<string, unknown>)[key], `${path}.${key}`);
    }
    return copy;
  }
  if (typeof template === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof template !== 'number' && typeof value === typeof template) return value;
  return fail(path, typeof template === 'number' ? 'an integer' : `a ${typeof template}`, value);
}
