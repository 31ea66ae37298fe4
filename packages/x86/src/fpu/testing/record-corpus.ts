/** Records the corpora on the processor at hand: `node --conditions=@emu/source src/fpu/testing/record-corpus.ts` in packages/x86. */
import { onHardware, startStates, type Case } from './compare.ts';
import { CORPUS_SEED, CORPUS_VECTORS, saveCorpus } from './corpus.ts';
import { hardware } from './hardware.ts';
import { corpora } from './cases.ts';

using processor = hardware();
if (!processor) throw new Error('No x86-64 Linux host with gcc: the corpus cannot be recorded here');
for (const [name, cases] of Object.entries(corpora) as [string, readonly Case[]][]) {
  const starts = cases.map((test) => startStates(test, CORPUS_VECTORS, CORPUS_SEED));
  saveCorpus(name, onHardware(processor, cases, starts), starts);
  console.log(`${name}: ${cases.length} forms, ${cases.length * CORPUS_VECTORS} vectors`);
}
