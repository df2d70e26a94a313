import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test.each([
  { why: 'any wait up to the bound is as likely: none at all', failures: 1, random: 0, expected: 0 },
  { why: 'or nearly all of it', failures: 1, random: 0.999, expected: 999 },
  { why: 'the bound doubles with each failure', failures: 4, random: 0.5, expected: 4_000 },
  { why: 'and is a minute at most', failures: 40, random: 0.5, expected: 30_000 },
])('$why', ({ failures, random, expected }) => {
  expect(backoffMs(failures, random)).toBe(expected);
});
