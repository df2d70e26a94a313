import 'fake-indexeddb/auto';
import { createMemoryOutbox, definePlan, purposeOf, type TrackEvent, type Tracker } from '@org/track-core';
import {
  createFakeClock,
  createScriptedTransport,
  type FakeClock,
  type ScriptedTransport,
} from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createWorkerTracker, type WorkerParts, type WorkerTrackerOptions } from './create-worker-tracker.ts';
import type { Visitor } from './identity/read-visitor.ts';

const create = createWorkerTracker as (options: WorkerTrackerOptions, parts?: WorkerParts) => Tracker;

let clock: FakeClock;
let transport: ScriptedTransport;
let running: Tracker[];
let cookies: string[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  // As in a worker.
  for (const missing of ['document', 'window', 'localStorage', 'sessionStorage']) vi.stubGlobal(missing, undefined);
  cookies = [];
  vi.stubGlobal('cookieStore', { set: async (cookie: string) => void cookies.push(cookie) });
  clock = createFakeClock();
  transport = createScriptedTransport();
  running = [];
});

afterEach(async () => {
  for (const tracker of running) await tracker.shutdown();
  expect(cookies).toEqual([]);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function start(options: Partial<WorkerTrackerOptions> = {}, parts: WorkerParts = { outbox: createMemoryOutbox() }) {
  const tracker = create({ endpoint: '/api/j', ...options }, { clock, transport, ...parts });
  running.push(tracker);
  return tracker;
}

const agreed = { anonymousId: 'a1', consent: { initial: { analytics: true } } } as const;
const sent = (): TrackEvent[] => transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));

describe('an event of a worker', () => {
  test('is about whom it was handed, and of no page', async () => {
    const tracker = start({ ...agreed, userId: 'u1', sessionId: 's1', plugins: [] });
    tracker.track('Synced', { rows: 3 });
    await tracker.flush();
    expect(sent()).toEqual([
      {
        type: 'track',
        messageId: expect.any(String),
        timestamp: new Date(clock.now()).toJSON(),
        anonymousId: 'a1',
        userId: 'u1',
        event: 'Synced',
        properties: { rows: 3 },
        context: {
          library: { name: '@org/track-browser/worker', version: expect.any(String) },
          locale: navigator.language,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          session: { id: 's1' },
          consent: { categoryPreferences: { analytics: true }, gpc: false },
        },
      },
    ]);
  });

  test('of nobody is dropped, and counted, unless the call says who it is', async () => {
    const tracker = start({ consent: agreed.consent });
    tracker.track('Synced');
    tracker.track('Synced', {}, { userId: 'u1' });
    tracker.with({ anonymousId: 'a2' }).track('Synced');
    expect(await tracker.flush()).toMatchObject({ accepted: 3, delivered: 2, dropped: { 'no-identity': 1 } });
  });

  test('counts after a no that became a yes, in a worker as the guide has it', async () => {
    let tracker: Tracker | undefined;
    function hear(visitor: Visitor): void {
      if (tracker && visitor.consent) tracker.consent.set(visitor.consent.initial);
      else if (visitor.anonymousId) tracker = start(visitor);
    }
    const said = (analytics: boolean): Pick<Visitor, 'consent'> => ({
      consent: { initial: { analytics }, decidedAt: clock.now() },
    });
    hear({});
    // With a no the device forgets the ids.
    hear(said(false));
    hear({ anonymousId: 'a1', ...said(true) });
    tracker?.track('Synced');
    hear(said(false));
    tracker?.track('Refused');
    hear({ anonymousId: 'a1', ...said(true) });
    tracker?.track('Synced again');
    await tracker?.flush();
    expect(sent()).toMatchObject([
      { event: 'Synced again', anonymousId: 'a1', context: { consent: { decidedAt: expect.any(String) } } },
    ]);
    expect(tracker?.stats()).toMatchObject({ accepted: 3, dropped: { consent: 2 } });
  });

  test('has the purpose its plan gives it, and passes plugins', async () => {
    const plan = definePlan({ version: '1', events: { Synced: { purpose: 'functional' } } });
    const tracker = start({
      ...agreed,
      purposeOf: (event) => purposeOf(plan, event),
      plugins: [{ name: 'no', process: (event) => ('event' in event && event.event === 'Bad' ? null : event) }],
    });
    tracker.track('Synced');
    tracker.track('Bad');
    tracker.track('Good');
    await clock.advance(5_000);
    expect(tracker.stats()).toMatchObject({ delivered: 1, dropped: { no: 1 }, pending: 1 });
  });
});

