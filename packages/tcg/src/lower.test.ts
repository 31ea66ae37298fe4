import { expect, test } from 'vitest';
import { LOWER, type Lower } from './lower.ts';
import { VALUE_OPS, type ValueOp } from './ops.ts';

test('a value op without a lowering does not compile', () => {
  const { andc: _, ...withoutAndc } = LOWER;
  // @ts-expect-error: this line is an error as long as the check works; `pnpm check types` reports it when it is none
  const lowerings: Record<ValueOp, Lower> = withoutAndc;
  expect(Object.keys(VALUE_OPS).filter((op) => !(op in lowerings))).toEqual(['andc']);
});
