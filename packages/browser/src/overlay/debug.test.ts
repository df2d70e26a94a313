// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import 'fake-indexeddb/auto';
import { createIds, createMemoryOutbox, type TrackEvent, type Tracker } from '@org/track-core';
import { createFakeClock, createScriptedTransport, type FakeClock, type ScriptedAnswer } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BrowserTrackerOptions, createTracker } from '../create-browser-tracker.ts';
import { debug } from './debug.ts';
import { createJournal } from './journal.ts';
import { watchTracker } from './watch-tracker.ts';

let clock: FakeClock;
let lines: string[];
let running: Tracker[];

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  vi.spyOn(Date, 'now').mockImplementation(clock.now);
  lines = [];
  running = [];
});

afterEach(async () => {
  for (const tracker of running) {
    const ended = tracker.shutdown();
    await clock.advance(20_000);
    await ended;
  }
  vi.restoreAllMocks();
  document.cookie = 'jn=; Max-Age=-1; Path=/';
});

function open(options: Partial<BrowserTrackerOptions> = {}, script: readonly ScriptedAnswer[] = []): Tracker {
  const debugging = debug({ print: (line) => void lines.push(line) });
  const storage: object = { clock, now: clock.now, ids: createIds(clock), outbox: createMemoryOutbox() };
  const transport = createScriptedTransport(script);
  const tracker = createTracker({
    endpoint: '/api/j',
    consent: { initial: { analytics: true } },
    storage,
    ...options,
    plugins: [...(options.plugins ?? []), debugging],
    delivery: [() => transport, debugging.delivery],
  });
  running.push(tracker);
  return tracker;
}

/** Lets what the page waits for in real time happen. */
const settle = async (ms: number): Promise<void> => {
  await clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve, 5));
};

const drop = { name: 'picky', process: (event: TrackEvent) => (event.type === 'page' ? null : event) };

describe('one line tells the way of an event', () => {
  test.each<{
    why: string;
    options?: Partial<BrowserTrackerOptions>;
    script?: readonly ScriptedAnswer[];
    act: (tracker: Tracker) => unknown;
    expected: readonly string[];
  }>([
    {
      why: 'confirmed',
      act: (tracker) => tracker.track('Product Added'),
      expected: ['track "Product Added": captured > consent > queued > sent +2000 ms > confirmed +2000 ms'],
    },
    {
      why: 'refused by the person',
      act: (tracker) => tracker.track('Ad Seen', {}, { purpose: 'advertising' }),
      options: { consent: { initial: { advertising: false } } },
      expected: ['track "Ad Seen": captured > lost: consent'],
    },
    {
      why: 'waiting for the person, and then not',
      options: { consent: {} },
      act: async (tracker) => {
        tracker.identify('u1');
        await settle(1_000);
        tracker.consent.set({ analytics: true });
      },
      expected: [
        'identify "u1": captured > waits: consent',
        'identify "u1": captured > consent +1000 ms > queued +1000 ms > sent +3000 ms > confirmed +3000 ms',
      ],
    },
    {
      why: 'no event',
      act: (tracker) => tracker.track(''),
      expected: ['track: captured > lost: invalid'],
    },
    {
      why: 'dropped by a plugin before',
      options: { plugins: [drop] },
      act: (tracker) => tracker.page('Home'),
      expected: ['page "Home": captured > lost: picky'],
    },
    {
      why: 'dead',
      script: [{ kind: 'dead', reason: 'http-400' }],
      act: (tracker) => tracker.track('a'),
      expected: ['track "a": captured > consent > queued > sent +2000 ms > lost: http-400'],
    },
    {
      why: 'of a scope',
      act: (tracker) => tracker.with({ userId: 'u2' }).with({}).track('a'),
      expected: ['track "a": captured > consent > queued > sent +2000 ms > confirmed +2000 ms'],
    },
  ])('$why', async ({ options, script, act, expected }) => {
    const tracker = open(options, script);
    await act(tracker);
    await settle(0);
    await settle(2_500);
    expect(lines).toEqual(expected);
  });

  test('held up by the collector, told once, and its tries', async () => {
    const again = { kind: 'retry', reason: 'http-503' } as const;
    open({}, [again, again]).track('a');
    await settle(2_000);
    await settle(60_000);
    await settle(60_000);
    expect(lines[0]).toBe('track "a": captured > consent > queued > sent +2000 ms > waits: http-503');
    expect(lines[1]).toMatch(/sent \(3 tries\) \+2000 ms > confirmed/);
    expect(lines).toHaveLength(2);
  });

  test('with its event, on the console where nobody says otherwise', async () => {
    const printed = vi.spyOn(console, 'debug').mockImplementation(() => {});
    const debugging = debug();
    const storage: object = { clock, now: clock.now, ids: createIds(clock), outbox: createMemoryOutbox() };
    const transport = createScriptedTransport();
    const consent = { initial: { analytics: true } };
    running.push(
      createTracker({ endpoint: '/api/j', consent, storage, plugins: [debugging], delivery: [() => transport] }),
    );
    running[0]?.track('a', { price: 9 });
    await settle(2_500);
    // Without its part of the delivery it does not know when that was sent.
    expect(printed.mock.calls).toMatchObject([
      ['track "a": captured > consent > queued > confirmed +2000 ms', { event: 'a', properties: { price: 9 } }],
    ]);
  });
});

test('after its end the tracker is as it was, and nothing is told', async () => {
  const tracker = open();
  const debugging = debug({ print: (line) => void lines.push(line) });
  const before = tracker.track;
  const stop = debugging.setup?.(tracker);
  expect(tracker.track).not.toBe(before);
  stop?.();
  expect(tracker.track).toBe(before);
});

test('whoever wrapped the tracker since is left alone, and nothing more is noted', async () => {
  const tracker = open();
  const journal = createJournal();
  const watching = new AbortController();
  watchTracker(tracker, journal, watching.signal);
  const { track } = tracker;
  const theirs: typeof track = (...said) => track(...said);
  tracker.track = theirs;
  tracker.track('a');
  watching.abort();
  expect(tracker.track).toBe(theirs);
  tracker.track('b');
  await settle(2_500);
  expect(lines).toHaveLength(2);
  expect(journal.journeys()).toMatchObject([{ name: 'a' }]);
});