describe('consent', () => {
  test('that nobody handed in: nothing is stored or sent until it comes by message', async () => {
    const opened = vi.spyOn(indexedDB, 'open');
    const tracker = start({ anonymousId: 'a1' }, {});
    tracker.track('Synced');
    await clock.advance(60_000);
    expect([opened.mock.calls, transport.sent]).toEqual([[], []]);
    tracker.consent.set({ analytics: true });
    await tracker.flush();
    expect(sent()).toMatchObject([{ event: 'Synced' }]);
    expect(opened).toHaveBeenCalledTimes(1);
  });

  test('that was handed in says when it was given', async () => {
    const tracker = start({ ...agreed, consent: { ...agreed.consent, decidedAt: 1_000 } });
    tracker.track('Synced');
    await tracker.flush();
    expect(sent()[0]?.context?.consent?.decidedAt).toBe(new Date(1_000).toJSON());
    expect(tracker.consent.get().decidedAt).toBe(1_000);
  });

  test('of an opt-out site is a yes until somebody says no', async () => {
    const tracker = start({ anonymousId: 'a1', consent: { model: 'opt-out' } });
    tracker.track('Synced');
    expect(await tracker.flush()).toMatchObject({ delivered: 1, dropped: {} });
    tracker.consent.set({ analytics: false });
    tracker.track('Synced');
    expect(await tracker.flush()).toMatchObject({ delivered: 1, dropped: { consent: 1 } });
  });

  test('a browser that objects for its person is heard', async () => {
    vi.stubGlobal('navigator', { globalPrivacyControl: true, language: 'et', locks: undefined });
    const tracker = start({ anonymousId: 'a1', consent: { initial: { analytics: true, advertising: true } } });
    tracker.track('Synced', {}, { purpose: 'advertising' });
    expect(await tracker.flush()).toMatchObject({ dropped: { consent: 1 } });
    expect(tracker.consent.get()).toMatchObject({ gpc: true, preferences: { advertising: false } });
  });
});

describe('what the worker before left', () => {
  /** A worker that ends with an event it could not send. */
  async function leaveOne(): Promise<void> {
    const lost = create({ endpoint: '/api/j', ...agreed }, { clock, transport: createScriptedTransport(['hang']) });
    expect(await lost.track('Left').durable).toBe(true);
    // Without Web Locks an entry is its owner's for a minute.
    clock.jump(61_000);
  }

  test('is sent by the next one', async () => {
    await leaveOne();
    const tracker = start(agreed, {});
    await expect.poll(() => tracker.stats().accepted).toBe(1);
    await tracker.flush();
    expect(sent()).toMatchObject([{ event: 'Left' }]);
  });

  test('waits for consent with the next one, also if that sends what needs none', async () => {
    await leaveOne();
    const tracker = start({ anonymousId: 'a1' }, {});
    tracker.track('Installed', {}, { purpose: 'necessary' });
    await expect.poll(() => tracker.stats().accepted).toBe(2);
    await clock.advance(60_000);
    expect(sent()).toMatchObject([{ event: 'Installed' }]);
    expect(tracker.stats()).toMatchObject({ dropped: {}, pending: 1 });
    tracker.consent.set({ analytics: true });
    await tracker.flush();
    expect(sent()[1]).toMatchObject({ event: 'Left' });
  });

  test.each([
    { why: 'another collector', options: { endpoint: '/api/other' } },
    { why: 'another source', options: { writeKey: 'other' } },
  ])('never goes to $why', async ({ options }) => {
    await leaveOne();
    const tracker = start({ ...agreed, ...options }, {});
    await tracker.track('Synced').durable;
    // What is found is found by now.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await tracker.flush()).toMatchObject({ accepted: 1 });
    expect(sent()).toMatchObject([{ event: 'Synced' }]);
  });
});

describe('where it sends', () => {
  test.each([
    { why: 'a path is the site’s', endpoint: '/api/j', expected: 'http://localhost:3999/api/j' },
    { why: 'a URL stays', endpoint: 'https://e.example.com/api/j', expected: 'https://e.example.com/api/j' },
  ])('$why', async ({ endpoint, expected }) => {
    const fetched = vi.fn(async () => Response.json({ success: true }));
    vi.stubGlobal('fetch', fetched);
    const tracker = create({ endpoint, ...agreed }, { outbox: createMemoryOutbox() });
    running.push(tracker);
    tracker.track('Synced');
    await tracker.flush();
    expect(fetched).toHaveBeenCalledWith(expected, expect.objectContaining({ method: 'POST', keepalive: true }));
  });

  test('online again, nothing waits for company, until the tracker is shut down', async () => {
    const listened = vi.spyOn(globalThis, 'addEventListener');
    const tracker = start({ ...agreed, queue: { maxWaitMs: 600_000 } });
    tracker.track('Synced');
    await clock.advance(60_000);
    expect(transport.sent).toHaveLength(0);
    dispatchEvent(new Event('online'));
    await clock.settle();
    expect(transport.sent).toHaveLength(1);
    expect(listened.mock.calls.map(([type]) => type)).toEqual(['online']);
    await tracker.shutdown();
    expect(listened.mock.calls[0]?.[2]).toMatchObject({ passive: true, signal: { aborted: true } });
  });
});
