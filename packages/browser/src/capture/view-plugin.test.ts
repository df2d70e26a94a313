import {
  createConsent,
  createIds,
  createMemoryOutbox,
  createQueue,
  createTracker,
  type JsonObject,
  type Plugin,
  type Tracker,
} from '@org/track-core';
import { createFakeClock, createScriptedTransport } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readContext } from '../runtime/page-context.ts';
import { engagement } from './engagement.ts';
import { pageViews } from './page-views.ts';
import { viewPlugin } from './view-plugin.ts';

/** Longer than it takes for a URL to count. */
const settledMs = 150;
const now = (): number => Date.now();

let measured: number;
let stops: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  history.replaceState(null, '', '/first');
  document.title = 'First';
  measured = 0;
  stops = [];
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A measure that is what the test says. */
const percent = (): Plugin =>
  viewPlugin('percent', () => ({
    property: 'percent',
    restart() {
      measured = 0;
    },
    total: () => measured,
  }));

/** Starts a tracker. What it records is told in short, with views called `v1`, `v2` … in the order they turn up. */
function record(plugins: readonly Plugin[], isDecided = true) {
  const told: unknown[] = [];
  const times: number[] = [];
  const views: unknown[] = [];
  const nameOf = (id: unknown): string => `v${(views.includes(id) ? views.indexOf(id) : views.push(id) - 1) + 1}`;
  const tell: Plugin = {
    name: 'tell',
    process(event) {
      const { view_id, previous_view_id, ...said } = (event as { properties: JsonObject }).properties;
      const what = 'event' in event ? event.event : event.type;
      const previous = previous_view_id === undefined ? {} : { previous: nameOf(previous_view_id) };
      const view = view_id === undefined ? {} : { view: nameOf(view_id) };
      const totals = Object.fromEntries(Object.entries(said).filter(([, value]) => typeof value === 'number'));
      told.push([what, event.context?.page?.path, { ...previous, ...view, ...totals }]);
      times.push(Date.parse(event.timestamp));
      return event;
    },
  };
  const clock = { ...createFakeClock(), now };
  const tracker = createTracker({
    queue: createQueue({ outbox: createMemoryOutbox(), transport: createScriptedTransport(), clock }),
    clock,
    ids: createIds({ now }),
    identity: { touch: () => ({ anonymousId: 'a1' }), remember() {} } as never,
    consent: createConsent({ gpc: false, now, initial: isDecided ? { analytics: true } : {} }),
    library: { name: 'test', version: '0' },
    context: readContext,
    plugins: [...plugins, tell],
  }) as unknown as Tracker;
  stops.push(() => void tracker.shutdown());
  return { tracker, told, times };
}

const pass = (ms: number): void => void vi.advanceTimersByTime(ms);
const leave = (): unknown => dispatchEvent(new Event('pagehide'));
function go(url: string, title = url): void {
  history.pushState(null, '', url);
  document.title = title;
}

