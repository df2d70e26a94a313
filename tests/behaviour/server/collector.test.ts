import type { CollectedEvent, Destination, SendOutcome } from '@org/track-core';
import { createFakeClock } from '@org/track-core/testing';
import { type Collector, type CollectorOptions, createCollector, memoryLog } from '@org/track-node';
import { afterEach, describe, expect, test } from 'vitest';
import { meet } from '../../faults/front-server.ts';
import { closeAfterEach, farEnd, trackerTo, trackMany } from './far-end.ts';

closeAfterEach();

const keys = { key: { source: 'server', name: 'shop', consent: { analytics: true } } } as const;
const bearer = { authorization: 'Bearer key' };
const patience = { timeout: 20_000 };
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Sink extends Destination {
  readonly received: CollectedEvent[];
}

function aDestination(name: string, deliver?: () => Promise<SendOutcome>): Sink {
  const received: CollectedEvent[] = [];
  return {
    name,
    requires: [],
    idempotency: 'none',
    limits: { maxWaitMs: 5 },
    received,
    async deliver(events) {
      if (deliver !== undefined) return deliver();
      received.push(...events);
      return { kind: 'delivered' };
    },
  };
}

function aCollector(options: Partial<CollectorOptions> = {}): Collector {
  const collector = createCollector({ log: memoryLog(), keys, ...options });
  closers.push(() => collector.close({ deadlineMs: 500 }));
  return collector;
}

const anEvent = (messageId: string, fields: object = {}) => ({
  type: 'track',
  event: 'Seen',
  userId: 'u1',
  timestamp: '2026-11-25T10:00:00.000Z',
  messageId,
  ...fields,
});

async function post(collector: Collector, body: object, headers: Record<string, string> = bearer) {
  const response = await collector.fetch(
    new Request('http://shop.example/v1/batch', { method: 'POST', headers, body: JSON.stringify(body) }),
  );
  return {
    status: response.status,
    body: (await response.json()) as {
      success: boolean;
      results?: Record<string, { status: string; reason?: string }>;
    },
  };
}

test('T6 one invalid event among 200 costs only itself: 200, 199 go on, it is named and kept with the reason', async () => {
  const sink = aDestination('sink');
  const log = memoryLog();
  const collector = aCollector({ log, destinations: [sink] });
  const batch = Array.from({ length: 200 }, (_, index) =>
    anEvent(`m${index}`, index === 7 ? { userId: undefined } : {}),
  );
  const { status, body } = await post(collector, { batch });
  expect(status).toBe(200);
  expect(body).toMatchObject({ success: true, results: { m7: { status: 'invalid', reason: 'anonymousId: missing' } } });
  expect(Object.keys(body.results ?? {})).toEqual(['m7']);
  await collector.flush();
  expect(sink.received).toHaveLength(199);
  expect(log.quarantined(10)).toMatchObject([{ messageId: 'm7', issues: [{ path: 'anonymousId', code: 'missing' }] }]);
});

test('T7 two answers of fourteen are lost: each event is stored once, named a duplicate, and delivered once', async () => {
  const sink = aDestination('sink');
  const collector = aCollector({ destinations: [sink] });
  const replies: string[] = [];
  const front = await farEnd({
    async answer({ url, method, headers, body }) {
      const response = await collector.fetch(new Request(url, { method, headers, body: new Uint8Array(body) }));
      replies.push(await response.clone().text());
      return response;
    },
    kept: async () => [],
    close: async () => {},
  });
  front.inject(meet('reset-after-stored', 2));
  const tracker = trackerTo(front, { queue: { maxEvents: 10, maxWaitMs: 5 } });
  const tracked = trackMany(tracker, 140);
  await tracker.flush();
  await collector.flush();
  expect(sink.received.map((event) => event.type === 'track' && event.properties?.marker).sort()).toEqual(
    [...tracked].sort(),
  );
  expect(collector.stats().events).toMatchObject({ stored: 140, duplicate: 20 });
  expect(replies.join().match(/"status":"duplicate"/g)).toHaveLength(20);
});

test('T13 one of five destinations fails and one hangs: the others get everything once, in order, meanwhile', async () => {
  const healthy = ['a', 'b', 'c'].map((name) => aDestination(name));
  const failing = aDestination('failing', async () => ({ kind: 'retry', reason: 'http-500' }));
  const hanging = aDestination('hanging', () => new Promise(() => {}));
  const collector = aCollector({ destinations: [...healthy, failing, hanging] });
  const ids = Array.from({ length: 1_000 }, (_, index) => `m${index}`);
  for (let at = 0; at < ids.length; at += 100) {
    await post(collector, { batch: ids.slice(at, at + 100).map((id) => anEvent(id)) });
  }
  for (const { received } of healthy) {
    await expect.poll(() => received.length, patience).toBe(1_000);
    expect(received.map(({ messageId }) => messageId)).toEqual(ids);
  }
  const { destinations } = collector.stats();
  expect(destinations.a).toMatchObject({ delivered: 1_000, pending: 0 });
  expect(destinations.failing).toMatchObject({ delivered: 0, pending: 1_000 });
  expect(destinations.hanging).toMatchObject({ delivered: 0, pending: 1_000 });
});

describe('T15 clocks that are wrong', () => {
  const receivedAt = '2026-11-25T12:00:00.000Z';
  test.each([
    {
      why: 'ten seconds fast',
      timestamp: '2026-11-25T11:00:00.000Z',
      sentAt: '2026-11-25T12:00:10.000Z',
      expected: '2026-11-25T10:59:50.000Z',
    },
    {
      why: 'ten seconds slow',
      timestamp: '2026-11-25T11:00:00.000Z',
      sentAt: '2026-11-25T11:59:50.000Z',
      expected: '2026-11-25T11:00:10.000Z',
    },
    {
      why: 'two days ahead of what was sent',
      timestamp: '2026-11-27T12:00:00.000Z',
      sentAt: receivedAt,
      expected: receivedAt,
    },
  ])('$why: set right, and what was said is kept', async ({ timestamp, sentAt, expected }) => {
    const sink = aDestination('sink');
    const clock = createFakeClock(Date.parse(receivedAt));
    const collector = aCollector({ clock, keys: {}, consent: { analytics: true }, destinations: [sink] });
    await post(collector, { batch: [anEvent('m1', { timestamp })], sentAt }, {});
    await clock.advance(1_000); // the destination waits for company
    await expect.poll(() => sink.received.length, patience).toBe(1);
    expect(sink.received).toMatchObject([{ timestamp: expected, originalTimestamp: timestamp, receivedAt }]);
  });

  test('no date at all: it is set aside with the reason, and costs no neighbour', async () => {
    const collector = aCollector();
    const { body } = await post(collector, { batch: [anEvent('m1', { timestamp: 'yesterday' }), anEvent('m2')] });
    expect(body.results).toMatchObject({ m1: { status: 'invalid', reason: 'timestamp: not-a-date' } });
    expect(collector.stats().log).toMatchObject({ events: 1, quarantined: 1 });
  });
});
