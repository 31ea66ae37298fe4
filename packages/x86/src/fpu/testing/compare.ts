/** Runs cases on the floating-point module and on the processor (or against what it did when the corpus was recorded). */
import { Exception } from '../state.ts';
import type { Hardware } from './hardware.ts';
import { freshRecords, putF80, Record as Offset, RECORD_BYTES, showF80, stAt, xmmAt } from './record.ts';
import { difference, type SoftFpu } from './soft-fpu.ts';
import { Random } from './values.ts';

/** One instruction form. */
export interface Case {
  readonly title: string;
  /** Instruction bytes; a memory operand is [rdi]. */
  readonly code: readonly number[];
  /** Fills the record at `at`, which holds the state after FNINIT, with a start state. */
  fill(view: DataView, at: number, r: Random): void;
  /** Does what translated code would do; the record's memory, RAX and RFLAGS are in `view` at `at`. */
  run(soft: SoftFpu, view: DataView, at: number): void;
  /** Units in the last place that ST(0) and ST(1) may differ by; then C1 may differ too. */
  readonly tolerance?: number;
  /** Clears bits of a result that are not compared (undefined by the SDM, or left to a tolerance). */
  ignore?(view: DataView, at: number): void;
}

/** `count` start states of a case. The seed and the title decide them. */
export function startStates(test: Case, count: number, seed: number): DataView<ArrayBuffer> {
  const view = freshRecords(count);
  const r = new Random(seed + [...test.title].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) | 0, 0));
  for (let at = 0; at < view.byteLength; at += RECORD_BYTES) test.fill(view, at, r);
  return view;
}

/** What the processor makes of the start states of each case. */
export function onHardware(hardware: Hardware, cases: readonly Case[], starts: readonly DataView<ArrayBuffer>[]): DataView[] {
  const groups = cases.map((test, i) => ({ code: test.code, records: new Uint8Array(starts[i]!.buffer) }));
  return hardware.run(groups).map((out) => new DataView(out.buffer, out.byteOffset, out.byteLength));
}

/** What the module makes of them. */
export function onSoft(soft: SoftFpu, test: Case, start: DataView<ArrayBuffer>): DataView<ArrayBuffer> {
  const view = new DataView(start.buffer.slice(0));
  for (let at = 0; at < view.byteLength; at += RECORD_BYTES) {
    soft.load(view, at);
    test.run(soft, view, at);
    soft.store(view, at);
  }
  return view;
}

/** Descriptions of the vectors whose results differ. */
export function mismatches(test: Case, start: DataView, got: DataView, want: DataView): string[] {
  const found: string[] = [];
  for (let at = 0; at < start.byteLength; at += RECORD_BYTES) {
    test.ignore?.(got, at);
    test.ignore?.(want, at);
    if (test.tolerance) equate(got, want, at, test.tolerance);
    const field = difference(got, want, at);
    if (field) found.push(`${test.title}: ${field} differs\n  start ${show(start, at)}\n  got   ${show(got, at)}\n  want  ${show(want, at)}`);
  }
  return found;
}

const C1 = 0x02; // in the upper byte of FSW

/** Makes results equal that are within tolerance, and with them C1 where they are inexact. */
function equate(got: DataView, want: DataView, at: number, tolerance: number): void {
  for (const offset of [stAt(0), stAt(1)]) {
    const [a, b] = [orderedF80(got, at + offset), orderedF80(want, at + offset)];
    if (a - b > tolerance || b - a > tolerance) return;
    putF80(got, at + offset, [want.getBigUint64(at + offset, true), want.getUint16(at + offset + 8, true)]);
  }
  if (!(want.getUint8(at + Offset.FSW) & Exception.PE)) return;
  for (const view of [got, want]) view.setUint8(at + Offset.FSW + 1, view.getUint8(at + Offset.FSW + 1) & ~C1);
}

/** A number that counts units in the last place from zero. */
function orderedF80(view: DataView, at: number): bigint {
  const se = view.getUint16(at + 8, true);
  const magnitude = BigInt(se & 0x7fff) << 63n | view.getBigUint64(at, true) & 0x7fff_ffff_ffff_ffffn;
  return se & 0x8000 ? -magnitude : magnitude;
}

function show(view: DataView, at: number): string {
  const hex = (offset: number, bytes: number): string =>
    Array.from({ length: bytes }, (_, i) => view.getUint8(at + offset + bytes - 1 - i).toString(16).padStart(2, '0')).join('');
  const fields: Record<string, string> = {
    fcw: hex(Offset.FCW, 2), fsw: hex(Offset.FSW, 2), valid: hex(Offset.VALID, 1), st0: showF80(view, at + stAt(0)), st1: showF80(view, at + stAt(1)),
    m: hex(Offset.MEMORY, 16), mxcsr: hex(Offset.MXCSR, 4), xmm0: hex(xmmAt(0), 16), xmm1: hex(xmmAt(1), 16), rax: hex(Offset.RAX, 8),
    flags: hex(Offset.RFLAGS, 2), signal: hex(Offset.SIGNAL, 1),
  };
  return Object.entries(fields).filter(([, value]) => !/^0+$/.test(value)).map((field) => field.join(' ')).join(' ');
}
