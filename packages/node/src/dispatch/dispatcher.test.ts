import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Destination, definePlan } from '@org/track-core';
import { anEvent, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Log } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { defaultDestinationLimits } from './lane.ts';
import { type Answer, consented, scripted } from './running-dispatcher.ts';

let log: Log;
let clock: FakeClock;

beforeEach(() => {
  log = memoryLog();
  clock = createFakeClock();
});

afterEach(() => log.close());

async function append(...events: readonly object[]): Promise<void> {
  const batch = events.map((overrides) => anEvent({ context: consented, ...overrides }));
  await log.append({
    body: JSON.stringify({ batch }),
    ids: batch.map(({ messageId }) => messageId),
    facts: { receivedAt: clock.now(), source: 'browser' },
  });
}

const named = (...messageIds: readonly string[]): object[] => messageIds.map((messageId) => ({ messageId }));

function dispatch(destinations: readonly Destination[], overrides: Partial<DispatcherOptions> = {}): Dispatcher {
  return createDispatcher({ log, destinations, clock, random: () => 0.5, ...overrides });
}

/** Time passes, and the log, which commits in the real event loop, gets its turns too. */
async function pass(ms: number): Promise<void> {
  await nextTurn();
  await clock.advance(ms);
  await nextTurn();
  await clock.settle();
}

const books = { accepted: 0, delivered: 0, dropped: {}, dead: {}, pending: 0 };

test('each destination gets every event, and its books say so', async () => {
  const [first, second] = [scripted('first'), scripted('second')];
  const dispatcher = dispatch([first, second]);
  await append(...named('a', 'b'));
  await pass(defaultDestinationLimits.maxWaitMs);
  expect([first.delivered, second.delivered]).toEqual([[['a', 'b']], [['a', 'b']]]);
  const all = { ...books, accepted: 2, delivered: 2 };
  expect(dispatcher.stats()).toEqual({ first: all, second: all });
});

test.each<{ why: string; trouble: Answer }>([
  { why: 'hangs', trouble: 'hang' },
  { why: 'throws', trouble: 'throw' },
  { why: 'fails', trouble: { kind: 'retry', reason: 'server' } },
  { why: 'asks for an hour of peace', trouble: { kind: 'retry', reason: 'throttled', retryAfterMs: 3_600_000 } },
  { why: 'refuses everything', trouble: { kind: 'dead', reason: 'unauthorized' } },
])('one that $why never delays another', async ({ trouble }) => {
  const [ill, well] = [scripted('ill', trouble), scripted('well')];
  const dispatcher = dispatch([ill, well]);
  for (const messageId of ['a', 'b', 'c']) {
    await append({ messageId });
    await pass(defaultDestinationLimits.maxWaitMs);
    expect(well.delivered.at(-1)).toEqual([messageId]);
  }
  const { ill: illBooks, well: wellBooks } = dispatcher.stats();
  expect(wellBooks).toEqual({ ...books, accepted: 3, delivered: 3 });
  expect(illBooks?.delivered).toBe(0);
  const lost = Object.values(illBooks?.dead ?? {}).reduce((sum, count) => sum + count, 0);
  expect(lost + (illBooks?.pending ?? 0)).toBe(3);
});

test('a delivery that takes too long is given up and tried again', async () => {
  const slow = scripted('slow', ['hang']);
  dispatch([slow]);
  await append(...named('a'));
  await pass(defaultDestinationLimits.maxWaitMs);
  expect(slow.delivered).toEqual([['a']]);
  await pass(defaultDestinationLimits.timeoutMs - 1);
  expect(slow.delivered).toEqual([['a']]);
  await pass(1_001);
  expect(slow.delivered).toEqual([['a'], ['a']]);
});

test('a retry sends only what is not settled', async () => {
  const picky = scripted('picky', [
    { kind: 'delivered', verdicts: new Map([['b', { kind: 'retry', reason: 'busy' }]]) },
  ]);
  const dispatcher = dispatch([picky]);
  await append(...named('a', 'b', 'c'));
  await pass(10_000);
  expect(picky.delivered).toEqual([['a', 'b', 'c'], ['b']]);
  expect(dispatcher.stats().picky).toEqual({ ...books, accepted: 3, delivered: 3 });
});

