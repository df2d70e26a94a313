import { expect, test } from 'vitest';
import { createInFlight, type InFlight, type Visit } from './in-flight.ts';

/** Someone who was let in, and brought `bytes`. */
function visit(inFlight: InFlight, bytes = 1, sender?: string): Visit {
  const entered = inFlight.enter(bytes, sender);
  if (typeof entered === 'string') throw new Error(entered);
  entered.weigh(bytes);
  return entered;
}

test('turns away what is one request too many, until one leaves', () => {
  const inFlight = createInFlight(2, 1_000);
  const first = visit(inFlight);
  visit(inFlight);
  expect(inFlight.enter(1, undefined)).toBe('full');
  first.leave();
  expect(inFlight.enter(1, undefined)).not.toBe('full');
});

test('turns away what is too heavy beside the others, but never one alone', () => {
  const inFlight = createInFlight(10, 100);
  const heavy = visit(inFlight, 200);
  expect(inFlight.bytes()).toBe(200);
  expect(inFlight.enter(1, undefined)).toBe('full');
  heavy.leave();
  visit(inFlight, 60);
  expect(inFlight.enter(60, undefined)).toBe('full');
});

test('a promise of much takes no room: only what came does', () => {
  const inFlight = createInFlight(100, 100);
  for (let slow = 0; slow < 50; slow++) inFlight.enter(90, undefined);
  expect(inFlight.bytes()).toBe(0);
  expect(inFlight.enter(90, undefined)).not.toBe('full');
});

test('a request that turns out heavier than it said is weighed again', () => {
  const inFlight = createInFlight(10, 100);
  const alone = visit(inFlight);
  expect(alone.weigh(500)).toBe(true);
  alone.leave();
  visit(inFlight, 50);
  expect(visit(inFlight, 10).weigh(80)).toBe(false);
  expect(inFlight.bytes()).toBe(50);
});

test('one sender has a tenth of all requests, and leaves the rest to others', () => {
  const inFlight = createInFlight(30, 1_000);
  const own = [visit(inFlight, 1, 'slow'), visit(inFlight, 1, 'slow'), visit(inFlight, 1, 'slow')];
  expect(inFlight.enter(1, 'slow')).toBe('sender-full');
  visit(inFlight, 1, 'other');
  visit(inFlight, 1, undefined);
  own[0]?.leave();
  visit(inFlight, 1, 'slow');
});

test('tells when the last one has left', async () => {
  const inFlight = createInFlight(10, 100);
  await inFlight.idle();
  const visits = [visit(inFlight), visit(inFlight)];
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
