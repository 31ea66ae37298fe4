/**
 * Writes small guests for tests: a dozen instructions of 32-bit protected mode (Intel SDM Vol. 2), in a Multiboot kernel (specification 0.6.96,
 * section 3.1.3) that is loaded at 1 MiB. Jumps are short: a guest has some hundred bytes.
 */

const LOAD_AT = 0x10_0000;
const HEADER_BYTES = 32;
const MAGIC = 0x1bad_b002;
/** The header gives addresses. */
const FLAGS = 1 << 16;
const COM1 = 0x3f8;
const LineStatus = { PORT: COM1 + 5, DATA_READY: 0x01, EMPTY: 0x20 } as const;
/** Where tests put `-device isa-debug-exit`. */
export const EXIT_PORT = 0xf4;

export class GuestCode {
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; to: string }[] = [];
  #unique = 0;

  bytes(...bytes: number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }

  label(name: string): this {
    this.#labels.set(name, this.#bytes.length);
    return this;
  }

  jmp(to: string): this { return this.#jump(0xeb, to); }
  jz(to: string): this { return this.#jump(0x74, to); }
  jnz(to: string): this { return this.#jump(0x75, to); }
  movEax(value: number): this { return this.bytes(0xb8, ...little(value, 4)); }
  movEcx(value: number): this { return this.bytes(0xb9, ...little(value, 4)); }
  /** `mov al, value` */
  movAl(value: number): this { return this.bytes(0xb0, value); }
  testAl(mask: number): this { return this.bytes(0xa8, mask); }
  cmpAl(value: number): this { return this.bytes(0x3c, value); }
  decEcx(): this { return this.bytes(0x49); }
  cli(): this { return this.bytes(0xfa); }
  hlt(): this { return this.bytes(0xf4); }
  rdtsc(): this { return this.bytes(0x0f, 0x31); }

  /** `in` and `out` of AL, AX or EAX through DX. */
  inAl(port: number): this { return this.#dx(port).bytes(0xec); }
  inAx(port: number): this { return this.#dx(port).bytes(0x66, 0xed); }
  outAl(port: number): this { return this.#dx(port).bytes(0xee); }
  outAx(port: number): this { return this.#dx(port).bytes(0x66, 0xef); }

  /** `value` to a port, by way of AL. */
  outb(port: number, value: number): this { return this.movAl(value).outAl(port); }

  /** Sends AL on COM1. */
  putAl(): this {
    const wait = `put${this.#unique++}`;
    return this.bytes(0x88, 0xc3).label(wait).inAl(LineStatus.PORT).testAl(LineStatus.EMPTY).jz(wait).bytes(0x88, 0xd8).outAl(COM1); // mov bl, al; ...; mov al, bl
  }

  print(text: string): this {
    for (const c of text) this.movAl(c.charCodeAt(0)).putAl();
    return this;
  }

  /** Waits for a byte on COM1 and takes it to AL. */
  getAl(): this {
    const wait = `get${this.#unique++}`;
    return this.label(wait).inAl(LineStatus.PORT).testAl(LineStatus.DATA_READY).jz(wait).inAl(COM1);
  }

  /** Ends the emulation with status `2 * value + 1`. */
  exit(value: number): this { return this.outb(EXIT_PORT, value).cli().hlt(); }

  /** The kernel as a file. */
  kernel(): Uint8Array {
    const code = [...this.#bytes];
    for (const { at, to } of this.#jumps) {
      const target = this.#labels.get(to);
      if (target === undefined) throw new Error(`no label ${to}`);
      const distance = target - (at + 1);
      if (distance < -128 || distance > 127) throw new Error(`${to} is ${distance} bytes away`);
      code[at] = distance & 0xff;
    }
    const end = LOAD_AT + HEADER_BYTES + code.length;
    const header = [MAGIC, FLAGS, -(MAGIC + FLAGS), LOAD_AT, LOAD_AT, end, end, LOAD_AT + HEADER_BYTES];
    return Uint8Array.from([...header.flatMap((word) => little(word, 4)), ...code]);
  }

  #dx(port: number): this {
    return this.bytes(0x66, 0xba, ...little(port, 2));
  }

  #jump(opcode: number, to: string): this {
    this.bytes(opcode, 0);
    this.#jumps.push({ at: this.#bytes.length - 1, to });
    return this;
  }
}

const little = (value: number, bytes: number): number[] => Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
