// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import 'fake-indexeddb/auto';
import {
  type Clock,
  createIds,
  createMemoryOutbox,
  type Diagnostic,
  definePlan,
  deviceCookieName,
  type Outbox,
  purposeOf,
  type TrackEvent,
  type Tracker,
  type Transport,
} from '@org/track-core';
import {
  createFakeClock,
  createScriptedTransport,
  type FakeClock,
  type ScriptedTransport,
} from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pageViews } from './capture/page-views.ts';
import { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';
import { cookieDeviceStore } from './identity/cookie-device-store.ts';

/** The same, of other parts. */
function createPageTracker(
  options: BrowserTrackerOptions,
  { transport, clock, ...parts }: { readonly transport: Transport; readonly clock: Clock; readonly outbox?: Outbox },
): Tracker {
  const storage: object = { clock, now: clock.now, ids: createIds(clock), ...parts, ...options.storage };
  return createTracker({ ...options, delivery: [() => transport], storage });
}

let clock: FakeClock;
let transport: ScriptedTransport;
let diagnostics: Diagnostic[];
let running: { shutdown(): Promise<unknown> }[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  history.replaceState(null, '', '/page');
  clock = createFakeClock();
  transport = createScriptedTransport();
  diagnostics = [];
  running = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const tracker of running) await tracker.shutdown();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
});

function create(options: Partial<BrowserTrackerOptions> = {}): ReturnType<typeof createTracker> {
  const tracker = createPageTracker(
    { endpoint: '/api/j', onDiagnostic: (diagnostic) => diagnostics.push(diagnostic), ...options },
    { clock, transport, outbox: createMemoryOutbox() },
  );
  running.push(tracker);
  return tracker;
}

const optOut = { consent: { model: 'opt-out' } } as const;
const sent = (): TrackEvent[] => transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));
const sentEvents = (): unknown[] => sent().map((event) => ('event' in event ? event.event : event.type));

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

describe('consent', () => {
  test('undecided: events wait in memory; nothing is stored or sent', async () => {
    const begun = vi.spyOn(indexedDB, 'open');
    const tracker = createPageTracker({ endpoint: '/api/j' }, { clock, transport });
    running.push(tracker);
    tracker.identify('u1');
    tracker.track('Product Viewed');
    setHidden(true);
    await clock.advance(60_000);
    expect(begun).not.toHaveBeenCalled();
    expect(document.cookie).toBe('');
    expect(transport.sent).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 2, pending: 2 });
  });

  test('a yes lets what waited go, with the time and page of its moment', async () => {
    const tracker = create();
    tracker.track('Product Viewed');
    const at = new Date(clock.now()).toISOString();
    await clock.advance(5_000);
    history.replaceState(null, '', '/later');
    tracker.consent.set({ analytics: true });
    await tracker.flush();
    expect(sent()).toMatchObject([{ event: 'Product Viewed', timestamp: at, context: { page: { path: '/page' } } }]);
  });

  test('a yes opens the database at once: the next event may be the last of its page', async () => {
    const tracker = createPageTracker({ endpoint: '/api/j' }, { clock, transport });
    running.push(tracker);
    expect(await indexedDB.databases()).toEqual([]);
    tracker.consent.set({ analytics: true });
    await expect.poll(async () => (await indexedDB.databases()).length).toBe(1);
    expect(tracker.stats().accepted).toBe(0);
  });

  test('a no drops it, and keeps nothing but the no', async () => {
    const tracker = create();
    tracker.track('Product Viewed');
    tracker.consent.set({ analytics: false });
    await tracker.flush();
    expect(transport.sent).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 1, dropped: { consent: 1 }, pending: 0 });
    expect(cookieDeviceStore.load()).toEqual({ consent: [{ analytics: false }, clock.now()] });
  });

  test('the next page remembers the decision and the person', async () => {
    const first = create();
    first.consent.set({ analytics: true });
    first.identify('u1');
    await first.shutdown();
    const second = create();
    second.track('Product Viewed');
    await second.flush();
    const [identify, viewed] = sent();
    expect(viewed).toMatchObject({ userId: 'u1', anonymousId: identify?.anonymousId });
    expect(viewed?.context?.session?.id).toBe(identify?.context?.session?.id);
    expect(second.consent.get().decidedAt).toBe(first.consent.get().decidedAt);
  });

  test('what this device remembers beats what the host says', () => {
    create().consent.set({ analytics: false });
    expect(create({ consent: { initial: { analytics: true } } }).consent.allows('analytics')).toBe(false);
  });

  test('withdrawal forgets the ids and drops what waits', async () => {
    transport = createScriptedTransport(['hang']);
    const tracker = create(optOut);
    tracker.track('Product Viewed');
    expect(document.cookie).toMatch(/[0-9a-f-]{36}/);
    tracker.consent.set({ analytics: false });
    await clock.advance(60_000);
    expect(document.cookie).not.toMatch(/[0-9a-f-]{36}/);
    expect(transport.sent).toEqual([]);
  });

  test('Global Privacy Control denies advertising whatever the page says', async () => {
    vi.stubGlobal('navigator', Object.create(navigator, { globalPrivacyControl: { value: true } }));
    const tracker = create({ consent: { initial: { advertising: true, analytics: true } } });
    tracker.track('Product Viewed');
    tracker.track('Ad Seen', {}, { purpose: 'advertising' });
    await tracker.flush();
    expect(sentEvents()).toEqual(['Product Viewed']);
    expect(sent()[0]?.context?.consent).toMatchObject({ gpc: true });
  });
});

