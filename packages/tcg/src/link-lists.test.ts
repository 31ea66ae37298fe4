import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LinkLists } from './link-lists.ts';

const LISTS = 5;

test('lists hold what was added since they were emptied, whatever happens to the others', () => {
  const step = fc.record({ list: fc.nat(LISTS - 1), add: fc.integer({ min: 1, max: 300 }), what: fc.constantFrom('add', 'add', 'add', 'clear', 'clear all' as const) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const lists = new LinkLists(LISTS);
    let model: number[][] = Array.from({ length: LISTS }, () => []);
    let entry = 0xffff_0000;
    for (const { list, add, what } of steps) {
      if (what === 'add') for (let i = 0; i < add; i++) expect(lists.add(list, ++entry)).toBe(model[list]!.unshift(entry));
      else if (what === 'clear') {
        lists.clear(list);
        model[list] = [];
      } else {
        lists.clearAll();
        model = model.map(() => []);
      }
      model.forEach((entries, i) => {
        expect(lists.entries(i)).toEqual(entries);
        expect(lists.length(i)).toBe(entries.length);
      });
    }
  }), { numRuns: 50 });
});
