/** Small kernel files for tests and examples, made field by field as the protocols' documents lay them out. */

/** Little-endian fields at byte offsets. */
export function bytes(length: number, ...fields: readonly (readonly [at: number, size: 1 | 2 | 4 | 8, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  for (const [at, size, value] of fields) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else {
      view.setUint32(at, value >>> 0, true);
      if (size === 8) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    }
  }
  return new Uint8Array(view.buffer);
}

const HDRS = 0x5372_6448;

/** A bzImage of protocol 2.15 whose protected-mode part is `code`; the 64-bit entry is at 0x200 in it. */
export function bzImage(code: Uint8Array, options: { long?: boolean; pref?: number; initSize?: number; initrdMax?: number; version?: number } = {}): Uint8Array {
  const { long = true, pref = 0x100_0000, initSize = 0x10_0000, initrdMax = 0x7fff_ffff, version = 0x20f } = options;
  const setup = bytes(1024, [0x1f1, 1, 1], [0x1fe, 2, 0xaa55], [0x200, 2, 0x6aeb], [0x202, 4, HDRS], [0x206, 2, version], [0x211, 1, 1],
    [0x214, 4, 0x10_0000], [0x22c, 4, initrdMax], [0x230, 4, 0x20_0000], [0x234, 1, 1], [0x236, 2, long ? 1 : 0], [0x238, 4, 2047],
    [0x258, 8, pref], [0x260, 4, initSize]);
  const image = new Uint8Array(setup.length + code.length);
  image.set(setup);
  image.set(code, setup.length);
  return image;
}

/** An ELF64 executable with `code` at `paddr`, and a Xen PVH note when `pvh` is given. */
export function elf64(code: Uint8Array, options: { paddr?: number; entry?: number; memsz?: number; pvh?: number } = {}): Uint8Array {
  const { paddr = 0x100_0000, entry = paddr, memsz = code.length, pvh } = options;
  const CODE_AT = 0x200;
  const NOTE_AT = 0x180;
  const header = bytes(CODE_AT, [0, 4, 0x464c_457f], [4, 1, 2], [5, 1, 1], [6, 1, 1], [16, 2, 2], [18, 2, 62], [20, 4, 1], [24, 8, entry],
    [32, 8, 64], [52, 2, 64], [54, 2, 56], [56, 2, pvh === undefined ? 1 : 2],
    [64, 4, 1], [72, 8, CODE_AT], [88, 8, paddr], [96, 8, code.length], [104, 8, memsz],
    [120, 4, 4], [128, 8, NOTE_AT], [152, 8, 20], [160, 8, 20],
    [NOTE_AT, 4, 4], [NOTE_AT + 4, 4, 4], [NOTE_AT + 8, 4, 18], [NOTE_AT + 12, 4, 0x6e_6558], [NOTE_AT + 16, 4, pvh ?? 0]);
  const image = new Uint8Array(CODE_AT + code.length);
  image.set(header);
  image.set(code, CODE_AT);
  return image;
}

/** A multiboot kernel without ELF (header bit 16): header first, then `code`, loaded at `at` and entered at `code`. */
export function multiboot(code: Uint8Array, options: { at?: number; bss?: number; flags?: number } = {}): Uint8Array {
  const { at = 0x10_0000, bss = 0, flags = 0x1_0003 } = options;
  const length = 32 + code.length;
  const header = bytes(32, [0, 4, 0x1bad_b002], [4, 4, flags], [8, 4, -(0x1bad_b002 + flags)], [12, 4, at], [16, 4, at], [20, 4, at + length],
    [24, 4, bss === 0 ? 0 : at + length + bss], [28, 4, at + 32]);
  const image = new Uint8Array(length);
  image.set(header);
  image.set(code, 32);
  return image;
}

/** RAM as one array; writes outside it fall away, as on the bus. */
export class SampleMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
  }

  write(addr: number, from: Uint8Array): void {
    if (addr < this.bytes.length) this.bytes.set(from.subarray(0, this.bytes.length - addr), addr);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  text(at: number): string {
    return new TextDecoder().decode(this.bytes.subarray(at, this.bytes.indexOf(0, at)));
  }
}
