import { expect, test } from 'vitest';
import { batchEnd } from './batch-end.ts';

const entries = [10, 20, 30, 40].map((bytes) => ({ bytes }));

test.each([
  { why: 'all fit', maxEvents: 9, maxBytes: 100, expected: 4 },
  { why: 'as many as may travel together', maxEvents: 3, maxBytes: 100, expected: 3 },
  { why: 'as many bytes as may travel together', maxEvents: 9, maxBytes: 59, expected: 2 },
  { why: 'exactly at the limit still fits', maxEvents: 9, maxBytes: 60, expected: 3 },
  { why: 'one that is too large goes alone', maxEvents: 9, maxBytes: 5, expected: 1 },
])('$why', ({ maxEvents, maxBytes, expected }) => {
  expect(batchEnd(entries, { maxEvents, maxBytes })).toBe(expected);
});

test('of nothing comes nothing', () => {
  expect(batchEnd([], { maxEvents: 9, maxBytes: 100 })).toBe(0);
});
