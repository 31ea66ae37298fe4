/** How a form is run: with its memory inside a page, or across the end of one that is absent, read-only, present; not canonical; misaligned. */
import type { Form } from './forms.ts';

/** The access that `place` is about. */
export type Access = 'operand' | 'stack' | 'source' | 'destination';

export interface Variant {
  /** 'unmasked': floating-point exceptions may be; 'misaligned': EFLAGS.AC is set too. */
  readonly place: 'inside' | 'unmasked' | 'absent' | 'read-only' | 'present' | 'not-canonical' | 'misaligned';
  readonly access: Access;
}

/** Runs of each form with everything in place; the last has exceptions unmasked. */
export const INSIDE_RUNS = 8;
const FLOAT: ReadonlySet<string> = new Set(['x87', 'sse']);

/** All variants of a form, in the order of the corpus. */
export function variants(form: Form): Variant[] {
  const out: Variant[] = [];
  const last = FLOAT.has(form.row.unit) ? 'unmasked' : 'inside';
  for (let k = 0; k < INSIDE_RUNS; k++) out.push({ place: k === INSIDE_RUNS - 1 ? last : 'inside', access: 'operand' });
  for (const access of accesses(form)) {
    for (const place of ['absent', 'read-only', 'present'] as const) out.push({ place, access });
    if (form.mode === 64 && isWide(form, access)) out.push({ place: 'not-canonical', access });
    if (!ordersChecksFreely(form)) out.push({ place: 'misaligned', access });
  }
  return out;
}

/** Saving a state image through CS (32-bit mode) is #GP, and misaligned #AC: which comes first is the processor's choice. */
const ordersChecksFreely = (form: Form): boolean => form.segment === 0x2e && form.tags.includes('state-image');

/** The accesses of a form that can be placed. A RIP-relative or absolute operand is patched to be anywhere within 4 GiB. */
function accesses(form: Form): Access[] {
  const out: Access[] = [];
  if (form.memory && form.memory.bytes > 0) out.push('operand');
  if (form.tags.includes('stack')) out.push('stack');
  if (form.tags.includes('implicit-memory')) out.push('destination');
  if (form.tags.includes('string')) {
    if (USES_SOURCE.test(form.row.mnemonic)) out.push('source');
    if (!form.row.mnemonic.startsWith('LODS')) out.push('destination');
  }
  return out;
}

const USES_SOURCE = /^(MOVS|CMPS|LODS)/;

/** Whether the address can be outside of 4 GiB. */
function isWide(form: Form, access: Access): boolean {
  if (access === 'stack') return true;
  const m = form.memory;
  if (access === 'operand') return m !== undefined && m.asz === 64 && m.kind !== 'rip' && m.kind !== 'absolute';
  return !form.addr67;
}
