import { expect, test, vi } from 'vitest';
import type { Arrival } from '../collector/store-events.ts';
import { passes, signOfLifeMs, tailOf } from './tail.ts';

const anArrival = (event: unknown, more: Partial<Arrival> = {}): Arrival => ({
  event,
  status: 'stored',
  source: 'browser',
  receivedAt: 1,
  ...more,
});
const viewed = { type: 'track', event: 'Viewed', userId: 'u1', anonymousId: 'a1' };

test.each([
  { why: 'no filter', filter: {}, expected: true },
  { why: 'the name of a track event', filter: { event: 'Viewed' }, expected: true },
  { why: 'a type', filter: { event: 'track' }, expected: true },
  { why: 'another name', filter: { event: 'page' }, expected: false },
  {
    why: 'everything at once',
    filter: { userId: 'u1', anonymousId: 'a1', source: 'browser', status: 'stored' },
    expected: true,
  },
  { why: 'one thing is not so', filter: { userId: 'u1', status: 'invalid' }, expected: false },
  { why: 'another device', filter: { anonymousId: 'a2' }, expected: false },
  { why: 'another source', filter: { source: 'server' }, expected: false },
] as const)('an arrival passes or not: $why', ({ filter, expected }) => {
  expect(passes(anArrival(viewed), filter)).toBe(expected);
});

test('what is no event passes only where nothing is asked of it', () => {
  expect(passes(anArrival(null), {})).toBe(true);
  expect(passes(anArrival('text'), { userId: 'u1' })).toBe(false);
});

test('a slow reader is told how many it missed, and costs no memory', async () => {
  let arrive: (arrival: Arrival) => void = () => {};
  let isStopped = false;
  const watch = (listener: (arrival: Arrival) => void) => {
    arrive = listener;
    return () => {
      isStopped = true;
    };
  };
  const reader = tailOf({ watch }, {})[Symbol.asyncIterator]();
  for (let index = 0; index < 1_005; index++) arrive(anArrival({ index }));
  for (let index = 0; index < 1_000; index++) expect((await reader.next()).value).toMatchObject({ event: { index } });
  expect((await reader.next()).value).toEqual({ skipped: 5 });

  const waiting = reader.next();
  await reader.return?.();
  expect((await waiting).done).toBe(true);
  expect(isStopped).toBe(true);
});

test('a reader of what is quiet hears that somebody is there, and nothing is left behind when it goes', async () => {
  vi.useFakeTimers();
  try {
    let arrive: (arrival: Arrival) => void = () => {};
    const watch = (listener: (arrival: Arrival) => void) => {
      arrive = listener;
      return () => {};
    };
    const reader = tailOf({ watch }, { event: 'Viewed' })[Symbol.asyncIterator]();
    for (let round = 0; round < 2; round++) {
      const quiet = reader.next();
      await vi.advanceTimersByTimeAsync(signOfLifeMs - 1);
      arrive(anArrival({ type: 'page' })); // of no interest
      await vi.advanceTimersByTimeAsync(1);
      expect((await quiet).value).toEqual({ isQuiet: true });
    }
    const next = reader.next();
    arrive(anArrival(viewed));
    expect((await next).value).toMatchObject({ event: viewed });
    const last = reader.next();
    await reader.return?.();
    expect((await last).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
