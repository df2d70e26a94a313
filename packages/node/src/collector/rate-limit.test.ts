import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

function aLimit(eventsPerSecond: number, maxSenders = 10) {
  let nowMs = 0;
  const limit = createRateLimit({ eventsPerSecond, maxSenders, elapsed: () => nowMs });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { ...limit, pass };
}

test.each([
  { why: 'nothing spent', charged: [], passMs: 0, waitS: undefined },
  { why: 'one event of the burst is left', charged: [399], passMs: 0, waitS: undefined },
  { why: 'the burst is spent', charged: [200, 200], passMs: 0, waitS: 1 },
  { why: 'a tenth of a second gives one event back', charged: [400], passMs: 100, waitS: undefined },
  { why: 'a body may go below empty, and is waited for', charged: [450], passMs: 0, waitS: 6 },
  {
    why: 'what is left of a wait is rounded up: a client that comes back then is let in',
    charged: [450],
    passMs: 2_050,
    waitS: 4,
  },
  { why: 'a long rest gives no more than the burst', charged: [400, 0], passMs: 3_600_000, waitS: undefined },
])('at 10 events a second: $why', ({ charged, passMs, waitS }) => {
  const limit = aLimit(10);
  for (const events of charged) limit.charge('a', events);
  limit.pass(passMs);
  expect(limit.waitS('a')).toBe(waitS);
});

test('a long rest is worth one burst, not two', () => {
  const limit = aLimit(10);
  limit.charge('a', 1);
  limit.pass(3_600_000);
  limit.charge('a', 400);
  expect(limit.waitS('a')).toBe(1);
});

test.each([0.1, 1, 7, 250])('whoever waits as told is let in, at %d events a second', (eventsPerSecond) => {
  const limit = aLimit(eventsPerSecond);
  limit.charge('a', 12_345);
  const waitS = limit.waitS('a') as number;
  expect(Number.isInteger(waitS)).toBe(true);
  limit.pass((waitS - 1) * 1_000);
  expect(limit.waitS('a')).toBeGreaterThan(0);
  limit.pass(1_000);
  expect(limit.waitS('a')).toBeUndefined();
});

test('senders do not pay for one another', () => {
  const limit = aLimit(10);
  limit.charge('a', 1_000);
  expect(limit.waitS('b')).toBeUndefined();
});

test('a flood of senders pushes out those that were quiet for longest, and takes no more memory', () => {
  const limit = aLimit(10, 3);
  for (const sender of ['quiet', 'a', 'b']) limit.charge(sender, 1_000);
  limit.charge('a', 1);
  limit.charge('c', 1_000);
  expect(['quiet', 'a', 'b', 'c'].map((sender) => limit.waitS(sender) !== undefined)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('without a limit nobody waits', () => {
  const limit = aLimit(Number.POSITIVE_INFINITY);
  limit.charge('a', 1e9);
  expect(limit.waitS('a')).toBeUndefined();
});
