/** All vectors: every form of both modes in all its variants, in batches for the processor and one by one for our CPU. */
import { differences } from './compare.ts';
import type { EmulatedCpu } from './emulated.ts';
import { forms, type Form } from './forms.ts';
import { prepare, SEED } from './prepare.ts';
import { Input, INPUT_BYTES, Output, OUTPUT_BYTES } from './step.ts';
import { variants, type Variant } from './variants.ts';

/** One vector. */
export interface Case {
  readonly form: Form;
  readonly variant: Variant;
  /** Position among the form's variants. */
  readonly index: number;
}

export function* cases(mode: 32 | 64): Generator<Case> {
  for (const form of forms(mode)) yield* casesOfForm(form);
}

export function* casesOfForm(form: Form): Generator<Case> {
  let index = 0;
  for (const variant of variants(form)) yield { form, variant, index: index++ };
}

/** Start states of some vectors, one behind the other. */
export function inputsOf(list: readonly Case[], seed = SEED): Uint8Array {
  const bytes = new Uint8Array(list.length * INPUT_BYTES);
  list.forEach(({ form, variant, index }, k) => prepare(inputAt(bytes, k), form, variant, index, seed));
  return bytes;
}

export const inputAt = (bytes: Uint8Array, k: number): Input => new Input(bytes.subarray(k * INPUT_BYTES, (k + 1) * INPUT_BYTES));
export const outputAt = (bytes: Uint8Array, k: number): Output => new Output(bytes.subarray(k * OUTPUT_BYTES, (k + 1) * OUTPUT_BYTES));

/** What is wrong with our CPU's run of a vector that ended as `theirs` on the processor; empty if nothing is. */
export function mismatch(cpu: EmulatedCpu, { form, variant }: Case, input: Input, theirs: Output, ours: Output): string {
  const what = () => `${form.row} (${form.mode}-bit): ${Buffer.from(input.code).toString('hex')} ${variant.access} ${variant.place}, ends in vector ${theirs.vector}`;
  try {
    cpu.run(input, ours);
  } catch (e) {
    return `${what()}: threw ${String((e as Error).stack).slice(0, 300)}`;
  }
  const found = differences(ours, theirs, form);
  return found.length === 0 ? '' : `${what()}: ${found.slice(0, 6).join('; ')}`;
}
