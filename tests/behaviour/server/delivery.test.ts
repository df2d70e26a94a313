import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { outcomeOfResponse, type Transport } from '@org/track-core';
import { createFakeClock } from '@org/track-core/testing';
import { type Diagnostic, type ServerTracker, sqliteOutbox } from '@org/track-node';
import { expect, test } from 'vitest';
import { meet } from '../../faults/front-server.ts';
import { track } from '../../faults-node/clients/track.ts';
import { closeAfterEach, farEnd, takenBy, trackerTo, trackMany } from './far-end.ts';

closeAfterEach();

const patience = { timeout: 20_000 };
const nothingLost = { dropped: {}, dead: {}, pending: 0, sanitized: {} };

test('T1 a flush is over when everything tracked before it is there, once; a second one waits as well', async () => {
  const front = await farEnd();
  front.inject(meet('slow', 1));
  const tracker = trackerTo(front, { queue: { maxEvents: 2, maxWaitMs: 60_000 } });
  const tracked = [...trackMany(tracker, 3)];
  await expect.poll(() => front.sightings.length, patience).toBe(2); // the first batch is under way
  tracked.push(...trackMany(tracker, 1));
  void tracker.flush();
  await tracker.flush();
  expect(takenBy(front)).toEqual(tracked);
});

test('T2 a short wait for company makes no short deadline: shutdown waits for a slow answer', async () => {
  const front = await farEnd();
  front.inject(meet('slow'));
  const tracker = trackerTo(front, { queue: { maxWaitMs: 1 } });
  trackMany(tracker, 1);
  await tracker.shutdown();
  expect(tracker.stats()).toEqual({ accepted: 1, delivered: 1, ...nothingLost });
});

test('T3 asked for 60 s of patience, a shutdown with 75 s delivers everything', async () => {
  const clock = createFakeClock();
  const transport: Transport = {
    send: async () =>
      clock.elapsed() < 60_000
        ? outcomeOfResponse(429, '60', '', clock.now())
        : outcomeOfResponse(200, null, '{"success":true}', clock.now()),
  };
  const tracker = trackerTo({ origin: 'http://far.example' }, { clock, transport });
  trackMany(tracker, 20);
  const over = tracker.shutdown({ deadlineMs: 75_000 });
  await clock.advance(75_000);
  await over;
  expect(tracker.stats()).toEqual({ accepted: 20, delivered: 20, ...nothingLost });
});

test('T4 a batch that was told to wait waits, although its siblings are taken meanwhile', async () => {
  const front = await farEnd();
  const refusedAt = new Map<string, number>();
  front.inject((request) => {
    if (refusedAt.size === 30) return undefined;
    for (const { id } of track.decode(request)) refusedAt.set(id, performance.now());
    return new Response(null, { status: 429, headers: { 'retry-after': '2' } });
  });
  const tracker = trackerTo(front, { queue: { maxEvents: 10, maxWaitMs: 1, concurrency: 14 } });
  const tracked = trackMany(tracker, 140);
  await expect.poll(() => new Set(takenBy(front)).size, patience).toBe(140);
  expect([...takenBy(front)].sort()).toEqual([...tracked].sort());
  const waits = front.sightings.filter(({ id, isTaken }) => isTaken && refusedAt.has(id));
  expect(waits).toHaveLength(30);
  for (const { id, atMs } of waits) expect(atMs - (refusedAt.get(id) ?? 0)).toBeGreaterThan(1_950);
  expect(front.sightings.some(({ id, isTaken }) => isTaken && !refusedAt.has(id))).toBe(true);
});

test('T5 413 is learned from: all of 200 arrive; what is too large alone is given up, and not sent again', async () => {
  const front = await farEnd();
  front.inject((request) => (track.decode(request).length > 10 ? new Response(null, { status: 413 }) : undefined));
  const tracker = trackerTo(front, { queue: { maxWaitMs: 10 } });
  const tracked = trackMany(tracker, 200);
  await tracker.flush();
  expect(takenBy(front)).toEqual(tracked);
  expect(front.statuses.filter((status) => status === 413).length).toBeLessThanOrEqual(12);

  front.inject(({ body }) => (body.length > 10_000 ? new Response(null, { status: 413 }) : undefined));
  const before = front.statuses.length;
  tracker.track(
    'Fault Met',
    { marker: 'large', text: crypto.getRandomValues(new Uint8Array(11_500)).join('') },
    { userId: 'u1' },
  );
  await tracker.flush();
  expect(tracker.stats().dead).toEqual({ 'too-large': 1 });
  expect(front.statuses).toHaveLength(before + 1);
});

test('T8 a far end that never answers is given up at the timeout, and holds up no other batch', async () => {
  const front = await farEnd();
  front.inject(meet('hang', 1));
  const tracker = trackerTo(front, { queue: { maxEvents: 50, maxWaitMs: 10, concurrency: 2, timeoutMs: 4_000 } });
  const tracked = trackMany(tracker, 200);
  await expect.poll(() => new Set(takenBy(front)).size, patience).toBe(200);
  expect([...takenBy(front)].sort()).toEqual([...tracked].sort());
  const hung = front.sightings.filter(({ isTaken }) => !isTaken);
  const isHung = (id: string): boolean => hung.some((sighting) => sighting.id === id);
  const takenAt = (isOfHung: boolean): readonly number[] =>
    front.sightings.filter(({ id, isTaken }) => isTaken && isHung(id) === isOfHung).map(({ atMs }) => atMs);
  expect(hung).toHaveLength(50);
  expect(Math.min(...takenAt(true)) - (hung[0]?.atMs ?? 0)).toBeGreaterThan(3_900);
  expect(Math.max(...takenAt(false))).toBeLessThan(Math.min(...takenAt(true)));
});

