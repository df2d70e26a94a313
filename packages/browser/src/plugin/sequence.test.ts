import {
  type ConsentPreferences,
  createConsent,
  createIds,
  createMemoryOutbox,
  createQueue,
  createTracker,
  type Plugin,
  type TrackEvent,
  type Tracker,
} from '@org/track-core';
import { anEvent, createFakeClock, createScriptedTransport } from '@org/track-core/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sequence } from './sequence.ts';

interface Stream {
  readonly id: string;
  readonly number: number;
  readonly previous?: { readonly id: string; readonly number: number };
}

const yes = { categoryPreferences: { analytics: true } };
const streamOf = (event: TrackEvent | null | undefined): Stream => event?.context?.stream as Stream;
const settle = async (): Promise<void> => void (await new Promise((done) => setTimeout(done)));

beforeEach(() => sessionStorage.clear());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The tab's storage, and what is asked of it. */
function watchStorage() {
  const storage = sessionStorage;
  const watched = {
    getItem: vi.fn((key: string) => storage.getItem(key)),
    setItem: vi.fn((key: string, value: string) => storage.setItem(key, value)),
  };
  vi.stubGlobal('sessionStorage', watched);
  return watched;
}

/** What `plugin` says about an event of this person, who agreed to that. */
function number(
  plugin: Plugin,
  anonymousId = 'a1',
  consent: { categoryPreferences: ConsentPreferences } = yes,
): Stream {
  return streamOf(plugin.process?.(anEvent({ anonymousId, context: { consent, locale: 'et' } })));
}

/** A page of a tab: a tracker with these plugins, and what it sent. */
function openPage({ plugins, initial }: { plugins: readonly Plugin[]; initial?: ConsentPreferences }) {
  const clock = createFakeClock();
  const transport = createScriptedTransport();
  const consent = createConsent({ gpc: false, now: clock.now, initial });
  const tracker: Tracker = createTracker({
    queue: createQueue({ outbox: createMemoryOutbox(), transport, clock, allow: (e) => !!consent.allows(e.purpose) }),
    clock,
    ids: createIds({ now: clock.now }),
    consent,
    library: { name: 'test', version: '0' },
    plugins,
  });
  const track = (howMany = 1, purpose: 'analytics' | 'necessary' = 'analytics'): void => {
    for (let made = 0; made < howMany; made++) tracker.track('e', {}, { anonymousId: 'a1', purpose });
  };
  const sent = async (): Promise<readonly Stream[]> => {
    await tracker.flush();
    await settle();
    return transport.sent.flatMap(({ entries }) => entries.map(({ value }) => streamOf(JSON.parse(value))));
  };
  return { tracker, track, sent };
}

test('events of a page count up from one, in a stream of their own; all else stays', () => {
  const plugin = sequence();
  const event = anEvent({ context: { locale: 'et', consent: yes } });
  const first = plugin.process?.(event);
  expect(first).toEqual({ ...event, context: { ...event.context, stream: { id: expect.any(String), number: 1 } } });
  expect(streamOf(first).id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(event.context).not.toHaveProperty('stream');
  expect([number(plugin, 'anonymous-1'), number(plugin, 'anonymous-1')]).toEqual([
    { id: streamOf(first).id, number: 2 },
    { id: streamOf(first).id, number: 3 },
  ]);
  expect(number(sequence()).id).not.toBe(streamOf(first).id);
});

test('another person is another stream, and nothing ties the two', async () => {
  const plugin = sequence();
  const { id } = number(plugin, 'a1');
  await settle();
  const other = number(plugin, 'a2');
  expect(other).toEqual({ id: expect.any(String), number: 1 });
  expect(other.id).not.toBe(id);
});

describe('counted where an event is really kept', () => {
  test('whatever earlier plugins drop or break, what arrives has no gap', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('kept', 'dropped', 'broken', 'unnamed')), async (fates) => {
        let next = '';
        const earlier: Plugin = {
          name: 'earlier',
          process(event) {
            if (next === 'broken') throw new TypeError(next);
            return next === 'dropped' ? null : event;
          },
        };
        const { tracker, track, sent } = openPage({ plugins: [earlier, sequence()], initial: { analytics: true } });
        for (const fate of fates) {
          next = fate;
          if (fate === 'unnamed') tracker.track('');
          else track();
        }
        const numbers = (await sent()).map((stream) => stream.number);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }),
    ));

  test('what is let go after it is a gap', async () => {
    let isLoss = false;
    const later: Plugin = { name: 'later', process: (event) => (isLoss ? null : event) };
    const { tracker, track, sent } = openPage({ plugins: [sequence(), later], initial: { analytics: true } });
    track();
    isLoss = true;
    track();
    isLoss = false;
    tracker.track('e', { text: 'x'.repeat(40_000) }, { anonymousId: 'a1' });
    track();
    expect((await sent()).map((stream) => stream.number)).toEqual([1, 4]);
    expect(tracker.stats().dropped).toEqual({ later: 1, 'too-large': 1 });
  });
});

