// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import {
  createIds,
  createMemoryOutbox,
  deviceCookieName,
  type Entry,
  type Outbox,
  type SendOptions,
  type SendOutcome,
  type Tracker,
  type Transport,
} from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BrowserTrackerOptions, createTracker } from '../create-browser-tracker.ts';
import type { CarryFirst, DeliveryPart } from './delivery-part.ts';
import { type DeliveryState, type DeliveryStatePart, deliveryState } from './delivery-state.ts';

let clock: FakeClock;
let answer: Transport['send']; // what the wire says from now on
let sends: { readonly ids: readonly string[]; readonly options: SendOptions }[];
let part: DeliveryStatePart;
let states: DeliveryState[]; // as told

const wire: Transport = {
  send(entries, options) {
    sends.push({ ids: entries.map(({ id }) => id), options });
    return answer(entries, options);
  },
};

const says =
  (outcome: SendOutcome): Transport['send'] =>
  async () =>
    outcome;
const delivered = says({ kind: 'delivered' });
/** Nothing answers, and it takes so long to know. */
const silent =
  (afterMs = 5): Transport['send'] =>
  () =>
    new Promise((_, reject) => clock.after(afterMs, () => reject(new TypeError('Failed to fetch'))));

/** Stands in for the browser's: what is loaded is told to those that observe, or kept for those that ask. */
class Observer {
  static observing: Observer[] = [];
  #kept: PerformanceEntry[] = [];
  readonly #callback: PerformanceObserverCallback;

  constructor(callback: PerformanceObserverCallback) {
    this.#callback = callback;
  }
  observe(): void {
    Observer.observing.push(this);
  }
  disconnect(): void {
    Observer.observing = Observer.observing.filter((other) => other !== this);
  }
  takeRecords(): PerformanceEntry[] {
    return this.#kept.splice(0);
  }
  keep(entry: PerformanceEntry): void {
    this.#kept.push(entry);
  }
  tell(): void {
    const entries = this.takeRecords();
    this.#callback({ getEntries: () => entries } as PerformanceObserverEntryList, this as never);
  }
}

const logo = { name: `${location.origin}/logo.svg`, responseStatus: 200, transferSize: 300 };

/** The page has loaded something else. */
function load(entry: Partial<PerformanceResourceTiming> = logo): void {
  for (const observer of Observer.observing) observer.keep(entry as PerformanceResourceTiming);
}

function setOnline(isOnline: boolean): void {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(isOnline);
}

