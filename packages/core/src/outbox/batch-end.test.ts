import { expect, test } from 'vitest';
import { batchEnd } from './batch-end.ts';

const entries = [10, 20, 30, 40].map((bytes) => ({ bytes }));

test.each([
  { why: 'all fit', from: 0, maxEvents: 9, maxBytes: 100, expected: 4 },
  { why: 'as many as may travel together', from: 0, maxEvents: 3, maxBytes: 100, expected: 3 },
  { why: 'as many bytes as may travel together', from: 0, maxEvents: 9, maxBytes: 59, expected: 2 },
  { why: 'exactly at the limit still fits', from: 0, maxEvents: 9, maxBytes: 60, expected: 3 },
  { why: 'one that is too large goes alone', from: 2, maxEvents: 9, maxBytes: 5, expected: 3 },
  { why: 'nothing is left', from: 4, maxEvents: 9, maxBytes: 100, expected: 4 },
])('from $from: $why', ({ from, maxEvents, maxBytes, expected }) => {
  expect(batchEnd(entries, from, { maxEvents, maxBytes })).toBe(expected);
});
