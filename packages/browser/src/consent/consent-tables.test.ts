// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import 'fake-indexeddb/auto';
import {
  type ConsentCategory,
  type ConsentPreferences,
  createIds,
  deviceCookieName,
  type TrackEvent,
  type Tracker,
} from '@org/track-core';
import {
  createFakeClock,
  createScriptedTransport,
  type FakeClock,
  type ScriptedTransport,
} from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { attribution } from '../attribution/attribution.ts';
import { type BrowserTrackerOptions, createTracker } from '../create-browser-tracker.ts';
import { cookieDeviceStore } from '../identity/cookie-device-store.ts';

let clock: FakeClock;
let transport: ScriptedTransport;
let running: Tracker[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  history.replaceState(null, '', '/landing?gclid=click1&utm_source=mail');
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  transport = createScriptedTransport();
  running = [];
});

afterEach(async () => {
  for (const tracker of running) {
    const ended = tracker.shutdown();
    await clock.advance(20_000);
    await ended;
  }
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  localStorage.clear();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

function open(options: Partial<BrowserTrackerOptions> & { readonly gpc?: boolean } = {}): Tracker {
  const { gpc = false, ...rest } = options;
  vi.stubGlobal('navigator', Object.create(navigator, { globalPrivacyControl: { value: gpc } }));
  const storage: object = { clock, now: clock.now, ids: createIds(clock) };
  const tracker = createTracker({
    endpoint: '/api/j',
    delivery: [() => transport],
    plugins: [attribution()],
    storage,
    ...rest,
  });
  running.push(tracker);
  return tracker;
}

const sent = (): readonly TrackEvent[] =>
  transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));
const purposes = (): readonly unknown[] =>
  transport.sent.flatMap(({ entries }) => entries.map(({ purpose }) => purpose));

/** One event for each purpose. */
function trackAll(tracker: Tracker): void {
  for (const purpose of ['necessary', 'functional', 'analytics', 'advertising'] as const) {
    tracker.track('Order Completed', {}, { purpose });
  }
}

/** What a person finds on the device: is the decision there, and are ids? */
async function found(): Promise<{ readonly decision: boolean; readonly ids: boolean; readonly elsewhere: boolean }> {
  const { consent, anonymousId, session } = cookieDeviceStore.load() ?? {};
  const databases = await indexedDB.databases();
  return {
    decision: !!consent,
    ids: !!(anonymousId || session),
    elsewhere: !!(databases[0] || Object.keys(localStorage)[0]),
  };
}

const optIn = {} as const;
const optOut = { consent: { model: 'opt-out' } } as const;
const all = { functional: true, analytics: true, advertising: true };

describe('what is recorded, stored and said, by region, answer and signal', () => {
  test.each<{
    why: string;
    options: Partial<BrowserTrackerOptions>;
    said?: ConsentPreferences;
    gpc?: boolean;
    recorded: readonly ConsentCategory[];
    stored: Awaited<ReturnType<typeof found>>;
  }>([
    {
      why: 'opt-in, nobody was asked: nothing is stored',
      options: { ...optIn, purposeOf: () => 'analytics' },
      recorded: [],
      stored: { decision: false, ids: false, elsewhere: false },
    },
    {
      why: 'opt-in, all accepted, under Global Privacy Control: no advertising',
      options: optIn,
      said: all,
      gpc: true,
      recorded: ['functional', 'analytics'],
      stored: { decision: true, ids: true, elsewhere: true },
    },
    {
      why: 'opt-in, analytics only',
      options: optIn,
      said: { functional: false, analytics: true, advertising: false },
      recorded: ['analytics'],
      stored: { decision: true, ids: true, elsewhere: true },
    },
    {
      why: 'opt-in, all refused: only the answer is stored',
      options: optIn,
      said: { functional: false, analytics: false, advertising: false },
      recorded: [],
      stored: { decision: true, ids: false, elsewhere: false },
    },
    {
      why: 'opt-out, nobody objected: all',
      options: optOut,
      recorded: ['functional', 'analytics', 'advertising'],
      stored: { decision: false, ids: true, elsewhere: true },
    },
    {
      why: 'opt-out, the signal objects to advertising',
      options: optOut,
      gpc: true,
      recorded: ['functional', 'analytics'],
      stored: { decision: false, ids: true, elsewhere: true },
    },
    {
      why: 'opt-out, a yes after the signal does not lift it',
      options: optOut,
      said: all,
      gpc: true,
      recorded: ['functional', 'analytics'],
      stored: { decision: true, ids: true, elsewhere: true },
    },
    {
      why: 'opt-out, an objection to analytics: no ids stay',
      options: optOut,
      said: { analytics: false, functional: false, advertising: false },
      recorded: [],
      stored: { decision: true, ids: false, elsewhere: false },
    },
  ])('$why', async ({ options, said, gpc = false, recorded, stored }) => {
    const tracker = open({ ...options, gpc });
    if (said) tracker.consent.set(said);
    for (const purpose of ['functional', 'analytics', 'advertising'] as const) tracker.track('Seen', {}, { purpose });
    await clock.advance(10_000);
    expect(purposes()).toEqual(recorded);
    await expect.poll(async () => (await found()).elsewhere).toBe(stored.elsewhere);
    expect(await found()).toEqual(stored);
    // For the page's banner: the signal is shown as honoured.
    expect(tracker.consent.get().gpc).toBe(gpc);
    for (const { context } of sent()) {
      expect(context?.consent).toMatchObject({ gpc, ...(said && { decidedAt: '2026-01-01T00:00:00.000Z' }) });
      if (gpc) expect(context?.consent?.categoryPreferences.advertising).toBe(false);
      expect(context?.consent).toHaveProperty('categoryPreferences');
      if (!said) expect(context?.consent?.decidedAt).toBeUndefined();
    }
  });

  test.each([
    { why: 'opt-in', options: optIn, said: { analytics: true } },
    { why: 'opt-out', options: optOut, said: undefined },
  ])(
    'withdrawn while events wait ($why): they are dropped before they are sent, and off the device',
    async ({ options, said }) => {
      transport = createScriptedTransport([{ kind: 'retry', reason: 'network' }]);
      const tracker = open(options);
      if (said) tracker.consent.set(said);
      tracker.track('Seen');
      tracker.track('Kept', {}, { purpose: 'necessary' });
      await clock.advance(2_000);
      expect(purposes()).toEqual(['analytics', 'necessary']);
      tracker.consent.set({ analytics: false });
      await clock.advance(60_000);
      expect(purposes()).toEqual(['analytics', 'necessary', 'necessary']);
      expect(tracker.stats()).toMatchObject({ dropped: { consent: 1 }, delivered: 1, pending: 0 });
      expect(await found()).toMatchObject({ decision: true, ids: false });
      expect(Object.keys(localStorage)).toEqual([]);
    },
  );
});