test('consent and filters: the plan names the purpose, and the books balance', async () => {
  const plan = definePlan({
    version: '1',
    events: { Paid: { purpose: 'necessary' }, Advert: { purpose: 'advertising' } },
  });
  const destination = scripted('ads', [], { accepts: (event) => event.messageId !== 'unwanted' });
  const dispatcher = dispatch([destination], { plan });
  await append(
    { messageId: 'fine' },
    { messageId: 'silent', context: {} },
    { messageId: 'paid', event: 'Paid', context: {} },
    { messageId: 'advert', event: 'Advert' },
    { messageId: 'unwanted' },
    { messageId: 'elsewhere', integrations: { All: false } },
  );
  await pass(defaultDestinationLimits.maxWaitMs);
  expect(destination.delivered).toEqual([['fine', 'paid']]);
  expect(dispatcher.stats().ads).toEqual({ ...books, accepted: 6, delivered: 2, dropped: { consent: 2, filtered: 2 } });
});

test('a limit that is undefined, as of a setting nobody made, is the usual one', async () => {
  const limits = { maxEvents: undefined, maxBytes: undefined, timeoutMs: undefined, concurrency: undefined };
  const usual = scripted('usual', [], { limits: limits as never });
  dispatch([usual]);
  await append(...named('a', 'b'));
  await pass(defaultDestinationLimits.maxWaitMs);
  expect(usual.delivered).toEqual([['a', 'b']]);
});

test('a flush after the end waits for nothing, as nothing can move', async () => {
  const hanging = scripted('hanging', 'hang');
  const dispatcher = dispatch([hanging]);
  await append({ messageId: 'a' });
  const closing = dispatcher.close({ deadlineMs: 10 });
  await pass(10);
  await closing;
  let isFlushed = false;
  void dispatcher.flush().then(() => {
    isFlushed = true;
  });
  await pass(0);
  expect(isFlushed).toBe(true);
});

test("a destination's own limits hold", async () => {
  const small = scripted('small', [], { limits: { maxEvents: 2, maxWaitMs: 0 } });
  dispatch([small]);
  await append(...named('a', 'b', 'c'));
  await pass(0);
  expect(small.delivered).toEqual([['a', 'b'], ['c']]);
});

test('flush sends at once and resolves when all have their fate', async () => {
  const destinations = [scripted('first'), scripted('second', [{ kind: 'retry', reason: 'server' }])];
  const dispatcher = dispatch(destinations);
  await append(...named('a'));
  let isDone = false;
  const flushed = dispatcher.flush().then(() => {
    isDone = true;
  });
  await pass(0);
  expect({ delivered: destinations.map(({ delivered }) => delivered.length), isDone }).toEqual({
    delivered: [1, 1],
    isDone: false,
  });
  await pass(500);
  await flushed;
  expect(dispatcher.stats()).toMatchObject({ first: { delivered: 1 }, second: { delivered: 1 } });
});

test('close ends at the deadline; what was not delivered is there for the next dispatcher', async () => {
  const [ill, well] = [scripted('ill', 'hang'), scripted('well')];
  const dispatcher = dispatch([ill, well]);
  await append(...named('a'));
  const closed = dispatcher.close({ deadlineMs: 5_000 });
  await pass(5_000);
  await closed;
  expect([ill.closed, well.closed]).toEqual([1, 1]);

  const [recovered, again] = [scripted('ill'), scripted('well')];
  dispatch([recovered, again]);
  await pass(defaultDestinationLimits.maxWaitMs);
  expect([recovered.delivered, again.delivered]).toEqual([[['a']], []]);
});

test('a destination whose own close hangs holds nobody up for long', async () => {
  const stuck = scripted('stuck');
  stuck.close = () => new Promise(() => {});
  const dispatcher = dispatch([stuck]);
  await append(...named('a'));
  await pass(defaultDestinationLimits.maxWaitMs);
  const closed = dispatcher.close({ deadlineMs: 5_000 });
  await pass(2_000);
  await closed;
  expect(clock.timers).toBe(0);
});

test.each([
  { why: 'no name', wrong: { name: '' }, message: 'destinations[1].name: expected a non-empty string, got ""' },
  {
    why: 'a name twice',
    wrong: { name: 'first' },
    message: 'destinations[1].name: expected a name of its own, got "first" a second time',
  },
  {
    why: 'no deliver',
    wrong: { deliver: undefined },
    message: 'destinations[1].deliver: expected a function, got undefined',
  },
  {
    why: 'no requires',
    wrong: { requires: 'analytics' },
    message: 'destinations[1].requires: expected a list of consent categories, got "analytics"',
  },
  {
    why: 'consent that nobody can give',
    wrong: { requires: ['analytics', 'analytic'] },
    message: 'destinations[1].requires: expected necessary, functional, analytics, advertising, got "analytic"',
  },
])('refuses at set-up: $why', ({ wrong, message }) => {
  const second = { ...scripted('second'), ...wrong } as unknown as Destination;
  expect(() => dispatch([scripted('first'), second])).toThrow(new TypeError(message));
});
