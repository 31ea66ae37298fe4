/**
 * Every access to memory of every form, across the end of a page whose neighbour is absent: the page fault leaves registers, flags and memory as they
 * were, and once the page is there the instruction completes as if it had been all along. (That the fault itself is the processor's: corpus.test.ts.)
 */
import { Vector } from '@emu/x86';
import { statesDiffer } from './compare.ts';
import { EmulatedCpu } from './emulated.ts';
import type { MakeEngine } from './engines.ts';
import type { Form } from './forms.ts';
import { prepare } from './prepare.ts';
import { DATA, Input, Output, SecondPage } from './step.ts';
import { cases } from './suite.ts';

const EXACT = { flagsUndefined: 0, approximate: false, several: false } as const;
/** They move part of what is asked, and say so in their registers: SDM Vol. 2, REP. */
const REPEATED = /^(MOVS|CMPS|STOS|LODS|SCAS)/;
/** Copies frame pointers one by one, from a frame that its own pushes may have written: what is below the stack pointer may have changed. */
const COPIES_FRAMES = /^ENTER/;
const SECOND = BigInt(DATA >>> 12) + 1n;
/** A store that faults has cleared TOP: so does hardware. */
const CLEARS_TOP = /^(MOVD|MOVQ|MOVNTQ|MASKMOVQ)\b/;

export interface FaultRun {
  readonly faults: number;
  /** What is wrong, in words. */
  readonly failed: string[];
}

/** @param every 1 runs all forms; n runs one in n. */
export function runFaults(mode: 32 | 64, makeEngine: MakeEngine, every = 1): FaultRun {
  const cpu = new EmulatedCpu(makeEngine), input = new Input(), faulted = new Output(), resumed = new Output(), whole = new Output(), failed: string[] = [];
  let faults = 0, forms = 0, last: Form | undefined;
  for (const { form, variant, index } of cases(mode)) {
    if (form !== last) forms++;
    last = form;
    if (variant.place !== 'absent' || forms % every !== 0) continue;
    prepare(input, form, variant, index);
    cpu.run(input, faulted);
    if (faulted.vector !== Vector.PF || faulted.cr2 >> 12n !== SECOND) continue; // it did not reach the second page, or raises something else first
    faults++;
    const what = `${form.row}, ${Buffer.from(input.code).toString('hex')}, ${variant.access}`;
    const name = form.row.mnemonic, keeps = !(form.rep && REPEATED.test(name)) && !CLEARS_TOP.test(name) && !COPIES_FRAMES.test(name);
    if (keeps && !sameAsStart(input, faulted)) failed.push(`${what}: the fault changed something`);
    cpu.resume(SecondPage.WRITABLE, resumed);
    input.second = SecondPage.WRITABLE;
    cpu.run(input, whole);
    const why = statesDiffer(resumed, whole, mode, EXACT);
    if (why.length > 0) failed.push(`${what}: after the fault ${why.slice(0, 3).join('; ')}`);
  }
  return { faults, failed };
}

function sameAsStart(input: Input, output: Output): boolean {
  const start = new Output();
  start.vector = output.vector;
  start.error = output.error;
  start.cr2 = output.cr2;
  start.rip = output.rip; // behind the comparison that goes in front
  start.rflags = output.rflags;
  start.fsBase = input.fsBase;
  start.gsBase = input.gsBase;
  start.gprs.set(input.gprs);
  start.fx.set(input.fx);
  start.data.set(input.data);
  return statesDiffer(output, start, input.mode, EXACT).length === 0;
}