describe('what leaves the page for one order, by answer', () => {
  test.each<{ why: string; said: ConsentPreferences; leaves: readonly ConsentCategory[]; clickIds: boolean }>([
    {
      why: 'analytics and advertising: all, with click ids',
      said: { analytics: true, advertising: true },
      leaves: ['necessary', 'analytics', 'advertising'],
      clickIds: true,
    },
    {
      why: 'analytics only: no click ids',
      said: { analytics: true, advertising: false },
      leaves: ['necessary', 'analytics'],
      clickIds: false,
    },
    {
      why: 'advertising only: what advertising is for, and nothing measured',
      said: { analytics: false, advertising: true },
      leaves: ['necessary', 'advertising'],
      clickIds: true,
    },
    {
      why: 'none: only what is necessary, without click ids',
      said: { analytics: false, advertising: false },
      leaves: ['necessary'],
      clickIds: false,
    },
  ])('$why', async ({ said, leaves, clickIds }) => {
    const tracker = open();
    tracker.consent.set({ functional: false, ...said });
    trackAll(tracker);
    await clock.advance(10_000);
    expect(purposes()).toEqual(leaves);
    for (const event of sent()) {
      expect(JSON.stringify(event).includes('click1')).toBe(clickIds);
      expect(JSON.stringify(event)).toContain('utm_source');
      expect(event.context?.consent?.categoryPreferences).toMatchObject(said);
    }
  });
});

describe('while nobody has decided', () => {
  test('what happened is kept as it happened: time, page and visit; in its order', async () => {
    const tracker = open({ plugins: [] });
    tracker.track('First');
    await clock.advance(60_000);
    history.replaceState(null, '', '/second');
    tracker.track('Second');
    await clock.advance(60_000);
    history.replaceState(null, '', '/third');
    expect(await found()).toEqual({ decision: false, ids: false, elsewhere: false });
    tracker.consent.set({ analytics: true });
    await clock.advance(10_000);
    expect(sent()).toMatchObject([
      { event: 'First', timestamp: '2026-01-01T00:00:00.000Z', context: { page: { path: '/landing' } } },
      { event: 'Second', timestamp: '2026-01-01T00:01:00.000Z', context: { page: { path: '/second' } } },
    ]);
    expect(new Set(sent().map(({ context }) => context?.session?.id)).size).toBe(1);
    for (const { context } of sent()) expect(context?.consent?.decidedAt).toBe('2026-01-01T00:02:00.000Z');
    expect(cookieDeviceStore.load()?.anonymousId).toBe(sent()[0]?.anonymousId);
  });

  test('200 wait at most, the oldest give way, and all of them are in the books', async () => {
    const tracker = open({ plugins: [] });
    for (let number = 1; number <= 203; number++) tracker.track(`e${number}`);
    expect(tracker.stats()).toMatchObject({ accepted: 203, pending: 200, dropped: { 'outbox-full': 3 } });
    tracker.consent.set({ analytics: true });
    await clock.advance(10_000);
    expect(sent().map((event) => 'event' in event && event.event)).toEqual(
      Array.from({ length: 200 }, (_, index) => `e${index + 4}`),
    );
  });

  test('a no discards what waited, and a later yes does not bring it back', async () => {
    const tracker = open({ plugins: [] });
    tracker.track('Before');
    tracker.consent.set({ analytics: false });
    tracker.consent.set({ analytics: true });
    tracker.track('After');
    await clock.advance(10_000);
    expect(sent()).toMatchObject([{ event: 'After' }]);
    expect(tracker.stats()).toMatchObject({ dropped: { consent: 1 }, delivered: 1 });
  });
});

describe('a decision of an earlier visit', () => {
  test.each<{ why: string; said: ConsentPreferences; options: Partial<BrowserTrackerOptions>; recorded: unknown }>([
    { why: 'a no holds where undecided is a yes', said: { analytics: false }, options: optOut, recorded: [] },
    {
      why: 'a no holds whatever the host says',
      said: { analytics: false },
      options: { consent: { initial: all } },
      recorded: [],
    },
    { why: 'a yes holds', said: { analytics: true }, options: optIn, recorded: ['analytics'] },
  ])('$why', async ({ said, options, recorded }) => {
    open(options).consent.set(said);
    const tracker = open(options);
    tracker.track('Seen');
    await clock.advance(10_000);
    expect(purposes()).toEqual(recorded);
  });
});
