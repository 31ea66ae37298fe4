/**
 * Recorded results of a processor, as differences from the start states, which `prepare` makes again from the seed. One file a mode,
 * compressed: a header, then streams that hold one kind of value each (so that they compress), row after row.
 *
 * A row's vectors stand behind one another; its hash is that of its forms. A row that was changed after the recording is found by that, and
 * is reported as not recorded.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { EmuError } from '@emu/vaddr';
import { ALL_ROWS, Vector } from '@emu/x86';
import { forms, type Form } from './forms.ts';
import { SEED } from './prepare.ts';
import { hashBytes } from './random.ts';
import { DATA_BYTES, Fx, type Input, Output } from './step.ts';
import { casesOfForm, type Case } from './suite.ts';

export class CorpusError extends EmuError {}

/** Vector, flags, instruction pointer, error code and CR2, general registers, x87 and SSE, memory, segment bases. */
const STREAMS = 8;
const S = { VECTOR: 0, FLAGS: 1, RIP: 2, FAULT: 3, GPR: 4, FX: 5, DATA: 6, BASES: 7 } as const;

export interface RowRecord {
  /** The row in words, and the hash of its forms. */
  readonly row: string;
  readonly hash: number;
  readonly vectors: number;
  /** Bytes in each stream. */
  readonly bytes: number[];
}

export interface Header {
  readonly processor: string;
  readonly mode: 32 | 64;
  readonly seed: number;
  readonly rows: RowRecord[];
}

export const corpusPath = (mode: 32 | 64): URL => new URL(`../corpus/user${mode}.br`, import.meta.url);

/** Vectors of one row. */
export interface RowCases {
  readonly row: string;
  readonly rowIndex: number;
  readonly hash: number;
  readonly cases: readonly Case[];
}

/** All vectors of a mode, by row. */
export function* rowCases(mode: 32 | 64): Generator<RowCases> {
  let list: Form[] = [];
  for (const form of forms(mode)) {
    if (list.length > 0 && list[0]!.rowIndex !== form.rowIndex) {
      yield rowOf(list);
      list = [];
    }
    list.push(form);
  }
  if (list.length > 0) yield rowOf(list);
}

function rowOf(list: readonly Form[]): RowCases {
  const { rowIndex } = list[0]!;
  return {
    rowIndex, row: ALL_ROWS[rowIndex]!.toString(),
    hash: list.reduce((h, form) => hashBytes(form.bytes, h), 0x811c9dc5 | 0),
    cases: list.flatMap((form) => [...casesOfForm(form)]),
  };
}

/** A growing list of bytes. */
class Bytes {
  #bytes = new Uint8Array(1 << 16);
  length = 0;
  push(byte: number): void {
    if (this.length === this.#bytes.length) {
      const grown = new Uint8Array(this.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.length++] = byte;
  }
  all(bytes: Uint8Array): void {
    for (const b of bytes) this.push(b);
  }
  /** Seven bits a byte, least first, signs folded in. */
  varint(value: bigint): void {
    const signed = BigInt.asIntN(64, value);
    let v = signed < 0n ? (~signed << 1n) | 1n : signed << 1n;
    for (; v > 0x7fn; v >>= 7n) this.push(Number(v & 0x7fn) | 0x80);
    this.push(Number(v));
  }
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Reads what `Bytes` wrote. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at: number;
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }
  next(): number {
    return this.#bytes[this.#at++]!;
  }
  take(count: number): Uint8Array {
    return this.#bytes.subarray(this.#at, (this.#at += count));
  }
  varint(): bigint {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = this.next();
      v |= BigInt(b & 0x7f) << shift;
      if (!(b & 0x80)) return v & 1n ? ~(v >> 1n) : v >> 1n;
    }
  }
}

const WORD = 8;
/** Words of the FXSAVE image that are kept: not the instruction and operand pointers. */
const FX_WORDS = Array.from({ length: Fx.END / WORD }, (_, k) => k).filter((k) => k !== 1 && k !== 2);

/** Lists the 8-byte words of `now` that are not those of `before`: count, then index and value of each. */
function putWords(to: Bytes, before: Uint8Array, now: Uint8Array, words: readonly number[]): void {
  const changed = words.filter((k) => !sameWord(before, now, k));
  to.push(changed.length);
  for (const k of changed) to.push(k);
  for (const k of changed) to.all(now.subarray(k * WORD, (k + 1) * WORD));
}

function takeWords(from: Cursor, now: Uint8Array): void {
  const words = Array.from(from.take(from.next()));
  for (const k of words) now.set(from.take(WORD), k * WORD);
}

function sameWord(a: Uint8Array, b: Uint8Array, k: number): boolean {
  for (let i = k * WORD; i < (k + 1) * WORD; i++) if (a[i] !== b[i]) return false;
  return true;
}