test('T9 nobody there: nothing unhandled, the queue is bounded, and few words are made of it', async () => {
  const front = await farEnd();
  await front.goDown();
  const diagnostics: Diagnostic[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const tracker = trackerTo(front, {
    maxQueued: 150,
    queue: { maxWaitMs: 1, baseDelayMs: 1_000 },
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
  });
  trackMany(tracker, 200);
  await expect.poll(() => diagnostics.map(({ code }) => code), patience).toContain('send-failed');
  await pause(1_000); // for what would come unhandled
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
  expect(tracker.stats()).toMatchObject({ accepted: 200, pending: 150, dropped: { 'outbox-full': 50 } });
  expect(diagnostics.filter(({ code }) => code === 'send-failed').length).toBeLessThan(10);
});

/** How long the oldest event of a tracker waits by now, milliseconds. */
const oldestAgeOf = (tracker: ServerTracker): number => tracker.stats().oldestAgeMs ?? Number.NaN;

test('T9 nobody there: how old the oldest event is, is told until it has arrived', async () => {
  const front = await farEnd();
  await front.goDown();
  const tracker = trackerTo(front, { queue: { maxWaitMs: 1, maxDelayMs: 200 } });
  expect(tracker.stats()).not.toHaveProperty('oldestAgeMs');
  const before = Date.now();
  trackMany(tracker, 10);
  await pause(500);
  const between = Date.now();
  trackMany(tracker, 10);
  await pause(100);
  const [age, now] = [oldestAgeOf(tracker), Date.now()];
  expect(age).toBeLessThanOrEqual(now - before);
  expect(age).toBeGreaterThan(now - between); // of the first ten, not of those that came later
  await front.comeBack();
  await expect.poll(() => tracker.stats().delivered, patience).toBe(20);
  expect(tracker.stats()).not.toHaveProperty('oldestAgeMs');
});

test('T9 nobody there: events in a file are as old to the next process as they are', async () => {
  const front = await farEnd();
  await front.goDown();
  const folder = mkdtempSync(join(tmpdir(), 'track-age-'));
  const file = join(folder, 'outbox.db');
  const first = trackerTo(front, { outbox: sqliteOutbox(file) });
  const before = Date.now();
  await first.track('Fault Met', { marker: 'left' }, { userId: 'u1' }).durable;
  await pause(500);
  expect(oldestAgeOf(first)).toBeGreaterThan(450);
  await first.shutdown({ deadlineMs: 0 });

  const reopened = Date.now();
  const second = trackerTo(front, { outbox: sqliteOutbox(file), queue: { maxDelayMs: 200 } });
  trackMany(second, 5);
  const [age, now] = [oldestAgeOf(second), Date.now()];
  expect(age).toBeLessThanOrEqual(now - before);
  expect(age).toBeGreaterThan(now - reopened); // of the one that was left
  await front.comeBack();
  await expect.poll(() => second.stats().delivered, patience).toBe(6);
  expect(second.stats()).not.toHaveProperty('oldestAgeMs');
  await second.shutdown();
  rmSync(folder, { recursive: true });
});

test('T10 a full queue gives up the oldest that wait, counted, and never what is under way', async () => {
  const front = await farEnd();
  front.inject(meet('slow', 1));
  const tracker = trackerTo(front, { maxQueued: 1_000, queue: { maxEvents: 100, maxWaitMs: 1 } });
  const first = trackMany(tracker, 100);
  await expect.poll(() => front.sightings.length, patience).toBe(100);
  const later = trackMany(tracker, 1_500);
  await tracker.flush();
  expect(takenBy(front)).toEqual([...first, ...later.slice(-1_000)]);
  expect(tracker.stats()).toMatchObject({
    accepted: 1_600,
    delivered: 1_100,
    dropped: { 'outbox-full': 500 },
    pending: 0,
  });
});

test('T14 after six hours without a far end its first hour arrives too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'track-outage-'));
  const hourMs = 3_600_000;
  const clock = createFakeClock();
  const delivered: string[] = [];
  const transport: Transport = {
    async send(entries) {
      if (clock.elapsed() < 6 * hourMs) return { kind: 'retry', reason: 'network' };
      delivered.push(
        ...entries.map(({ value }) => (JSON.parse(value) as { properties: { marker: string } }).properties.marker),
      );
      return { kind: 'delivered' };
    },
  };
  const outbox = sqliteOutbox(join(folder, 'outbox.db'), { now: clock.now });
  const tracker = trackerTo({ origin: 'http://far.example' }, { clock, transport, outbox });
  const tracked: string[] = [];
  for (let quarter = 0; quarter < 24; quarter++) {
    tracked.push(...trackMany(tracker, 10));
    await clock.advance(hourMs / 4);
  }
  await clock.advance(hourMs / 4);
  expect(delivered).toEqual(tracked);
  expect(tracker.stats()).toEqual({ accepted: 240, delivered: 240, ...nothingLost });
  await tracker.shutdown();
  rmSync(folder, { recursive: true });
});