describe('the page that this tab showed before', () => {
  test('is told once, with how many it made', async () => {
    const before = openPage({ plugins: [sequence()], initial: { analytics: true } });
    before.track(3);
    const [{ id } = {}] = await before.sent();
    const page = openPage({ plugins: [sequence()], initial: { analytics: true } });
    page.track(2);
    expect(await page.sent()).toEqual([
      { id: expect.any(String), number: 1, previous: { id, number: 3 } },
      { id: expect.any(String), number: 2 },
    ]);
  });

  test('is stored once for all events of a task', async () => {
    const { setItem } = watchStorage();
    const plugin = sequence();
    for (let made = 0; made < 100; made++) number(plugin);
    await settle();
    expect(setItem.mock.calls.map(([key, value]) => [key, JSON.parse(value)])).toEqual([
      ['jn:stream:', [expect.any(String), 100, 'a1']],
    ]);
  });

  test('was another person’s: nothing is told', async () => {
    number(sequence(), 'a1');
    await settle();
    expect(number(sequence(), 'a2').previous).toBeUndefined();
  });

  test('trackers with names keep theirs apart', async () => {
    const shop = number(sequence({ name: 'shop' }));
    const desk = number(sequence({ name: 'desk' }));
    await settle();
    expect(number(sequence({ name: 'shop' })).previous?.id).toBe(shop.id);
    expect(number(sequence({ name: 'desk' })).previous?.id).toBe(desk.id);
  });

  test.each([
    { why: 'no JSON', stored: '{' },
    { why: 'no list', stored: 'null' },
    { why: 'an id that is none', stored: JSON.stringify(['x'.repeat(40_000), 1, 'a1']) },
    { why: 'a number that is none', stored: JSON.stringify([crypto.randomUUID(), '<b>', 'a1']) },
  ])('what somebody broke is nothing: $why', ({ stored }) => {
    sessionStorage.setItem('jn:stream:', stored);
    expect(number(sequence())).toEqual({ id: expect.any(String), number: 1 });
  });

  test.each([
    { why: 'missing, as in a worker', storage: undefined },
    {
      why: 'full',
      storage: {
        getItem: () => null,
        setItem() {
          throw new DOMException('full', 'QuotaExceededError');
        },
      },
    },
  ])('where the storage is $why events are numbered all the same', async ({ storage }) => {
    vi.stubGlobal('sessionStorage', storage);
    const plugin = sequence();
    expect([number(plugin).number, number(plugin).number]).toEqual([1, 2]);
    await settle();
  });
});

describe('consent', () => {
  test('without a yes to analytics nothing is read or stored, and what counts goes on', async () => {
    sessionStorage.setItem('jn:stream:', JSON.stringify([crypto.randomUUID(), 7, 'a1']));
    const { getItem, setItem } = watchStorage();
    const page = openPage({ plugins: [sequence()] });
    page.track(2, 'necessary');
    expect((await page.sent()).map(({ number, previous }) => [number, previous])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect([getItem.mock.calls, setItem.mock.calls]).toEqual([[], []]);
    page.tracker.consent.set({ analytics: true });
    page.track();
    expect((await page.sent())[2]).toMatchObject({ number: 3, previous: { number: 7 } });
    expect(setItem).toHaveBeenCalledTimes(1);
  });

  test('a no forgets the stream, also one of earlier', async () => {
    const page = openPage({ plugins: [sequence()], initial: { analytics: true } });
    page.track();
    await page.sent();
    expect(sessionStorage).toHaveLength(1);
    page.tracker.consent.set({ analytics: false });
    page.track(1, 'necessary');
    const [first, second] = await page.sent();
    expect(sessionStorage).toHaveLength(0);
    expect(second).toEqual({ id: expect.not.stringMatching(first?.id as string), number: 1 });

    sessionStorage.setItem('jn:stream:', '[]');
    openPage({ plugins: [sequence()], initial: { analytics: false } });
    expect(sessionStorage).toHaveLength(0);
  });

  test.each([
    { why: 'nothing more', later: 0 },
    { why: 'what needs no yes', later: 1 },
  ])('a no in the very task of an event comes before what was to be stored: then $why', async ({ later }) => {
    const page = openPage({ plugins: [sequence()], initial: { analytics: true } });
    page.track();
    page.tracker.consent.set({ analytics: false });
    page.track(later, 'necessary');
    await settle();
    expect(sessionStorage).toHaveLength(0);
  });

  test('after a shutdown it hears nothing more', async () => {
    const page = openPage({ plugins: [sequence()], initial: { analytics: true } });
    await page.tracker.shutdown();
    sessionStorage.setItem('jn:stream:', '[]');
    page.tracker.consent.set({ analytics: false });
    expect(sessionStorage).toHaveLength(1);
  });
});
