/**
 * A record of the native harness: FXSAVE64 image, memory operand, RAX, RFLAGS, signal. SDM Vol. 1, table 10-2 (FXSAVE layout).
 * The image holds ST(0) first, whatever TOP is, and the abridged tag word by physical register.
 */
export const RECORD_BYTES = 704;

export const MEMORY_BYTES = 128;

/** Byte offsets inside a record. */
export const Record = {
  FCW: 0, FSW: 2, VALID: 4, MXCSR: 24, ST: 32, XMM: 160, MEMORY: 512, RAX: 640, RFLAGS: 648, SIGNAL: 656,
} as const;

/** Offset of ST(i) in a record. */
export const stAt = (i: number): number => Record.ST + 16 * i;
/** Offset of XMMi in a record. */
export const xmmAt = (i: number): number => Record.XMM + 16 * i;

/** `count` records with all exceptions masked, an empty x87 stack and zero registers. */
export function freshRecords(count: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(count * RECORD_BYTES));
  for (let at = 0; at < view.byteLength; at += RECORD_BYTES) {
    view.setUint16(at + Record.FCW, 0x037f, true);
    view.setUint32(at + Record.MXCSR, 0x1f80, true);
    view.setUint32(at + Record.RFLAGS, 0x202, true);
  }
  return view;
}

/** Writes an 80-bit value: 64-bit significand, then sign and exponent. */
export function putF80(view: DataView, at: number, [significand, signExponent]: readonly [bigint, number]): void {
  view.setBigUint64(at, significand, true);
  view.setUint16(at + 8, signExponent, true);
}

/** Reads an 80-bit value as `hex exponent:significand`, the form used in messages. */
export const showF80 = (view: DataView, at: number): string =>
  `${view.getUint16(at + 8, true).toString(16).padStart(4, '0')}:${view.getBigUint64(at, true).toString(16).padStart(16, '0')}`;
