import type { DeliveryOutcome, Destination, TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, expect, test } from 'vitest';
import { memoryLog } from '../log/memory-log.ts';
import type { Transformation } from '../transformation/transformation.ts';
import { createCollector } from './create-collector.ts';
import { aDestination, batchOf, closeAll, consented, idsOf, run } from './running-collector.ts';

afterEach(closeAll);

const okEvent = (overrides: Parameters<typeof anEvent>[0]) => anEvent({ context: consented, ...overrides });

test.each([
  { why: 'by userId', event: { userId: 'ada' } },
  { why: 'by anonymousId, whoever they say they are', event: { anonymousId: 'device', userId: 'somebody' } },
  { why: 'as the former name in an alias', event: { type: 'alias', userId: 'new', previousId: 'ada' } as const },
])('events of somebody suppressed are answered so, never stored, never shown: $why', async ({ event }) => {
  const { post, collector, log, arrivals, delivered } = await run();
  await collector.suppress({ userId: 'ada', anonymousId: 'device' });
  const theirs = { ...okEvent({ messageId: 'theirs' }), ...event };
  const { status, body } = await post(batchOf(theirs, okEvent({ messageId: 'other', userId: 'grace' })));
  expect(status).toBe(200);
  expect(body.results).toEqual({ theirs: { status: 'suppressed', kind: 'dropped', reason: 'suppressed' } });
  expect(idsOf(await delivered())).toEqual(['other']);
  expect(JSON.stringify(log.appended)).not.toMatch(/ada|device|theirs/);
  expect(JSON.stringify(arrivals)).not.toMatch(/ada|device/);
  expect(collector.stats().events).toMatchObject({ suppressed: 1, stored: 1 });
});

test('what is invalid of theirs is not kept aside either', async () => {
  const { post, collector, log } = await run({ consent: { analytics: true } });
  await collector.suppress({ userId: 'ada' });
  const { body } = await post(batchOf({ type: 'track', messageId: 'm', userId: 'ada', timestamp: 'never' }));
  expect(body.results?.m?.status).toBe('suppressed');
  expect(log.appended).toEqual([]);
  expect(log.quarantined(10)).toEqual([]);
});

test('this process itself does not store them', async () => {
  const { collector, delivered } = await run({ consent: { analytics: true } });
  await collector.suppress({ userId: 'ada' });
  collector.tracker.track('Order Completed', {}, { userId: 'ada' });
  collector.tracker.track('Order Completed', {}, { userId: 'grace', messageId: 'hers' });
  expect(idsOf(await delivered())).toEqual(['hers']);
  expect(collector.stats().tracker).toMatchObject({
    accepted: 2,
    delivered: 1,
    dropped: { suppressed: 1 },
    pending: 0,
  });
});

test('what is stored already goes no further', async () => {
  const log = memoryLog();
  const sink = aDestination();
  let isDown = true;
  const { deliver } = sink;
  sink.deliver = async (events, options) => (isDown ? { kind: 'retry', reason: 'server' } : deliver(events, options));
  const collector = createCollector({ log, destinations: [sink], consent: { analytics: true } });
  collector.tracker.track('Viewed', {}, { userId: 'ada', messageId: 'hers' });
  collector.tracker.track('Viewed', {}, { userId: 'grace', messageId: 'other' });
  await collector.tracker.flush();
  await expect.poll(() => collector.stats().destinations.sink?.accepted).toBe(2);
  await collector.suppress({ userId: 'ada' });
  isDown = false;
  await collector.flush({ deadlineMs: 10_000 });
  expect(idsOf(sink.received)).toEqual(['other']);
  expect(collector.stats().destinations.sink).toMatchObject({ delivered: 1, dropped: { suppressed: 1 }, pending: 0 });
  await collector.close();
});

test('who comes back is stored again', async () => {
  const { post, collector, delivered } = await run();
  await collector.suppress({ userId: 'ada' });
  await collector.unsuppress({ userId: 'ada' });
  await post(batchOf(okEvent({ messageId: 'hers', userId: 'ada' })));
  expect(idsOf(await delivered())).toEqual(['hers']);
});

test.each([
  { why: 'a destination that can be asked', erase: async () => ({ rows: 0 }) },
  { why: 'one that cannot', erase: undefined },
])('what is refused of theirs after they were erased is no dead letter: $why', async ({ erase }) => {
  const answers: ((outcome: DeliveryOutcome) => void)[] = [];
  const slow: Destination = {
    ...aDestination(),
    ...(erase === undefined ? {} : { erase }),
    deliver: () => new Promise((resolve) => answers.push(resolve)),
  };
  const { post, collector, log } = await run({ destinations: [slow] });
  await post(batchOf(okEvent({ userId: 'ada' }), okEvent({ userId: 'grace', messageId: 'grace' })));
  await expect.poll(() => answers).toHaveLength(1);
  const erased = collector.erase({ userId: 'ada' });
  await expect.poll(() => collector.receipts()[0]?.stage).not.toBe('log');
  for (const answer of answers) answer({ kind: 'dead', reason: 'http-400' });
  expect((await erased).receipt).toMatchObject({ events: 1 });
  await expect.poll(() => log.stats().deadLetters).toBeGreaterThan(0);
  expect(log.records.deadLetters({ limit: 10 }).map(({ messageId }) => messageId)).toEqual(['grace']);
  expect(log.stats()).toMatchObject({ deadLetters: 1 });
});

test.each([
  { why: 'it was invalid', transform: (event: TrackEvent) => event, theirs: { timestamp: 'never' } },
  {
    why: 'a transformation failed',
    transform: () => {
      throw new Error('broken');
    },
    theirs: {},
  },
])('who is suppressed while a transformation is at work is not kept aside: $why', async ({ transform, theirs }) => {
  const log = memoryLog();
  const transformation: Transformation = (event) => {
    void log.suppression.add({ userId: 'ada' });
    return transform(event);
  };
  const { post } = await run({ log, transformations: [transformation], consent: { analytics: true } });
  const { body } = await post(
    batchOf({ ...okEvent({ messageId: 'theirs', userId: 'ada' }), ...theirs }, okEvent({ userId: 'grace' })),
  );
  expect(body.results?.theirs?.status).toBe('suppressed');
  expect(JSON.stringify(log.quarantined(10))).not.toContain('ada');
});