describe('navigations within the document', () => {
  test.each([
    { why: 'listed behind page views', plugins: () => [pageViews(), engagement(), percent()] },
    { why: 'listed before them', plugins: () => [percent(), engagement(), pageViews()] },
  ])('a view goes along with the next one’s event, which costs none of its own: $why', ({ plugins }) => {
    const { told } = record(plugins());
    pass(5_000);
    measured = 40;
    go('/second');
    pass(3_000);
    measured = 70;
    go('/third');
    pass(2_000);
    leave();
    expect(told).toEqual([
      ['page', '/first', { view: 'v1' }],
      ['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 5, previous_percent: 40 }],
      ['page', '/third', { previous: 'v2', view: 'v3', previous_seconds: 3, previous_percent: 70 }],
      ['Page Engaged', '/third', { view: 'v3', seconds: 2, percent: 0 }],
    ]);
  });

  test('where nobody records page views it is told alone, as of the page and the moment it was left', () => {
    const { told, times } = record([engagement()]);
    pass(5_000);
    const leftAt = now();
    go('/second', 'Second');
    pass(10_000);
    expect(told).toEqual([['Page Engaged', '/first', { view: 'v1', seconds: 5 }]]);
    expect(times).toEqual([leftAt]);
  });

  test('a page event by hand takes it along', () => {
    const { told, tracker } = record([engagement()]);
    pass(5_000);
    go('/second');
    tracker.page();
    pass(10_000);
    expect(told).toEqual([['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 5 }]]);
    tracker.page();
    expect(told.slice(1)).toEqual([['page', '/second', { view: 'v2' }]]);
  });

  test.each([
    { why: 'a fragment', act: () => go('#reviews') },
    { why: 'a state of the same page', act: () => history.replaceState({ open: true }, '', location.href) },
    {
      why: 'away and back at once',
      act() {
        go('/second');
        pass(20);
        go('/first');
      },
    },
  ])('it goes on: $why', ({ act }) => {
    const { told } = record([pageViews(), engagement()]);
    pass(5_000);
    act();
    pass(5_000);
    leave();
    expect(told.slice(1)).toEqual([['Page Engaged', '/first', { view: 'v1', seconds: expect.closeTo(10, 1) }]]);
  });

  test('another query is another view', () => {
    const { told } = record([pageViews(), engagement()]);
    pass(5_000);
    go('/first?page=2');
    pass(settledMs);
    expect(told.slice(1)).toEqual([['page', '/first', { previous: 'v1', view: 'v2', previous_seconds: 5 }]]);
  });

  test('what moved within the page before does not end the view earlier', () => {
    const { told } = record([pageViews(), engagement()]);
    pass(5_000);
    go('#reviews');
    pass(5_000);
    go('/second');
    pass(settledMs);
    expect(told.slice(1)).toEqual([['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 10 }]]);
  });

  test('redirects are one step, and the view ended when they began', () => {
    const { told } = record([pageViews(), engagement()]);
    pass(5_000);
    go('/old');
    pass(40);
    go('/moved');
    pass(40);
    go('/new');
    pass(settledMs);
    expect(told.slice(1)).toEqual([['page', '/new', { previous: 'v1', view: 'v2', previous_seconds: 5 }]]);
  });

  test.each([
    {
      why: 'page views come first',
      plugins: () => [pageViews(), engagement()],
      expected: [['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 5 }]],
    },
    {
      why: 'page views come last',
      plugins: () => [engagement(), pageViews()],
      expected: [
        ['Page Engaged', '/first', { view: 'v1', seconds: 5 }],
        ['page', '/second', { view: 'v2' }],
      ],
    },
  ])('a page that goes away before its URL counted has told both: $why', ({ plugins, expected }) => {
    const { told } = record(plugins());
    pass(5_000);
    go('/second');
    leave();
    pass(10_000);
    expect(told.slice(1)).toEqual(expected);
  });

  test('what was told of a view before it ended is told again with its end: the largest counts', () => {
    const { told } = record([pageViews(), engagement()]);
    pass(20_000);
    go('/second');
    pass(settledMs);
    expect(told.slice(1)).toEqual([
      ['Page Engaged', '/first', { view: 'v1', seconds: 15 }],
      ['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 20 }],
    ]);
  });
});

test('a timer that outlives its view asks nothing of the page, which may be gone', () => {
  const { told } = record([engagement()]);
  pass(5_000);
  go('#reviews');
  leave();
  vi.stubGlobal('location', undefined);
  pass(settledMs);
  vi.unstubAllGlobals();
  expect(told).toHaveLength(1);
});

describe('events that wait for consent', () => {
  test('what happened to each view is known by then, and no page event is taken for a later one', () => {
    const { told, tracker } = record([pageViews(), engagement()], false);
    pass(5_000);
    go('/second');
    pass(3_000);
    go('/third');
    pass(1_000);
    tracker.consent.set({ analytics: true });
    expect(told).toEqual([
      ['page', '/first', { view: 'v1' }],
      ['page', '/second', { view: 'v2' }],
      ['Page Engaged', '/first', { view: 'v1', seconds: 5 }],
      ['page', '/third', { view: 'v3' }],
      ['Page Engaged', '/second', { view: 'v2', seconds: 2.9 }],
    ]);
  });

  test('a yes in the moment of a navigation gives the first page nothing of its own', () => {
    const { told, tracker } = record([pageViews(), engagement()], false);
    pass(5_000);
    go('/second');
    tracker.consent.set({ analytics: true });
    pass(settledMs);
    expect(told).toEqual([
      ['page', '/first', { view: 'v1' }],
      ['page', '/second', { previous: 'v1', view: 'v2', previous_seconds: 5 }],
    ]);
  });

  test('a page event of long ago, as of another tab, is of no view here', () => {
    const { told, tracker } = record([engagement()]);
    tracker.page(undefined, {}, { timestamp: new Date(now() - 3_600_000) });
    expect(told).toEqual([['page', '/first', {}]]);
  });

  test('after a no nothing is kept', () => {
    const { told, tracker } = record([pageViews(), engagement()], false);
    pass(5_000);
    tracker.consent.set({ analytics: false });
    leave();
    expect(told).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 2, dropped: { consent: 2 }, pending: 0 });
  });
});

describe('measures', () => {
  test('share one event', () => {
    const { told } = record([engagement(), percent()]);
    pass(5_000);
    measured = 30;
    leave();
    expect(told).toEqual([['Page Engaged', '/first', { view: 'v1', seconds: 5, percent: 30 }]]);
  });

  test.each([
    { why: 'a whole unit is worth an event', grown: 31, expected: [30, 31] },
    { why: 'less is not', grown: 30.9, expected: [30] },
  ])('$why', ({ grown, expected }) => {
    const { told } = record([percent()]);
    measured = 30;
    leave();
    measured = grown;
    leave();
    expect(told).toEqual(expected.map((now) => ['Page Engaged', '/first', { view: 'v1', percent: now }]));
  });

  test('of two trackers share nothing', () => {
    const one = record([engagement()]);
    const other = record([percent()]);
    pass(5_000);
    measured = 30;
    leave();
    expect(one.told).toEqual([['Page Engaged', '/first', { view: 'v1', seconds: 5 }]]);
    expect(other.told).toEqual([['Page Engaged', '/first', { view: 'v1', percent: 30 }]]);
  });

  test('stop one by one; with the last nothing is listened to any more', () => {
    const told: unknown[] = [];
    const listened = vi.spyOn(window, 'addEventListener');
    const tracker = { track: (_: string, { seconds, percent }: JsonObject) => told.push({ seconds, percent }) };
    const [stopSeconds, stopPercent] = [engagement(), percent()].map((plugin) => plugin.setup?.(tracker as never));
    pass(5_000);
    measured = 30;
    stopSeconds?.();
    leave();
    measured = 50;
    go('/second');
    stopPercent?.();
    expect(vi.getTimerCount()).toBe(0);
    const signals = listened.mock.calls.map(([, , options]) => (options as AddEventListenerOptions).signal);
    expect(signals.map((signal) => signal?.aborted)).toEqual(signals.map(() => true));
    leave();
    go('/third');
    pass(settledMs);
    expect(told).toEqual([{ percent: 30 }]);
    expect(vi.getTimerCount()).toBe(0);
    // And may begin again, with the same tracker.
    const stop = percent().setup?.(tracker as never);
    measured = 60;
    leave();
    stop?.();
    expect(told.slice(1)).toEqual([{ percent: 60 }]);
  });

  test('a measure that cannot start costs the others nothing, and leaves no listener behind', () => {
    const broken = viewPlugin('broken', () => {
      throw new TypeError('no such thing');
    });
    const { told, tracker } = record([broken, engagement()]);
    pass(5_000);
    leave();
    expect(told).toEqual([['Page Engaged', '/first', { view: 'v1', seconds: 5 }]]);
    void tracker.shutdown();
    const alone = { track: vi.fn() };
    expect(() => broken.setup?.(alone as never)).toThrow('no such thing');
    leave();
    expect(alone.track).not.toHaveBeenCalled();
  });
});

test('other events pass as they are', () => {
  const plugin = engagement();
  stops.push(plugin.setup?.({ track() {} } as never) ?? (() => {}));
  const event = { type: 'track', event: 'e', messageId: 'm', timestamp: new Date().toISOString() } as const;
  expect(plugin.process?.(event)).toBe(event);
  expect(engagement().process?.({ ...event, type: 'page' })).toEqual({ ...event, type: 'page' });
});
