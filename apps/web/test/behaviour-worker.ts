/** Runs the machine's behaviour suite in a worker and posts what came of each case. */
import { behaviours } from '@emu/machine/testing';

for (const accel of ['tci', 'jit']) {
  for (const { title, run } of behaviours(accel)) {
    try {
      postMessage({ accel, title, report: await run() });
    } catch (error) {
      postMessage({ accel, title, failure: (error as Error).message });
    }
  }
}
postMessage({ done: true });
