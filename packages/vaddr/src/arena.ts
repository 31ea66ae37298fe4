/**
 * One linear memory per machine, and the bump allocator that shares it out: CPU state, TLBs, jump cache, interpreter code,
 * guest RAM. Generated code reaches it through the `WebAssembly.Memory`; TypeScript through the typed-array views below.
 * The memory never grows after creation (views stay valid, addresses stay constant); untouched pages cost no host memory.
 */
import { EmuError } from './errors.ts';

/** Address inside the arena's linear memory: an unsigned 32-bit number. */
export type HostPtr = number;

export class ArenaError extends EmuError {}

const WASM_PAGE = 0x10000;
const MAX_BYTES = 0x1_0000_0000;

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly byteLength: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  /** For tests and slow, cold paths only: a bigint allocates. */
  readonly u64: BigUint64Array;
  readonly view: DataView;
  #next: HostPtr;

  /** @param byteLength size of the whole memory in bytes, rounded up to 64 KiB; at most 4 GiB. */
  constructor(byteLength: number) {
    if (!(byteLength > 0 && byteLength <= MAX_BYTES)) {
      throw new ArenaError(`An arena of ${byteLength} bytes cannot be made; ask for 1 byte to 4 GiB`);
    }
    const pages = Math.ceil(byteLength / WASM_PAGE);
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch (cause) {
      throw new ArenaError(`The host gave no linear memory of ${pages * WASM_PAGE} bytes; use a smaller guest memory (-m)`, { cause });
    }
    const buffer = this.memory.buffer;
    this.byteLength = buffer.byteLength;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.view = new DataView(buffer);
    this.#next = 1024; // address 0 stays free, so that a null pointer is never a valid object
  }

  /** Takes `bytes` zeroed bytes aligned to `align` (a power of two). They are never given back. */
  alloc(bytes: number, align = 16): HostPtr {
    const at = Math.ceil(this.#next / align) * align;
    if (at + bytes > this.byteLength) {
      throw new ArenaError(`The arena of ${this.byteLength} bytes has no room for ${bytes} more; create it larger`);
    }
    this.#next = at + bytes;
    return at;
  }

  /** Bytes not yet given out. */
  get free(): number {
    return this.byteLength - this.#next;
  }
}
