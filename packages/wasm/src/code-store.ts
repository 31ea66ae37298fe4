/** What the functions of one module share: finished bodies, a pool of code buffers, and how many functions, types, tables ...
 *  there are, so that an instruction with an unknown index is refused where it is written. */
import { ByteWriter } from './bytes.ts';
import { WasmError } from './errors.ts';

/** A buffer a function body is written into, with its view for floats. */
export interface CodeBuffer { readonly bytes: Uint8Array<ArrayBuffer>; readonly view: DataView }

/** Index spaces that instructions refer to. */
export interface IndexSpaces { types: number; funcs: number; tables: number; memories: number; globals: number; elems: number; datas: number }

export class CodeStore {
  readonly counts: IndexSpaces = { types: 0, funcs: 0, tables: 0, memories: 0, globals: 0, elems: 0, datas: 0 };
  /** Finished bodies in the order they were closed, each `locals code` without its size. */
  readonly bodies: ByteWriter = new ByteWriter();
  /** Function index -> its number of parameters. */
  readonly paramCounts: number[] = [];
  /** For short-lived parts; whoever uses it sets `pos` to 0 first. */
  readonly scratch: ByteWriter = new ByteWriter();
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly pool: CodeBuffer[] = [];
  /** Function index -> its hinted branches: offset in the body, then 1 for likely. */
  private readonly hints = new Map<number, readonly number[]>();

  reset(): void {
    for (const key of Object.keys(this.counts) as (keyof IndexSpaces)[]) this.counts[key] = 0;
    this.bodies.pos = 0;
    this.starts.length = this.ends.length = this.paramCounts.length = 0;
    this.hints.clear();
  }

  /** Throws unless `index` names a member of `space`. */
  check(space: keyof IndexSpaces, index: number, where: string): void {
    const count = this.counts[space];
    if (index >= 0 && index < count && index >>> 0 === index) return;
    throw new WasmError(`${where}: index ${index} is unknown; the module has ${count} ${space} so far (declare before use)`);
  }

  borrow(): CodeBuffer {
    return this.pool.pop() ?? codeBuffer(4096);
  }

  /** Takes over the body of function `index` and the buffer it was written in. `hints` are by offsets in the code, without the locals. */
  close(index: number, locals: ByteWriter, buffer: CodeBuffer, length: number, hints: number[]): void {
    for (let k = 0; k < hints.length; k += 2) hints[k]! += locals.pos;
    if (hints.length > 0) this.hints.set(index, hints);
    this.starts[index] = this.bodies.pos;
    this.bodies.slice(locals.bytes, 0, locals.pos);
    this.bodies.slice(buffer.bytes, 0, length);
    this.ends[index] = this.bodies.pos;
    this.pool.push(buffer);
  }

  isClosed(index: number): boolean {
    return this.ends[index] !== undefined;
  }

  /** Content of the custom section `metadata.code.branch_hint`, behind its name; nothing if there are no hints. Branch Hinting proposal. */
  writeHints(out: ByteWriter): void {
    if (this.hints.size === 0) return;
    out.u32(this.hints.size);
    for (const [index, hints] of [...this.hints].sort(([a], [b]) => a - b)) {
      out.u32(index);
      out.u32(hints.length / 2);
      for (let k = 0; k < hints.length; k += 2) {
        out.u32(hints[k]!);
        out.u32(1); // bytes of the hint
        out.u8(hints[k + 1]!);
      }
    }
  }

  /** Writes `size body` of function `index`. */
  writeBody(out: ByteWriter, index: number): void {
    const start = this.starts[index]!;
    const end = this.ends[index]!;
    out.u32(end - start);
    out.slice(this.bodies.bytes, start, end);
  }
}

export function codeBuffer(size: number): CodeBuffer {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}
