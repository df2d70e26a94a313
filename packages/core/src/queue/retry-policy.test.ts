import { expect, test } from 'vitest';
import { retryDelayMs } from './retry-policy.ts';

const policy = { maxAttempts: 4, baseDelayMs: 1_000, maxDelayMs: 3_000 };

test.each([
  { why: 'the first bound is the base', attempt: 1, random: 0.5, expected: 500 },
  { why: 'the bound doubles', attempt: 2, random: 0.5, expected: 1_000 },
  { why: 'the bound is capped', attempt: 3, random: 0.5, expected: 1_500 },
  { why: 'any wait up to the bound is possible, none included', attempt: 2, random: 0, expected: 0 },
  { why: 'the last try gives up', attempt: 4, random: 0.5, expected: undefined },
])('after try $attempt: $why', ({ attempt, random, expected }) => {
  expect(retryDelayMs(policy, attempt, random)).toBe(expected);
});

test('without a last try the bound stays at its cap', () => {
  expect(retryDelayMs({ ...policy, maxAttempts: Number.POSITIVE_INFINITY }, 5_000, 0.5)).toBe(1_500);
});
