/**
 * What one run of machine code starts from and ends in, for the processor (`native/step.c`) and for our CPU alike. A record is a view of
 * bytes laid out as the C structs are: little-endian, no padding but what is named.
 */
export const CODE = 0x1000_0000;
export const DATA = 0x2000_0000;
export const DATA_BYTES = 1024;
export const CODE_BYTES = 2048;
/** Start values of the FS and GS bases: any two that keep addresses within 32 bits. */
export const FS_BASE = 0x0800_0000, GS_BASE = 0x0400_0000;
/** What the second of the two data pages allows. */
export const SecondPage = { ABSENT: 0, WRITABLE: 1, READ_ONLY: 2 } as const;

const IN = {
  codeOffset: 0, dataOffset: 4, codeBytes: 8, mode: 12, second: 16, code: 24, gpr: 2072, rip: 2200, rflags: 2208, fsBase: 2216, gsBase: 2224,
  fx: 2232, data: 2744, size: 2744 + DATA_BYTES,
} as const;
const OUT = {
  signal: 0, vector: 4, error: 8, cr2: 16, rip: 24, rflags: 32, fsBase: 40, gsBase: 48, gpr: 56, fx: 184, data: 696, size: 696 + DATA_BYTES,
} as const;

export const INPUT_BYTES = IN.size;
export const OUTPUT_BYTES = OUT.size;

/** FXSAVE64 image offsets. SDM Vol. 1, table 10-2. */
export const Fx = { FCW: 0, FSW: 2, FTW: 4, FOP: 6, FIP: 8, FDP: 16, MXCSR: 24, MASK: 28, ST: 32, XMM: 160, END: 416 } as const;

/** A start state. */
export class Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array = new Uint8Array(INPUT_BYTES)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, INPUT_BYTES);
  }

  /** Places code at `offset` of the code page; `rip` starts there. */
  setCode(code: Uint8Array, offset: number, mode: 32 | 64): void {
    this.view.setUint32(IN.codeOffset, offset, true);
    this.view.setUint32(IN.codeBytes, code.length, true);
    this.view.setUint32(IN.mode, mode, true);
    this.bytes.set(code, IN.code);
    this.view.setBigUint64(IN.rip, BigInt(CODE + offset), true);
  }
  get code(): Uint8Array { return this.bytes.subarray(IN.code, IN.code + this.view.getUint32(IN.codeBytes, true)); }
  get codeOffset(): number { return this.view.getUint32(IN.codeOffset, true); }
  /** A `SecondPage`. */
  get second(): number { return this.view.getUint32(IN.second, true); }
  set second(v: number) { this.view.setUint32(IN.second, v, true); }
  get fsBase(): bigint { return this.view.getBigUint64(IN.fsBase, true); }
  set fsBase(v: bigint) { this.view.setBigUint64(IN.fsBase, v, true); }
  get gsBase(): bigint { return this.view.getBigUint64(IN.gsBase, true); }
  set gsBase(v: bigint) { this.view.setBigUint64(IN.gsBase, v, true); }
  get mode(): 32 | 64 { return this.view.getUint32(IN.mode, true) as 32 | 64; }
  get rip(): bigint { return this.view.getBigUint64(IN.rip, true); }

  gpr(n: number): bigint { return this.view.getBigUint64(IN.gpr + 8 * n, true); }
  setGpr(n: number, v: bigint): void { this.view.setBigUint64(IN.gpr + 8 * n, BigInt.asUintN(64, v), true); }
  /** All sixteen, as bytes. */
  get gprs(): Uint8Array { return this.bytes.subarray(IN.gpr, IN.gpr + 128); }
  get rflags(): number { return this.view.getUint32(IN.rflags, true); }
  set rflags(v: number) { this.view.setUint32(IN.rflags, v, true); }
  get fx(): Uint8Array { return this.bytes.subarray(IN.fx, IN.fx + 512); }
  /** Offset in the data page of the window that is compared. */
  get dataOffset(): number { return this.view.getUint32(IN.dataOffset, true); }
  set dataOffset(v: number) { this.view.setUint32(IN.dataOffset, v, true); }
  get data(): Uint8Array { return this.bytes.subarray(IN.data, IN.data + DATA_BYTES); }
}

/** An end state. */
export class Output {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array = new Uint8Array(OUTPUT_BYTES)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, OUTPUT_BYTES);
  }

  /** Exception that ended it: 3 is the INT3 behind the code. */
  get vector(): number { return this.view.getUint32(OUT.vector, true); }
  set vector(v: number) { this.view.setUint32(OUT.vector, v, true); }
  get signal(): number { return this.view.getUint32(OUT.signal, true); }
  get error(): number { return this.view.getUint32(OUT.error, true); }
  set error(v: number) { this.view.setUint32(OUT.error, v, true); }
  get cr2(): bigint { return this.view.getBigUint64(OUT.cr2, true); }
  set cr2(v: bigint) { this.view.setBigUint64(OUT.cr2, v, true); }
  get rip(): bigint { return this.view.getBigUint64(OUT.rip, true); }
  set rip(v: bigint) { this.view.setBigUint64(OUT.rip, v, true); }
  get rflags(): number { return this.view.getUint32(OUT.rflags, true); }
  set rflags(v: number) { this.view.setUint32(OUT.rflags, v, true); }
  get fsBase(): bigint { return this.view.getBigUint64(OUT.fsBase, true); }
  set fsBase(v: bigint) { this.view.setBigUint64(OUT.fsBase, v, true); }
  get gsBase(): bigint { return this.view.getBigUint64(OUT.gsBase, true); }
  set gsBase(v: bigint) { this.view.setBigUint64(OUT.gsBase, v, true); }
  gpr(n: number): bigint { return this.view.getBigUint64(OUT.gpr + 8 * n, true); }
  setGpr(n: number, v: bigint): void { this.view.setBigUint64(OUT.gpr + 8 * n, v, true); }
  get gprs(): Uint8Array { return this.bytes.subarray(OUT.gpr, OUT.gpr + 128); }
  get fx(): Uint8Array { return this.bytes.subarray(OUT.fx, OUT.fx + 512); }
  get data(): Uint8Array { return this.bytes.subarray(OUT.data, OUT.data + DATA_BYTES); }
}
