/**
 * The functions of a module as text, an instruction a line, in the unfolded form of the text format (core specification 2.0, chapter 6): for logs and
 * debuggers. Reads what `ModuleBuilder` writes, by the same table; leaves out everything but types of locals and code.
 */
import { WasmError } from './errors.ts';
import { INSTRUCTIONS, type Immediate, type Instruction } from './opcodes.ts';
import { Section } from './sections.ts';
import { typeName, type ValType } from './types.ts';

const HEADER_BYTES = 8;
const EMPTY_BLOCK = 0x40;
const BY_OPCODE = new Map(INSTRUCTIONS.map((row) => [(row.prefix << 16) | row.code, row] as const));
const BASE_INDENT = 1;

class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    return this.#view.getUint8(this.at++);
  }

  /** An unsigned LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      value += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return value;
    }
  }

  /** A signed LEB128 of up to 64 bits. */
  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ;) {
      const b = this.byte();
      value |= BigInt(b & 0x7f) << shift;
      shift += 7n;
      if (b < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }

  float(bytes: 4 | 8): string {
    const value = bytes === 4 ? this.#view.getFloat32(this.at, true) : this.#view.getFloat64(this.at, true);
    this.at += bytes;
    return Object.is(value, -0) ? '-0' : String(value);
  }

  list(count: number, read: () => number): string {
    return Array.from({ length: count }, read).join(' ');
  }
}

/**
 * Text of each function that has a body, in order.
 * @param names of functions by index, where there are any. @throws WasmError on an opcode that the table lacks.
 */
export function functionTexts(module: Uint8Array, names: ReadonlyMap<number, string> = new Map()): string[] {
  const r = new Reader(module, HEADER_BYTES);
  while (r.at < module.length) {
    const id = r.byte(), size = r.u32(), end = r.at + size;
    if (id === Section.CODE) return Array.from({ length: r.u32() }, () => functionText(r, names));
    r.at = end;
  }
  return [];
}

function functionText(r: Reader, names: ReadonlyMap<number, string>): string {
  const size = r.u32(), end = r.at + size, locals = Array.from({ length: r.u32() }, () => localType(r));
  const lines = locals.length > 0 ? [`  (local ${locals.join(' ')})`] : [];
  for (let depth = BASE_INDENT; r.at < end;) {
    const row = instructionAt(r), { name, immediate } = row;
    if (immediate === 'end' || immediate === 'else') depth--;
    if (depth < BASE_INDENT) break; // the function's own end
    lines.push(`${'  '.repeat(depth)}${mnemonic(name)}${operands(r, immediate, names)}`);
    if (immediate === 'block' || immediate === 'else') depth++;
  }
  r.at = end;
  return lines.join('\n');
}

/** One run of a declaration: `count type`. */
function localType(r: Reader): string {
  const count = r.u32(), type = typeName(r.byte() as ValType);
  return Array.from({ length: count }, () => type).join(' ');
}

function instructionAt(r: Reader): Instruction {
  const first = r.byte(), prefixed = first >= 0xfc, code = prefixed ? r.u32() : first;
  const row = BY_OPCODE.get(prefixed ? (first << 16) | code : code);
  if (!row) throw new WasmError(`opcode 0x${first.toString(16)}${prefixed ? ` ${code}` : ''} at byte ${r.at} is not in the table of instructions`);
  return row;
}

const mnemonic = (name: string): string => (name === 'select_typed' ? 'select' : name);

function operands(r: Reader, immediate: Immediate, names: ReadonlyMap<number, string>): string {
  if (typeof immediate === 'object') return 'align' in immediate ? memoryArgument(r, immediate.align) + (immediate.lanes ? ` ${r.byte()}` : '') : ` ${r.byte()}`;
  switch (immediate) {
    case 'none': case 'else': case 'end': return '';
    case 'block': return blockType(r);
    case 'labels': return ` ${r.list(r.u32() + 1, () => r.u32())}`;
    case 'func': {
      const index = r.u32(), name = names.get(index);
      return name === undefined ? ` ${index}` : ` $${name}`;
    }
    case 'indirect': {
      const type = r.u32(), table = r.u32();
      return `${table === 0 ? '' : ` ${table}`} (type ${type})`;
    }
    case 'type': return ` (result ${r.list(r.u32(), () => r.byte()).split(' ').map((t) => typeName(Number(t) as ValType)).join(' ')})`;
    case 'heap': return ` ${typeName(r.byte() as ValType).replace('ref', '')}`;
    case 'tableTable': case 'elemTable': return ` ${r.list(2, () => r.u32())}`;
    case 'dataMemory': case 'zero': {
      const index = immediate === 'zero' ? '' : ` ${r.u32()}`;
      r.byte();
      return index;
    }
    case 'zeroZero':
      r.at += 2;
      return '';
    case 'i32': case 'i64': return ` ${r.signed()}`;
    case 'f32': return ` ${r.float(4)}`;
    case 'f64': return ` ${r.float(8)}`;
    case 'v128': return ` i8x16 ${r.list(16, () => r.byte())}`;
    case 'shuffle': return ` ${r.list(16, () => r.byte())}`;
    default: return ` ${r.u32()}`;
  }
}

/** Offset and alignment, where they are not 0 and the natural one. */
function memoryArgument(r: Reader, natural: number): string {
  const align = r.u32(), offset = r.u32();
  return `${offset === 0 ? '' : ` offset=${offset}`}${align === natural ? '' : ` align=${2 ** align}`}`;
}

function blockType(r: Reader): string {
  if (r.bytes[r.at] === EMPTY_BLOCK) {
    r.at++;
    return '';
  }
  const value = Number(r.signed());
  return value < 0 ? ` (result ${typeName((value & 0x7f) as ValType)})` : ` (type ${value})`;
}
