import { createFakeClock } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

const paceOf = (maxEvents: number) =>
  createPace({ clock: createFakeClock(), random: () => 0.5, limits: { maxEvents, concurrency: 4 } });

const failure = { isThrottled: false, retryAfterMs: 0 };

test('with several deliveries under way an older answer raises nothing that a newer one lowered', () => {
  const pace = paceOf(100);
  pace.tooLarge(50);
  pace.tooLarge(25);
  pace.succeeded();
  pace.tooLarge(50);
  expect(pace.mostEvents()).toBe(25);
  pace.failed({ ...failure, events: 25 });
  pace.failed({ ...failure, events: 12 });
  pace.tooLarge(50);
  expect(pace.mostEvents()).toBe(6);
});

test('what failed as large as ever lowers no more than what failed before it', () => {
  const pace = paceOf(100);
  pace.failed({ ...failure, events: 100 });
  pace.failed({ ...failure, events: 100 });
  expect(pace.mostEvents()).toBe(25);
  pace.failed({ events: 25, isThrottled: true, retryAfterMs: 1_000 });
  expect(pace.mostEvents()).toBe(25);
});

test('a part of one delivery at once, as of a share of few processors, is one', () => {
  const pace = createPace({ clock: createFakeClock(), random: () => 0.5, limits: { maxEvents: 9, concurrency: 0.5 } });
  pace.succeeded();
  expect(pace.allowed()).toBe(1);
});

test('stopped: one event asks again; an answer opens all again, step by step', () => {
  const pace = paceOf(100);
  expect([pace.stop('unauthorized'), pace.stop('unauthorized')]).toEqual([true, false]);
  expect([pace.mostEvents(), pace.allowed(), pace.stopReason()]).toEqual([1, 1, 'unauthorized']);
  pace.succeeded();
  expect([pace.mostEvents(), pace.stopReason(), pace.state()]).toEqual([2, undefined, 'closed']);
});
