import { expect, test } from 'vitest';
import { createInFlight } from './in-flight.ts';

test('turns away what is one request too many, until one leaves', () => {
  const inFlight = createInFlight(2, 1_000);
  const first = inFlight.enter(1);
  inFlight.enter(1);
  expect(inFlight.enter(1)).toBeUndefined();
  first?.leave();
  expect(inFlight.enter(1)).toBeDefined();
});

test('turns away what is too heavy beside the others, but never one alone', () => {
  const inFlight = createInFlight(10, 100);
  const heavy = inFlight.enter(200);
  expect(heavy).toBeDefined();
  expect(inFlight.enter(1)).toBeUndefined();
  heavy?.leave();
  expect(inFlight.enter(60)).toBeDefined();
  expect(inFlight.enter(60)).toBeUndefined();
});

test('a request that turns out heavier than it said is weighed again', () => {
  const inFlight = createInFlight(10, 100);
  const alone = inFlight.enter(1);
  expect(alone?.weigh(500)).toBe(true);
  alone?.leave();
  inFlight.enter(50);
  expect(inFlight.enter(10)?.weigh(80)).toBe(false);
});

test('tells when the last one has left', async () => {
  const inFlight = createInFlight(10, 100);
  await inFlight.idle();
  const visits = [inFlight.enter(1), inFlight.enter(1)];
  let isIdle = false;
  const idle = inFlight.idle().then(() => {
    isIdle = true;
  });
  visits[0]?.leave();
  await Promise.resolve();
  expect(isIdle).toBe(false);
  visits[1]?.leave();
  await idle;
});
