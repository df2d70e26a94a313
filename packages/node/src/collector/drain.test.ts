import { expect, test } from 'vitest';
import { createDrain, maxWaitS } from './drain.ts';

/** A log that takes `bytesPerS`, however much waits. */
function aDrain() {
  let nowMs = 0;
  const drain = createDrain(() => nowMs);
  const store = (bytes: number, ms: number) =>
    drain.measure(bytes, async () => {
      nowMs += ms;
    });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { ...drain, store, pass };
}

test('nothing measured: come back in a second', () => {
  expect(aDrain().waitS(1e9)).toBe(1);
});

test.each([
  { why: 'ten seconds of work', bytes: 10_000_000, waitS: 10 },
  { why: 'a part of a second is a second', bytes: 10_000_001, waitS: 11 },
  { why: 'next to nothing is a second too', bytes: 1, waitS: 1 },
  { why: 'nobody is sent away for hours', bytes: 1e12, waitS: maxWaitS },
])('at 1 MB/s: $why', async ({ bytes, waitS }) => {
  const drain = aDrain();
  await drain.store(500_000, 500);
  expect(drain.waitS(bytes)).toBe(waitS);
});

test('small batches say little of what a log can: the best of late counts', async () => {
  const drain = aDrain();
  await drain.store(1_000_000, 1_000);
  await drain.store(100, 5);
  expect(drain.waitS(10_000_000)).toBe(11); // a little forgotten in those 5 ms
});

test('a log that became slow is found out', async () => {
  const drain = aDrain();
  await drain.store(1_000_000, 1_000);
  for (let turn = 0; turn < 60; turn++) await drain.store(100_000, 1_000);
  expect(drain.waitS(1_000_000)).toBe(10);
});

test('what could not be stored is no work done', async () => {
  const drain = aDrain();
  await drain.store(1_000_000, 1_000);
  const failing = drain.measure(1e9, async () => {
    throw new Error('full');
  });
  await expect(failing).rejects.toThrow('full');
  expect(drain.waitS(10_000_000)).toBe(10);
});

test('what goes on at once is added up', async () => {
  const drain = aDrain();
  await Promise.all([
    drain.measure(500_000, async () => drain.pass(250)),
    drain.measure(500_000, async () => drain.pass(250)),
  ]);
  expect(drain.waitS(2_000_000)).toBe(1);
  expect(drain.waitS(4_000_000)).toBe(2);
});
