/** The behaviour suite in Node; apps/web runs the same in a browser's worker. */
import { expect, test } from 'vitest';
import { behaviours } from './testing.ts';

for (const accel of ['tci', 'jit']) {
  for (const { title, run } of behaviours(accel)) {
    test(`${accel}: ${title}`, async () => {
      expect(await run()).toEqual(expect.any(String));
    });
  }
}