const indices = (bytes: number): number[] => Array.from({ length: bytes / WORD }, (_, k) => k);
const GPR_WORDS = indices(128), DATA_WORDS = indices(DATA_BYTES);

/** Collects a corpus. */
export class Recorder {
  readonly #streams = Array.from({ length: STREAMS }, () => new Bytes());
  readonly #rows: RowRecord[] = [];
  readonly #processor: string;
  readonly #mode: 32 | 64;

  constructor(processor: string, mode: 32 | 64) {
    this.#processor = processor;
    this.#mode = mode;
  }

  add({ row, hash, cases }: RowCases, inputs: readonly Input[], outputs: readonly Output[]): void {
    const before = this.#streams.map((s) => s.length);
    outputs.forEach((output, k) => this.#put(inputs[k]!, output));
    this.#rows.push({ row, hash, vectors: cases.length, bytes: this.#streams.map((s, k) => s.length - before[k]!) });
  }

  #put(input: Input, output: Output): void {
    const s = this.#streams;
    s[S.VECTOR]!.push(output.vector);
    s[S.FLAGS]!.varint(BigInt(output.rflags ^ input.rflags));
    s[S.RIP]!.varint(output.rip - input.rip);
    if (output.vector !== Vector.BP) {
      s[S.FAULT]!.varint(BigInt(output.error));
      if (output.vector === Vector.PF) s[S.FAULT]!.varint(BigInt.asIntN(64, output.cr2));
    }
    putWords(s[S.GPR]!, input.gprs, output.gprs, GPR_WORDS);
    putWords(s[S.FX]!, input.fx, output.fx, FX_WORDS);
    putWords(s[S.DATA]!, input.data, output.data, DATA_WORDS);
    s[S.BASES]!.varint(output.fsBase - input.fsBase);
    s[S.BASES]!.varint(output.gsBase - input.gsBase);
  }

  save(): number {
    const header: Header = { processor: this.#processor, mode: this.#mode, seed: SEED, rows: this.#rows };
    const text = Buffer.from(JSON.stringify(header)), length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
    const packed = brotliCompressSync(Buffer.concat([length, text, ...this.#streams.map((s) => s.bytes)]), { params });
    writeFileSync(corpusPath(this.#mode), packed);
    return packed.length;
  }
}

/** A recorded corpus. */
export class Corpus {
  readonly header: Header;
  readonly #bytes: Uint8Array;
  /** Where each row's part of each stream begins. */
  readonly #at = new Map<string, { record: RowRecord; starts: number[] }>();

  constructor(packed: Uint8Array) {
    const bytes = brotliDecompressSync(packed), length = bytes.readUInt32LE(0);
    this.#bytes = bytes;
    this.header = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as Header;
    if (this.header.seed !== SEED) throw new CorpusError(`The corpus was recorded with seed ${this.header.seed}, not ${SEED}; record it again`);
    const starts: number[] = [];
    let at = 4 + length;
    for (let k = 0; k < STREAMS; k++) {
      starts.push(at);
      for (const row of this.header.rows) at += row.bytes[k]!;
    }
    for (const record of this.header.rows) {
      this.#at.set(key(record.row, record.hash), { record, starts: [...starts] });
      record.bytes.forEach((n, k) => { starts[k]! += n; });
    }
  }

  static load(mode: 32 | 64): Corpus {
    return new Corpus(readFileSync(corpusPath(mode)));
  }

  /** Reads a row's end states one by one, given their start states; undefined if the row was not recorded as it is now. */
  outputsOf({ row, hash }: RowCases): ((input: Input, into: Output) => void) | undefined {
    const found = this.#at.get(key(row, hash));
    if (!found) return undefined;
    const c = found.starts.map((at) => new Cursor(this.#bytes, at));
    return (input, output) => {
      output.bytes.fill(0);
      output.vector = c[S.VECTOR]!.next();
      output.rflags = input.rflags ^ Number(c[S.FLAGS]!.varint());
      output.rip = BigInt.asUintN(64, input.rip + c[S.RIP]!.varint());
      if (output.vector !== Vector.BP) {
        output.error = Number(c[S.FAULT]!.varint());
        if (output.vector === Vector.PF) output.cr2 = BigInt.asUintN(64, c[S.FAULT]!.varint());
      }
      output.gprs.set(input.gprs);
      takeWords(c[S.GPR]!, output.gprs);
      output.fx.set(input.fx);
      takeWords(c[S.FX]!, output.fx);
      output.data.set(input.data);
      takeWords(c[S.DATA]!, output.data);
      output.fsBase = BigInt.asUintN(64, input.fsBase + c[S.BASES]!.varint());
      output.gsBase = BigInt.asUintN(64, input.gsBase + c[S.BASES]!.varint());
    };
  }
}

const key = (row: string, hash: number): string => `${hash} ${row}`;
