/**
 * A record in linear memory, declared once: offsets for generated code, accessors for TypeScript.
 *
 *     const Point = struct({ x: 'i32', y: 'i32', id: 'i64', name: ['u8', 16] });
 *     Point.offset.id                 // 8
 *     const p = Point.at(arena, ptr); // p.x = 3; p.idLo; p.idHi; arrays through Point.offset.name
 */
import type { Arena, HostPtr } from './arena.ts';
import { EmuError } from './errors.ts';

const SIZE = { u8: 1, u16: 2, i32: 4, u32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;
export type FieldType = keyof typeof SIZE;
/** A scalar, or an array of scalars as `[type, count]`. */
export type Field = FieldType | readonly [FieldType, number];
export type Fields = Readonly<Record<string, Field>>;

type ScalarNames<F extends Fields, T extends FieldType> = { [K in keyof F & string]: F[K] extends T ? K : never }[keyof F & string];

/** Scalars up to 32 bits and floats by name; an `i64` as two i32 halves, `nameLo` and `nameHi`. Arrays and v128 have no accessor. */
export type Accessors<F extends Fields> =
  & { [K in ScalarNames<F, 'u8' | 'u16' | 'i32' | 'u32' | 'f32' | 'f64'>]: number }
  & { [K in ScalarNames<F, 'i64'> as `${K}Lo` | `${K}Hi`]: number };

export interface Struct<F extends Fields> {
  readonly fields: F;
  /** Bytes, a multiple of 16. */
  readonly size: number;
  /** Byte offset of each field (of element 0 for arrays). */
  readonly offset: { readonly [K in keyof F]: number };
  /** Live accessors of the record at `base`. */
  at(arena: Arena, base: HostPtr): Accessors<F>;
}

/** Lays the fields out in the order given, each at its natural alignment. `start` leaves room for a header before them. */
export function struct<const F extends Fields>(fields: F, start = 0): Struct<F> {
  const offset: Record<string, number> = {};
  let at = start;
  for (const [name, field] of Object.entries(fields)) {
    const [type, count] = typeof field === 'string' ? [field, 1] as const : field;
    const size = SIZE[type];
    at = Math.ceil(at / size) * size;
    offset[name] = at;
    at += size * count;
  }
  const View = accessorClass(fields, offset);
  return {
    fields,
    size: Math.ceil(at / 16) * 16,
    offset: offset as { [K in keyof F]: number },
    at: (arena, base) => {
      if (base % 16 !== 0) throw new EmuError(`A struct at ${base} is not aligned; allocate it at a multiple of 16`);
      return new View(arena, base) as unknown as Accessors<F>;
    },
  };
}

type ViewClass = new (arena: Arena, base: HostPtr) => object;
interface Located { arena: Arena; base: number }

const word = (shift: number, view: 'u8' | 'u16' | 'i32' | 'u32' | 'f32' | 'f64', offset: number): PropertyDescriptor => ({
  get(this: Located) { return this.arena[view][(this.base + offset) >>> shift]; },
  set(this: Located, value: number) { this.arena[view][(this.base + offset) >>> shift] = value; },
});
const SHIFT = { u8: 0, u16: 1, i32: 2, u32: 2, f32: 2, f64: 3 } as const;

function accessorClass(fields: Fields, offset: Record<string, number>): ViewClass {
  class View {
    readonly arena: Arena;
    readonly base: HostPtr;
    constructor(arena: Arena, base: HostPtr) {
      this.arena = arena;
      this.base = base;
    }
  }
  const define = (name: string, d: PropertyDescriptor) => Object.defineProperty(View.prototype, name, d);
  for (const [name, type] of Object.entries(fields)) {
    const at = offset[name]!;
    if (type === 'i64') {
      define(`${name}Lo`, word(2, 'i32', at));
      define(`${name}Hi`, word(2, 'i32', at + 4));
    } else if (typeof type === 'string' && type !== 'v128') define(name, word(SHIFT[type], type, at));
  }
  return View;
}
