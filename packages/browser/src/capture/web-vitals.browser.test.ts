import type { CallOptions, JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { webVitals } from './web-vitals.ts';

const home = location.href;
let tracked: { event: string; properties: JsonObject; options: CallOptions | undefined }[];
let stops: (() => void)[];

const tracker = {
  track(event: string, properties: JsonObject, options?: CallOptions) {
    tracked.push({ event, properties: JSON.parse(JSON.stringify(properties)), options });
    return { messageId: `m${tracked.length}` };
  },
} as unknown as Tracker;

beforeEach(() => {
  tracked = [];
  stops = [];
});

afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
  history.replaceState(null, '', home);
});

function start(plugin = webVitals()): () => void {
  const stop = plugin.setup?.(tracker) ?? (() => {});
  stops.push(stop);
  return stop;
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(hidden ? 'hidden' : 'visible');
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

const rendered = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 100))));

/** Blocks the page for so long that a click is slow. */
function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function slowClick(ms: number): Promise<void> {
  document.body.insertAdjacentHTML('afterbegin', '<button>Buy</button>');
  const button = document.querySelector('button') as HTMLButtonElement;
  button.addEventListener('click', () => busy(ms), { once: true });
  await userEvent.click(button);
  await rendered();
}

/** Pushes the page’s contents down. */
async function shift(): Promise<void> {
  document.body.innerHTML = '<p style="height:300px;background:red">text</p>';
  await rendered();
  // What moves within half a second of a click was asked for.
  await new Promise((resolve) => setTimeout(resolve, 600));
  document.body.insertAdjacentHTML('afterbegin', '<p style="height:300px">more</p>');
  await rendered();
}

test('one event when the page is hidden, with each value and its rating', async () => {
  start();
  await shift();
  await slowClick(250);
  setHidden(false);
  expect(tracked).toEqual([]);
  setHidden(true);
  expect(tracked).toEqual([
    {
      event: 'Web Vitals',
      properties: {
        ttfb_ms: expect.any(Number),
        ttfb_rating: expect.any(String),
        fcp_ms: expect.any(Number),
        fcp_rating: expect.any(String),
        lcp_ms: expect.any(Number),
        lcp_rating: expect.any(String),
        cls: expect.any(Number),
        cls_rating: expect.stringMatching(/poor|needs/),
        inp_ms: expect.any(Number),
        inp_rating: expect.any(String),
        navigation_type: 'navigate',
      },
      options: { context: { page: expect.objectContaining({ url: home }) } },
    },
  ]);
  const value = (name: string): number => Number(tracked[0]?.properties[name]);
  expect(Number.isInteger(value('ttfb_ms'))).toBe(true);
  expect(value('fcp_ms')).toBeGreaterThanOrEqual(value('ttfb_ms'));
  expect(value('inp_ms')).toBeGreaterThan(240);
  // A busy machine makes it slower yet.
  expect(tracked[0]?.properties.inp_rating).toBe(value('inp_ms') > 500 ? 'poor' : 'needs-improvement');
  expect(value('cls')).toBeGreaterThan(0.1);
  expect(String(value('cls'))).toMatch(/^0\.\d{1,4}$/);
});

test('hidden again without news says nothing; with news it names the event it updates, of the page that was loaded', async () => {
  start();
  await rendered();
  setHidden(true);
  setHidden(false);
  setHidden(true);
  expect(tracked).toHaveLength(1);
  setHidden(false);
  history.pushState(null, '', '/next');
  await slowClick(700);
  setHidden(true);
  expect(tracked).toHaveLength(2);
  expect(tracked[1]).toMatchObject({
    properties: { updates: 'm1', inp_rating: 'poor', ttfb_ms: tracked[0]?.properties.ttfb_ms },
    options: { context: { page: { url: home } } },
  });
  setHidden(false);
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
  await slowClick(2_000); // slower than the one before, also on a busy machine
  setHidden(true);
  expect(tracked[2]?.properties.updates).toBe('m1');
});

test('a page that was rendered before anybody wanted to see it is measured once they do', async () => {
  document.body.innerHTML = '<p style="font-size:80px">A page made of large words</p>';
  await rendered();
  const prerendering = vi.spyOn(document, 'prerendering' as never, 'get').mockReturnValue(true as never);
  start();
  prerendering.mockReturnValue(false as never);
  document.dispatchEvent(new Event('prerenderingchange'));
  await rendered();
  setHidden(true);
  expect(tracked).toMatchObject([{ properties: { lcp_ms: expect.any(Number), ttfb_ms: expect.any(Number) } }]);
});

test('a return from the back/forward cache is a load of its own', async () => {
  start();
  await rendered();
  setHidden(true);
  setHidden(false);
  history.replaceState(null, '', '/next');
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await rendered();
  setHidden(true);
  expect(tracked).toHaveLength(2);
  expect(tracked[1]?.properties).toMatchObject({ navigation_type: 'back-forward-cache', ttfb_ms: 0 });
  expect(tracked[1]?.options?.context?.page?.path).toBe('/next');
  expect(tracked[1]?.properties).not.toHaveProperty('updates');
  expect(tracked[1]?.properties).not.toHaveProperty('inp_ms');
});

test('what a browser cannot measure is not there', async () => {
  const missing = ['layout-shift', 'event', 'first-input'];
  const types = PerformanceObserver.supportedEntryTypes.filter((type) => !missing.includes(type));
  vi.spyOn(PerformanceObserver, 'supportedEntryTypes', 'get').mockReturnValue(types);
  start();
  await rendered();
  setHidden(true);
  expect(Object.keys(tracked[0]?.properties ?? {})).toContain('ttfb_ms');
  expect(tracked[0]?.properties).not.toHaveProperty('cls');
  expect(tracked[0]?.properties).not.toHaveProperty('inp_ms');
});

test('once stopped it says nothing, and a second set-up says it once', async () => {
  start()();
  await rendered();
  setHidden(true);
  expect(tracked).toEqual([]);
  setHidden(false);
  const plugin = webVitals();
  start(plugin);
  start(plugin);
  await rendered();
  setHidden(true);
  expect(tracked).toHaveLength(1);
});

test('an interaction just before the page goes is told, also where the page was never idle after it', async () => {
  vi.stubGlobal('requestIdleCallback', () => 1);
  start();
  await slowClick(250);
  setHidden(true);
  vi.unstubAllGlobals();
  expect(tracked.at(-1)?.properties.inp_ms).toBeGreaterThan(240);
  expect(tracked.map(({ properties }) => properties.updates)).toEqual(
    tracked.length > 1 ? [undefined, 'm1'] : [undefined],
  );
});
