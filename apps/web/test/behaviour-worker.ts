/** Runs the machine's behaviour suite in a worker and posts what came of each case. */
import { behaviours } from '@emu/machine/testing';

for (const { title, run } of behaviours()) {
  try {
    postMessage({ title, report: await run() });
  } catch (error) {
    postMessage({ title, failure: (error as Error).message });
  }
}
postMessage({ done: true });
