import { expect, test } from 'vitest';
import { boundedReasons } from './measure.ts';

test.each<{ why: string; counts: Record<string, number>; expected: Record<string, number> }>([
  { why: 'words are told', counts: { 'http-400': 1, timeout: 2 }, expected: { 'http-400': 1, timeout: 2 } },
  { why: 'an address is not', counts: { 'a@b.example': 2, timeout: 1 }, expected: { timeout: 1, other: 2 } },
  { why: 'nor a sentence, nor nothing', counts: { 'no such user': 1, '': 1 }, expected: { other: 2 } },
  { why: 'nor what is too long', counts: { ['x'.repeat(61)]: 1 }, expected: { other: 1 } },
  {
    why: 'also those that every object has the names of',
    counts: { constructor: 1, valueOf: 2 },
    expected: { constructor: 1, valueOf: 2 },
  },
  { why: 'what is called other is added', counts: { other: 1, 'a b': 1 }, expected: { other: 2 } },
])('reasons as labels: $why', ({ counts, expected }) => {
  expect(boundedReasons(counts)).toEqual(expected);
});

test('reasons as labels: so many and no more', () => {
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`r${index}`, 1]));
  const bounded = boundedReasons(many);
  expect(Object.keys(bounded)).toHaveLength(51);
  expect(bounded.other).toBe(30);
});
