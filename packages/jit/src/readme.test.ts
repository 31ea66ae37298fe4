import { expect, test } from 'vitest';
import { runReadme } from '../../../tools/dev/readme.ts';

test('the example in the README prints what the README says', () => {
  const { actual, expected } = runReadme(new URL('..', import.meta.url));
  expect(actual).toBe(expected);
});