describe('events', () => {
  test('carry page, session, locale, time zone and library', async () => {
    const tracker = create(optOut);
    tracker.track('Product Viewed', { product_id: 'p1' });
    await tracker.flush();
    expect(sent()[0]).toMatchObject({
      type: 'track',
      properties: { product_id: 'p1' },
      context: {
        page: { url: 'http://localhost:3999/page', path: '/page' },
        session: { isNew: true },
        locale: navigator.language,
        timezone: expect.any(String),
        library: { name: '@org/track-browser', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      },
    });
  });

  test('need what the plan says they need', async () => {
    const plan = definePlan({ version: '1', events: { 'Order Completed': { purpose: 'necessary' } } });
    const tracker = create({ purposeOf: (event) => purposeOf(plan, event) });
    tracker.track('Order Completed');
    tracker.track('Product Viewed');
    await tracker.flush();
    expect(sentEvents()).toEqual(['Order Completed']);
  });

  test('pass the plugins in their order, and capture plugins hear the tracker', async () => {
    const add = (letter: string) => ({
      name: letter,
      process: (event: TrackEvent) => ({
        ...event,
        integrations: { order: `${event.integrations?.order ?? ''}${letter}` },
      }),
    });
    const capture = [
      { name: 'hello', setup: (tracker: { track(event: string): unknown }) => () => tracker.track('Hello') },
    ];
    const tracker = create({ ...optOut, capture, plugins: [add('a'), add('b')] });
    tracker.track('Product Viewed');
    await tracker.flush();
    expect(sent()[0]?.integrations).toEqual({ order: 'ab' });
  });
});

describe('the page’s life', () => {
  test('what waits leaves when the page is hidden', async () => {
    const tracker = create(optOut);
    tracker.track('Product Viewed');
    setHidden(true);
    expect(transport.sent).toMatchObject([{ options: { exit: true } }]);
  });

  test('a view that has not settled leaves with it', () => {
    create({ ...optOut, capture: [pageViews()] });
    dispatchEvent(new Event('pagehide'));
    expect(sentEvents()).toEqual(['page']);
  });

  test('what waits leaves when the page is online again', () => {
    const tracker = create(optOut);
    tracker.track('Product Viewed');
    dispatchEvent(new Event('online'));
    expect(transport.sent).toHaveLength(1);
  });

  test('after shutdown no listener is left, and no timer for long', async () => {
    const listeners = new Set<string>();
    const registered: [EventTarget, string, AbortSignal | undefined][] = [];
    for (const target of [window, document]) {
      const add = target.addEventListener.bind(target) as EventTarget['addEventListener'];
      vi.spyOn(target, 'addEventListener').mockImplementation(((type: string, listener: never, options: never) => {
        registered.push([target, type, (options as AddEventListenerOptions | undefined)?.signal]);
        add(type, listener, options);
      }) as never);
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const tracker = create({ ...optOut, capture: [pageViews()] });
    expect(registered.length).toBeGreaterThan(5);
    tracker.track('Product Viewed');
    await tracker.shutdown();
    for (const [, type, signal] of registered) if (!signal?.aborted) listeners.add(type);
    expect([...listeners]).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect([clock.timers, vi.getTimerCount()]).toEqual([0, 0]);
    tracker.track('Too Late');
    expect(tracker.stats()).toMatchObject({ accepted: 2, delivered: 1, dropped: { shutdown: 1 }, pending: 0 });
  });
});

describe('a guest', () => {
  test('throws nothing into the page and writes nothing to its console, whatever fails', async () => {
    const consoles = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) => vi.spyOn(console, level));
    vi.stubGlobal('indexedDB', undefined);
    const broken: Transport = {
      async send() {
        throw new Error('broken');
      },
    };
    const plugin = {
      name: 'broken',
      setup() {
        throw new Error('broken');
      },
      process() {
        throw new Error('broken');
      },
    };
    const tracker = createPageTracker(
      {
        endpoint: '/api/j',
        plugins: [plugin],
        ...optOut,
        onDiagnostic({ code, detail }) {
          diagnostics.push({ code, detail });
          throw new Error('broken');
        },
      },
      { clock, transport: broken },
    );
    const circular: Record<string, unknown> = { size: 1n, act() {} };
    circular.self = circular;
    tracker.track('Product Viewed', circular as never);
    tracker.track(undefined as never);
    await clock.advance(10_000);
    const { accepted, dropped, pending } = tracker.stats();
    expect({ accepted, dropped, pending }).toEqual({ accepted: 2, dropped: { invalid: 1 }, pending: 1 });
    expect(new Set(diagnostics.map(({ code }) => code))).toEqual(
      new Set(['plugin-failed', 'no-storage', 'send-failed', 'invalid']),
    );
    const closing = tracker.shutdown({ deadlineMs: 10 });
    await clock.advance(10);
    await closing;
    for (const spy of consoles) expect(spy).not.toHaveBeenCalled();
  });

  test('leaves what it did not make alone', async () => {
    document.cookie = 'theirs=1; Path=/';
    localStorage.setItem('theirs', '1');
    const tracker = create(optOut);
    tracker.track('Product Viewed');
    tracker.reset();
    await tracker.shutdown();
    expect(document.cookie).toContain('theirs=1');
    expect(localStorage.getItem('theirs')).toBe('1');
    document.cookie = 'theirs=; Max-Age=-1; Path=/';
    localStorage.clear();
  });
});

