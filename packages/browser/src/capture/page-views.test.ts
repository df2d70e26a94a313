import type { CallOptions, JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pageViews } from './page-views.ts';

const origin = 'http://localhost:3999';
const settleMs = 50;

let views: { path: unknown; referrer: unknown; title: unknown; timestamp: unknown }[];
let stops: (() => void)[];

const tracker = {
  page(_name: undefined, { path, referrer, title }: JsonObject, { timestamp }: CallOptions) {
    views.push({ path, referrer, title, timestamp });
  },
} as unknown as Tracker;

function start(plugin = pageViews()): () => void {
  const stop = plugin.setup?.(tracker) ?? (() => {});
  stops.push(stop);
  return stop;
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

const go = (url: string): void => history.pushState(null, '', url);
const settled = (): void => void vi.advanceTimersByTime(settleMs);
const paths = (): unknown[] => views.map(({ path }) => path);

beforeEach(() => {
  history.replaceState(null, '', '/first');
  document.title = 'First';
  vi.useFakeTimers();
  views = [];
  stops = [];
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('the first load is a view; its referrer is the document’s', () => {
  start();
  settled();
  expect(views).toEqual([{ path: '/first', referrer: '', title: 'First', timestamp: new Date(Date.now() - settleMs) }]);
});

test('a navigation within the page is one, with the page before as referrer, the new title and its own time', () => {
  start();
  settled();
  vi.advanceTimersByTime(1_000);
  const reachedAt = new Date(Date.now());
  go('/second?tab=1');
  document.title = 'Second'; // frameworks set it after the URL
  settled();
  expect(views[1]).toEqual({ path: '/second', referrer: `${origin}/first`, title: 'Second', timestamp: reachedAt });
});

test.each([
  { why: 'a replacement by the same URL', act: () => history.replaceState({ scroll: 1 }, '', location.href), seen: [] },
  { why: 'a fragment is the same page', act: () => go('#reviews'), seen: [] },
  { why: 'another query is another page', act: () => go('?page=2'), seen: ['/first'] },
  {
    why: 'two pushes of one URL in one task',
    act() {
      go('/a');
      go('/a');
    },
    seen: ['/a'],
  },
  {
    why: 'away and back before it settled',
    act() {
      go('/a');
      go('/first');
    },
    seen: [],
  },
])('$why', ({ act, seen }) => {
  start();
  settled();
  act();
  settled();
  expect(paths().slice(1)).toEqual(seen);
});

test('redirects some tens of milliseconds apart count once, as where they led', () => {
  start();
  settled();
  go('/old');
  vi.advanceTimersByTime(40);
  history.replaceState(null, '', '/moved');
  vi.advanceTimersByTime(40);
  history.replaceState(null, '', '/new');
  settled();
  expect(paths()).toEqual(['/first', '/new']);
});

test('going back is a view', () => {
  start();
  settled();
  go('/a');
  settled();
  history.replaceState(null, '', '/first');
  dispatchEvent(new Event('popstate'));
  settled();
  expect(paths()).toEqual(['/first', '/a', '/first']);
});

test('a page opened in the background is a view once somebody sees it', () => {
  setHidden(true);
  start();
  vi.advanceTimersByTime(60_000);
  expect(views).toEqual([]);
  setHidden(false);
  settled();
  expect(paths()).toEqual(['/first']);
});

test('a page that is left before its URL has settled was seen all the same', () => {
  start();
  setHidden(true);
  expect(paths()).toEqual(['/first']);
  dispatchEvent(new Event('pagehide'));
  expect(views).toHaveLength(1);
});

test('hiding and showing a page is no new view, the return from the back/forward cache is', () => {
  start();
  settled();
  setHidden(true);
  setHidden(false);
  settled();
  expect(views).toHaveLength(1);
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  settled();
  expect(paths()).toEqual(['/first', '/first']);
});

test('a mount, unmount and mount again, as React does it, is one view', () => {
  start()();
  start();
  settled();
  expect(paths()).toEqual(['/first']);
});

test('one instance set up twice counts once, and once more after it was stopped', () => {
  const plugin = pageViews();
  const stop = start(plugin);
  start(plugin);
  settled();
  expect(paths()).toEqual(['/first']);
  stop();
  start(plugin);
  go('/a');
  settled();
  expect(paths()).toEqual(['/first', '/a']);
});

test('once stopped it makes no view', () => {
  start()();
  go('/a');
  dispatchEvent(new Event('pagehide'));
  settled();
  expect(views).toEqual([]);
});

test.each([
  { why: 'stopped', end: () => stops[0]?.() },
  { why: 'its page was left', end: () => dispatchEvent(new Event('pagehide')) },
])('a timer that outlives its view asks nothing of the page, which may be gone: $why', ({ end }) => {
  start();
  end();
  const before = paths();
  vi.stubGlobal('location', undefined);
  settled();
  vi.unstubAllGlobals();
  expect(paths()).toEqual(before);
});
