/** Runs recorded vectors on our CPU with either back end and says which do not end as on the processor. */
import { Corpus, rowCases } from './corpus.ts';
import { EmulatedCpu } from './emulated.ts';
import type { MakeEngine } from './engines.ts';
import type { Form } from './forms.ts';
import { prepare } from './prepare.ts';
import { Input, Output } from './step.ts';
import { mismatch } from './suite.ts';

export interface RecordedRun {
  readonly vectors: number;
  /** What is wrong, in words. */
  readonly failed: string[];
  /** Rows that the corpus lacks. */
  readonly notRecorded: string[];
}

/** @param every 1 runs all forms; n runs one in n, with all its variants. */
export function runRecorded(mode: 32 | 64, makeEngine: MakeEngine, every = 1): RecordedRun {
  const corpus = Corpus.load(mode), cpu = new EmulatedCpu(makeEngine), input = new Input(), ours = new Output(), theirs = new Output();
  const failed: string[] = [], notRecorded: string[] = [];
  let vectors = 0, forms = 0, last: Form | undefined;
  for (const row of rowCases(mode)) {
    const next = corpus.outputsOf(row);
    if (!next) {
      notRecorded.push(row.row);
      continue;
    }
    for (const test of row.cases) {
      if (test.form !== last) forms++;
      last = test.form;
      prepare(input, test.form, test.variant, test.index);
      next(input, theirs);
      if (forms % every !== 0) continue;
      const why = mismatch(cpu, test, input, theirs, ours);
      if (why) failed.push(why);
      vectors++;
    }
  }
  return { vectors, failed, notRecorded };
}
