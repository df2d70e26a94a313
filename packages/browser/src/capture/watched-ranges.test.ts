import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRange, lengthOf, type Range } from './watched-ranges.ts';

test.each<{ why: string; ranges: Range[]; range: Range; expected: Range[] }>([
  { why: 'the first', ranges: [], range: [1, 2], expected: [[1, 2]] },
  {
    why: 'one more behind',
    ranges: [[1, 2]],
    range: [4, 5],
    expected: [
      [1, 2],
      [4, 5],
    ],
  },
  {
    why: 'one more before',
    ranges: [[4, 5]],
    range: [1, 2],
    expected: [
      [1, 2],
      [4, 5],
    ],
  },
  { why: 'going on', ranges: [[1, 2]], range: [2, 3], expected: [[1, 3]] },
  { why: 'once more', ranges: [[1, 5]], range: [2, 3], expected: [[1, 5]] },
  {
    why: 'closing a gap',
    ranges: [
      [1, 2],
      [4, 5],
    ],
    range: [2, 4],
    expected: [[1, 5]],
  },
  {
    why: 'over all',
    ranges: [
      [1, 2],
      [4, 5],
    ],
    range: [0, 9],
    expected: [[0, 9]],
  },
])('$why', ({ ranges, range, expected }) => {
  expect(addRange(ranges, range)).toEqual(expected);
});

test('whatever was watched in whatever order, each second counts once', () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(fc.array(range), (watched) => {
      const seconds = new Set<number>();
      let ranges: Range[] = [];
      for (const [from, length] of watched) {
        ranges = addRange(ranges, [from, from + length]);
        for (let second = from; second < from + length; second++) seconds.add(second);
      }
      expect(lengthOf(ranges)).toBe(seconds.size);
      expect(ranges.flat()).toEqual([...new Set(ranges.flat())].sort((a, b) => a - b));
    }),
  );
});