test('by default it talks to the endpoint, and an acknowledged event is off the disk', async () => {
  const bodies: unknown[] = [];
  const server = setupServer(
    http.post('http://localhost:3999/api/j', async ({ request }) => {
      bodies.push({ type: request.headers.get('content-type'), ...JSON.parse(await request.text()) });
      return HttpResponse.json({ success: true });
    }),
  );
  server.listen({ onUnhandledFrame: 'error' });
  const tracker = createTracker({ endpoint: '/api/j', writeKey: 'shop', ...optOut });
  running.push(tracker);
  const receipt = tracker.track('Product Viewed');
  expect(await receipt.durable).toBe(true);
  await tracker.flush();
  expect(await receipt.delivered).toEqual({ kind: 'delivered' });
  expect(bodies).toMatchObject([
    { type: expect.stringMatching(/^text\/plain/), writeKey: 'shop', batch: [{ messageId: receipt.messageId }] },
  ]);
  await tracker.shutdown();
  const left = await new Promise((resolve) => {
    const opening = indexedDB.open('jn:/api/j:shop');
    opening.onsuccess = () => {
      const counting = opening.result.transaction('e').objectStore('e').count();
      counting.onsuccess = () => resolve(counting.result);
    };
  });
  expect(left).toBe(0);
  server.close();
});

test.each([
  { why: 'no JSON', cookie: '%7B' },
  { why: 'no escape', cookie: '%' },
  { why: 'null', cookie: 'null' },
  { why: 'a decision without answers', cookie: JSON.stringify({ consent: [null, 1] }) },
  { why: 'answers that are none', cookie: JSON.stringify({ consent: ['yes', 'x'] }) },
  { why: 'a decision of another kind', cookie: JSON.stringify({ consent: 7 }) },
  {
    why: 'ids of other kinds',
    cookie: JSON.stringify({ consent: [{ analytics: true }, 1], anonymousId: 5, userId: {}, session: 7 }),
  },
  { why: 'times that are none', cookie: JSON.stringify({ anonymousId: [], session: ['x', null, 'y'] }) },
  { why: 'a visit without an id', cookie: JSON.stringify({ session: [null, 1, 1] }) },
  { why: 'nothing in any place', cookie: JSON.stringify({ consent: null, anonymousId: null, session: null }) },
])('a cookie somebody else wrote costs no exception and no event: $why', async ({ cookie }) => {
  const text = cookie.startsWith('%') ? cookie : encodeURIComponent(cookie);
  document.cookie = `${deviceCookieName}=1${text}; Path=/`;
  const tracker = createPageTracker({ endpoint: '/api/j', consent: { model: 'opt-out' } }, { clock, transport });
  running.push(tracker);
  expect(await tracker.track('Product Viewed').queued).toBe(true);
  tracker.consent.set({ analytics: true });
  tracker.reset();
  expect(await tracker.track('Product Added').queued).toBe(true);
  expect(tracker.stats()).toMatchObject({ accepted: 2, dropped: {} });
});