beforeEach(() => {
  clock = createFakeClock();
  sends = [];
  states = [];
  part = deliveryState({ onChange: (state) => states.push(state) });
  answer = delivered;
  Observer.observing = [];
  vi.stubGlobal('PerformanceObserver', Observer);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('what it tells', () => {
  const { signal } = new AbortController();
  let transport: Transport;
  let outboxes: Outbox[];

  function start(endpoint = '/api/j'): void {
    const outbox = createMemoryOutbox();
    outboxes.push(outbox);
    const page = { endpoint, writeKey: 'shop', clock, outbox, allow: () => true };
    transport = (part as DeliveryPart as CarryFirst)(wire, page);
    outbox.open({ onDropped() {}, onArrived() {} });
  }

  beforeEach(() => {
    outboxes = [];
    start();
  });

  afterEach(() => {
    for (const outbox of outboxes) void outbox.close();
  });

  /** Sends one batch, and tells how that ended. */
  async function send(options: Partial<SendOptions> = {}): Promise<SendOutcome | 'rejected'> {
    const sent = transport
      .send([anEntry()], { attempt: 0, exit: false, signal, ...options })
      .catch(() => 'rejected' as const);
    await clock.advance(200);
    return sent;
  }

  test.each<{ why: string; outcome: SendOutcome; state: DeliveryState | undefined }>([
    { why: 'the batch was taken', outcome: { kind: 'delivered' }, state: 'ok' },
    {
      why: 'it was taken, save one event',
      outcome: { kind: 'delivered', verdicts: new Map([['x', { kind: 'dead', reason: 'invalid' }]]) },
      state: 'ok',
    },
    { why: 'the collector asks for patience', outcome: { kind: 'retry', reason: 'http-429' }, state: 'throttled' },
    { why: 'it is in trouble', outcome: { kind: 'retry', reason: 'http-503', retryAfterMs: 9 }, state: 'down' },
    { why: 'nobody is at the address', outcome: { kind: 'retry', reason: 'http-404' }, state: 'down' },
    { why: 'a hotel’s log-in page', outcome: { kind: 'retry', reason: 'http-200' }, state: 'down' },
    { why: 'no such method there', outcome: { kind: 'dead', reason: 'http-405' }, state: 'down' },
    { why: 'the write key is unknown', outcome: { kind: 'dead', reason: 'http-401' }, state: 'unauthorized' },
    { why: 'this site may not write', outcome: { kind: 'dead', reason: 'http-403' }, state: 'unauthorized' },
    { why: 'too much at once says nothing', outcome: { kind: 'dead', reason: 'too-large' }, state: undefined },
    { why: 'nor does a beacon', outcome: { kind: 'unconfirmed' }, state: undefined },
    { why: 'another part found no answer', outcome: { kind: 'retry', reason: 'network' }, state: 'down' },
  ])('$why: $state, and the queue hears it as it was said', async ({ outcome, state }) => {
    answer = says(outcome);
    expect(part.state).toBeUndefined();
    expect(await send()).toEqual(outcome);
    expect(part.state).toBe(state);
    expect(states).toEqual(state === undefined ? [] : [state]);
  });

  test('silence is a rejection still: the queue decides what that means', async () => {
    answer = silent();
    expect(await send()).toBe('rejected');
  });

  test('a change is told once, and can be read by then; a listener that throws costs nothing', async () => {
    const told: (DeliveryState | undefined)[] = [];
    part = deliveryState({
      onChange() {
        told.push(part.state);
        throw new Error('host');
      },
    });
    start();
    answer = says({ kind: 'retry', reason: 'http-503' });
    await send();
    await send();
    answer = delivered;
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(told).toEqual(['down', 'ok']);
  });

  test.each<{
    why: string;
    afterMs?: readonly number[];
    isOnline?: readonly boolean[];
    options?: Partial<SendOptions>;
    loaded?: Partial<PerformanceResourceTiming>;
    state: DeliveryState;
  }>([
    { why: 'the site answers others, and ours is refused at once, twice', loaded: logo, state: 'blocked' },
    { why: 'once is no pattern', afterMs: [5], loaded: logo, state: 'down' },
    { why: 'the site was asked for nothing else', state: 'down' },
    { why: 'it took longer than a blocker does', afterMs: [5, 100], loaded: logo, state: 'down' },
    { why: 'the first took longer', afterMs: [100, 5], loaded: logo, state: 'down' },
    { why: 'one in between took longer', afterMs: [5, 100, 5], loaded: logo, state: 'down' },
    { why: 'the browser says that it is offline', isOnline: [false, false], loaded: logo, state: 'offline' },
    { why: 'it said so in between', afterMs: [5, 5, 5], isOnline: [true, false, true], loaded: logo, state: 'down' },
    { why: 'the site has trouble too', loaded: { ...logo, responseStatus: 500 }, state: 'down' },
    { why: 'a cache answers without a network', loaded: { ...logo, transferSize: 0 }, state: 'down' },
    { why: 'another site answered', loaded: { ...logo, name: 'https://cdn.example/logo.svg' }, state: 'down' },
    { why: 'so did another port', loaded: { ...logo, name: `${location.origin}0/logo.svg` }, state: 'down' },
    { why: 'the browser tells no statuses', loaded: { name: logo.name, transferSize: 300 }, state: 'down' },
    {
      why: 'a full budget for keepalive refuses at once, too, at the page’s end',
      options: { exit: true },
      loaded: logo,
      state: 'down',
    },
  ])('$why: $state', async ({ afterMs = [5, 5], isOnline = [], options, loaded, state }) => {
    for (const [index, ms] of afterMs.entries()) {
      setOnline(isOnline[index] ?? true);
      answer = silent(ms);
      await send(options);
      if (loaded) load(loaded);
    }
    expect(part.state).toBe(state);
  });

  test('what the site answered is no less true when the browser tells it before anybody asks', async () => {
    answer = silent();
    await send();
    load();
    for (const observer of Observer.observing) observer.tell();
    await send();
    expect(part.state).toBe('blocked');
  });

  test('what the site answered before the first silence does not count', async () => {
    load();
    answer = silent();
    await send();
    await send();
    expect(part.state).toBe('down');
  });

  test.each<{ why: string; now: () => void; state: DeliveryState }>([
    { why: 'it is offline by now', now: () => setOnline(false), state: 'offline' },
    { why: 'it takes long by now, as on a busy page', now: () => (answer = silent(100)), state: 'blocked' },
    { why: 'the site answers nothing else either', now: () => {}, state: 'blocked' },
    { why: 'it answers', now: () => (answer = delivered), state: 'ok' },
  ])('after a suspicion $why: $state', async ({ now, state }) => {
    answer = silent();
    await send();
    load();
    await send();
    expect(part.state).toBe('blocked');
    now();
    await send();
    expect(part.state).toBe(state);
  });

  test('it observes from the first silence until it knows, hears an answer, or the tracker ends', async () => {
    await send();
    expect(Observer.observing).toHaveLength(0);
    for (const end of [() => (answer = delivered), load]) {
      answer = silent();
      await send();
      await send();
      expect(Observer.observing).toHaveLength(1);
      end();
      await send();
      expect(Observer.observing).toHaveLength(0);
    }
    answer = delivered;
    await send();
    answer = silent();
    await send();
    void outboxes[0]?.close();
    expect(Observer.observing).toHaveLength(0);
  });

  test('what was seen before an answer does not count after it', async () => {
    answer = silent();
    await send();
    load();
    await send();
    answer = delivered;
    await send();
    answer = silent();
    await send();
    await send();
    expect(states).toEqual(['down', 'blocked', 'ok', 'down']);
  });

  test.each([
    { why: 'there is none', observer: undefined },
    {
      why: 'it observes no resources',
      observer: class {
        observe(): void {
          throw new TypeError('unsupported');
        }
      },
    },
  ])('without Resource Timing nobody is suspected, and nothing breaks: $why', async ({ observer }) => {
    vi.stubGlobal('PerformanceObserver', observer);
    answer = silent();
    await send();
    await send();
    expect(states).toEqual(['down']);
  });

  describe('an endpoint of another origin', () => {
    const endpoint = 'https://events.example/api/j';
    let unread: () => Promise<unknown>; // what becomes of requests whose answer nobody may read
    let requests: [url: string, init: RequestInit][];

    beforeEach(() => {
      requests = [];
      unread = async () => ({ type: 'opaque', status: 0 });
      vi.stubGlobal('fetch', (...request: [string, RequestInit]) => {
        requests.push(request);
        return unread();
      });
      start(endpoint);
    });

    test('something answers and we may not read it: cors; the batch is kept', async () => {
      answer = silent();
      await send();
      expect(part.state).toBe('down');
      expect(await send()).toEqual({ kind: 'retry', reason: 'config' });
      expect(part.state).toBe('cors');
      expect(sends).toHaveLength(1);
      const [[url, init] = ['', {}]] = requests;
      expect(url).toBe(endpoint);
      expect(init).toMatchObject({ method: 'POST', mode: 'no-cors', signal });
      expect(init.headers).toBeUndefined();
      expect(JSON.parse(String(init.body))).toMatchObject({ writeKey: 'shop', batch: [{ type: 'track' }] });
    });

    test.each<{ why: string; loaded?: Partial<PerformanceResourceTiming>; state: DeliveryState }>([
      { why: 'at once, while the site answers others', loaded: logo, state: 'blocked' },
      { why: 'and nothing else is known', state: 'down' },
    ])('nothing answers, $why: $state', async ({ loaded, state }) => {
      answer = silent();
      unread = answer as unknown as typeof unread;
      await send();
      if (loaded) load(loaded);
      expect(await send()).toBe('rejected');
      expect(requests).toHaveLength(1);
      expect(part.state).toBe(state);
    });

    test('once cors, silence says no more; an answer does', async () => {
      answer = silent(150);
      await send();
      await send();
      await send();
      expect(states).toEqual(['down', 'cors']);
      expect(requests).toHaveLength(1);
      answer = delivered;
      await send();
      expect(part.state).toBe('ok');
    });

    test.each<{ why: string; before?: () => Promise<unknown>; options?: Partial<SendOptions>; at?: string }>([
      { why: 'it was read before, so it may be', before: () => send() },
      { why: 'the page may be about to end', options: { exit: true } },
      { why: 'it is of the page’s origin, written in full', at: `${location.origin}/api/j` },
    ])('no request is made that cannot be read: $why', async ({ before, options = {}, at = endpoint }) => {
      start(at);
      await before?.();
      answer = silent();
      for (let times = 0; times < 3; times++) await send(options);
      expect(requests).toEqual([]);
      expect(part.state).toBe('down');
    });

    test('where a path is of no place, that is silence: three tries and no more', async () => {
      vi.spyOn(document, 'baseURI', 'get').mockReturnValue('data:text/html,');
      start('/api/j');
      answer = silent();
      for (let times = 0; times < 3; times++) expect(await send()).toBe('rejected');
      void outboxes.at(-1)?.add(anEntry());
      expect(outboxes.at(-1)?.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
      expect(part.state).toBe('down');
    });

    test('where the page’s base is, is where a path leads', async () => {
      document.head.innerHTML = '<base href="https://events.example/">';
      start('/api/j');
      answer = silent();
      await send();
      await send();
      document.head.innerHTML = '';
      expect(part.state).toBe('cors');
    });
  });
});

describe('parking', () => {
  let running: { shutdown(): Promise<unknown> }[];

  beforeEach(() => {
    running = [];
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    history.replaceState(null, '', '/page');
  });

  afterEach(async () => {
    answer = delivered;
    const ended = running.map((tracker) => tracker.shutdown());
    await clock.advance(20_000);
    await Promise.all(ended);
    document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
  });

  /** A tracker whose person agreed. */
  function create(options: Partial<BrowserTrackerOptions> = {}, outbox: Outbox = createMemoryOutbox()): Tracker {
    const storage: object = { clock, now: clock.now, ids: createIds(clock), outbox };
    const all = {
      endpoint: '/api/j',
      consent: { model: 'opt-out' },
      delivery: [() => wire, part],
      storage,
      ...options,
    } as const;
    const tracker = createTracker(all);
    running.push(tracker);
    return tracker;
  }

  /** Lets time pass until there was one more try and it has ended; for five minutes at most. */
  async function nextTry(): Promise<void> {
    const before = sends.length;
    for (let steps = 0; steps < 1_200 && sends.length === before; steps++) await clock.advance(250);
    await clock.advance(200);
  }

  async function anHour(): Promise<void> {
    for (let minutes = 0; minutes < 60; minutes++) await clock.advance(60_000);
  }

  /** A tracker whose events met nothing but silence, for an hour. */
  async function createParked(...options: Parameters<typeof create>): Promise<Tracker> {
    if (answer === delivered) answer = silent();
    const tracker = create(...options);
    tracker.track('Product Viewed', {}, { messageId: 'a' });
    tracker.track('Product Added', {}, { messageId: 'b' });
    await anHour();
    return tracker;
  }

  /** A tracker that suspects a blocker. */
  async function createBlocked(...options: Parameters<typeof create>): Promise<Tracker> {
    answer = silent();
    const tracker = create(...options);
    tracker.track('Product Viewed', {}, { messageId: 'a' });
    await nextTry();
    load();
    await anHour();
    expect(states).toEqual(['down', 'blocked']);
    return tracker;
  }

  function setHidden(hidden: boolean): void {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }

  const changes: readonly { why: string; change: () => void }[] = [
    { why: 'the browser is online again', change: () => dispatchEvent(new Event('online')) },
    {
      why: 'the page is visible again',
      change() {
        setHidden(true);
        setHidden(false);
      },
    },
    {
      why: 'it comes back from the back/forward cache',
      change: () => dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
    },
    { why: 'it becomes another page', change: () => history.pushState(null, '', '/next') },
    { why: 'another query is another page', change: () => history.replaceState(null, '', '?page=2') },
    {
      why: 'the person goes back',
      change() {
        vi.spyOn(location, 'pathname', 'get').mockReturnValue('/before');
        dispatchEvent(new Event('popstate'));
      },
    },
  ];

  test('three tries, and no more for an hour: no timer is left, and nothing is lost', async () => {
    const tracker = await createParked();
    expect(sends.map(({ ids }) => ids)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(clock.timers).toBe(0);
    expect(tracker.stats()).toMatchObject({ accepted: 2, pending: 2, dropped: {}, dead: {} });
    expect(states).toEqual(['down']);
  });

  test.each([
    { why: 'new events', act: (tracker: Tracker) => void tracker.track('Product Viewed') },
    {
      why: 'an event that cannot wait',
      act: (tracker: Tracker) => void tracker.track('Order', {}, { priority: 'now' }),
    },
    { why: 'a full batch', act: (tracker: Tracker) => Array.from({ length: 150 }, () => tracker.track('Viewed')) },
    { why: 'a flush', act: (tracker: Tracker) => void tracker.flush() },
    { why: 'a fragment', act: () => history.pushState(null, '', '#reviews') },
    { why: 'the same URL again', act: () => history.replaceState({ scroll: 1 }, '', location.href) },
    { why: 'a page that is shown for the first time', act: () => dispatchEvent(new Event('pageshow')) },
    { why: 'the page’s end', act: () => dispatchEvent(new Event('pagehide')) },
    { why: 'a page that is hidden', act: () => setHidden(true) },
  ])('no change: $why', async ({ act }) => {
    const tracker = await createParked();
    act(tracker);
    await anHour();
    expect(sends).toHaveLength(3);
    expect(tracker.stats()).toMatchObject({ delivered: 0, dropped: {} });
  });

  test.each(changes)('$why, and all is delivered in this visit, what came meanwhile too', async ({ change }) => {
    const tracker = await createParked();
    tracker.track('Cart Viewed', {}, { messageId: 'c' });
    answer = delivered;
    change();
    await clock.advance(1_000);
    expect(sends.slice(3).map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
    expect(tracker.stats()).toMatchObject({ accepted: 3, delivered: 3, pending: 0 });
    expect(states).toEqual(['down', 'ok']);
  });

  test.each(changes)('$why, but nothing answers still: three more tries, no more', async ({ change }) => {
    await createParked();
    change();
    await anHour();
    expect(sends).toHaveLength(6);
    expect(clock.timers).toBe(0);
  });

  test('a change between two tries begins a new count', async () => {
    answer = silent();
    create().track('Product Viewed');
    await nextTry();
    await nextTry();
    history.pushState(null, '', '/next');
    await anHour();
    expect(sends).toHaveLength(5);
  });

  test('an answer begins a new count', async () => {
    const answers = [silent(), silent(), says({ kind: 'retry', reason: 'http-503' })];
    answer = (...sent) => (answers.shift() ?? silent())(...sent);
    create().track('Product Viewed');
    await anHour();
    expect(sends).toHaveLength(6);
  });

  test('a flush or a shutdown is not held up by what rests; an outbox that is durable keeps it', async () => {
    const settled: string[] = [];
    const memory = createMemoryOutbox();
    let isClosed = false;
    const durable: Outbox = {
      ...memory,
      settle: (id) => void settled.push(id),
      close() {
        isClosed = true;
      },
    };
    const tracker = await createParked({}, durable);
    let ended = 0;
    void tracker.flush().then(() => ended++);
    await clock.settle();
    expect(ended).toBe(1);
    void tracker.shutdown().then(() => ended++);
    await clock.settle();
    expect(ended).toBe(2);
    expect(tracker.stats()).toMatchObject({ pending: 2 });
    expect(settled).toEqual([]);
    expect(isClosed).toBe(true);
  });

  test('it listens once, however often nothing answers, and not before; a shutdown ends that', async () => {
    const listened = vi.spyOn(window, 'addEventListener');
    const signals = () => listened.mock.calls.filter(([type]) => type === 'online').map(([, , options]) => options);
    const tracker = create();
    tracker.track('Product Viewed');
    await nextTry();
    expect(signals()).toHaveLength(1); // the tracker's own
    answer = silent();
    tracker.track('Product Viewed');
    await anHour();
    dispatchEvent(new Event('online'));
    await anHour();
    expect(signals()).toHaveLength(2);
    await tracker.shutdown();
    expect(signals().every((options) => (options as AddEventListenerOptions).signal?.aborted)).toBe(true);
  });

  test('an answer hurries nobody: what came meanwhile waits for company as ever', async () => {
    answer = () => new Promise((resolve) => clock.after(500, () => resolve({ kind: 'delivered' })));
    const tracker = create({ queue: { concurrency: 2 } });
    tracker.track('Product Viewed', {}, { messageId: 'a' });
    await clock.advance(2_100);
    tracker.track('Product Viewed', {}, { messageId: 'b' });
    await clock.advance(1_800);
    expect(sends.map(({ ids }) => ids)).toEqual([['a']]);
    await clock.advance(1_000);
    expect(sends.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
  });

  test('what another part says of silence is silence too', async () => {
    answer = says({ kind: 'retry', reason: 'timeout' });
    await createParked();
    expect(sends).toHaveLength(3);
  });

  test('each page is another, also the first one again, and its fragments are none', async () => {
    await createParked();
    history.pushState(null, '', '/next');
    await anHour();
    history.pushState(null, '', '#top');
    await anHour();
    expect(sends).toHaveLength(6);
    history.pushState(null, '', '/page');
    await anHour();
    expect(sends).toHaveLength(9);
  });

  test('after a shutdown nothing is heard, sent or told', async () => {
    const tracker = await createParked();
    await tracker.shutdown();
    for (const { change } of changes) change();
    await anHour();
    expect(sends).toHaveLength(3);
    expect(states).toEqual(['down']);
  });

  test('a shutdown that gives up on an answer tells nothing: it may have come', async () => {
    answer = () => new Promise(() => {});
    const tracker = create();
    tracker.track('Product Viewed');
    const ended = tracker.shutdown({ deadlineMs: 1_000 });
    await clock.advance(20_000);
    await ended;
    expect(sends).toHaveLength(1);
    expect(states).toEqual([]);
  });

  test('a no ends what rests, with its reason', async () => {
    const tracker = await createParked();
    tracker.consent.set({ analytics: false });
    expect(tracker.stats()).toMatchObject({ dropped: { consent: 2 }, pending: 0 });
    answer = delivered;
    dispatchEvent(new Event('online'));
    await anHour();
    expect(sends).toHaveLength(3);
  });

  test('a fetch that never ends and knows no abort is silence too', async () => {
    answer = () => new Promise(() => {});
    const tracker = await createParked();
    expect(sends).toHaveLength(3);
    expect(states).toEqual(['down']);
    answer = delivered;
    dispatchEvent(new Event('online'));
    await clock.advance(1_000);
    expect(tracker.stats()).toMatchObject({ delivered: 2, pending: 0 });
  });

  test('batches under way side by side are one try', async () => {
    answer = silent();
    const tracker = create({ queue: { maxEvents: 1, concurrency: 4 } });
    for (const messageId of ['a', 'b', 'c', 'd']) tracker.track('Product Viewed', {}, { messageId });
    await clock.advance(200);
    expect(sends.map(({ ids }) => ids)).toEqual([['a'], ['b'], ['c'], ['d']]);
    await anHour();
    expect(sends).toHaveLength(6);
  });

  test('an answer that comes while the last try was under way lets all go on', async () => {
    const slowly: Transport['send'] = () =>
      new Promise((resolve) => clock.after(150, () => resolve({ kind: 'delivered' })));
    answer = (entries, options) => (entries[0]?.id === 'b' ? slowly : silent(100))(entries, options);
    const tracker = create({ queue: { maxEvents: 1 } });
    tracker.track('Product Viewed', {}, { messageId: 'a' });
    tracker.track('Product Viewed', {}, { messageId: 'b' });
    while (sends.length < 3) await clock.advance(10);
    dispatchEvent(new Event('pagehide')); // the lane is in use, and yet what waits is handed over
    expect(sends.map(({ ids }) => ids)).toEqual([['a'], ['a'], ['a'], ['b']]);
    await clock.advance(60_000);
    expect(sends.length).toBeGreaterThan(4);
  });

  describe('where a blocker is suspected', () => {
    test('it rests after the second try, and after each change gets one more', async () => {
      await createBlocked();
      expect(sends).toHaveLength(2);
      let tries = 2;
      for (const { change } of changes) {
        change();
        await anHour();
        expect(sends).toHaveLength(++tries);
        expect(part.state).toBe('blocked');
      }
    });

    test('50 events wait; of those that come later none is stored, and each is counted', async () => {
      const added: string[] = [];
      const memory = createMemoryOutbox();
      const tracker = await createBlocked(
        {},
        {
          ...memory,
          add(entry: Entry) {
            added.push(entry.id);
            return memory.add(entry);
          },
        },
      );
      for (let events = 0; events < 60; events++) tracker.track('Product Viewed');
      const last = tracker.track('Product Viewed');
      expect(await last.delivered).toEqual({ kind: 'dropped', reason: 'outbox-full' });
      expect(added).toHaveLength(50);
      expect(tracker.stats()).toMatchObject({ accepted: 62, pending: 50, dropped: { 'outbox-full': 12 } });

      answer = delivered;
      dispatchEvent(new Event('online'));
      await clock.advance(1_000);
      expect(tracker.stats()).toMatchObject({ delivered: 50, pending: 0 });
      tracker.track('Product Viewed');
      await clock.advance(3_000);
      expect(tracker.stats()).toMatchObject({ delivered: 51, pending: 0 });
    });

    test('what waited before stays, however much that is', async () => {
      answer = silent();
      const tracker = create();
      for (let events = 0; events < 80; events++) tracker.track('Product Viewed');
      await nextTry();
      load();
      await anHour();
      expect(part.state).toBe('blocked');
      tracker.track('Product Viewed');
      expect(tracker.stats()).toMatchObject({ pending: 80, dropped: { 'outbox-full': 1 } });
    });

    test('where nobody suspects one, no such bound is kept', async () => {
      const tracker = await createParked();
      for (let events = 0; events < 60; events++) tracker.track('Product Viewed');
      expect(tracker.stats()).toMatchObject({ pending: 62, dropped: {} });
    });
  });
});
