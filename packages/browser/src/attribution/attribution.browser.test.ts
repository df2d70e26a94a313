// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { deviceCookieName, type TrackEvent } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pageViews } from '../capture/page-views.ts';
import { createTracker } from '../create-browser-tracker.ts';
import { attribution } from './attribution.ts';

const home = location.href;
const endpoint = `/api/j${Math.random().toString(36).slice(2)}`;
const key = 'jn:from';
let events: TrackEvent[];
let running: ReturnType<typeof createTracker>[];

beforeEach(() => {
  events = [];
  running = [];
  const { fetch } = window;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url !== endpoint) return fetch(url, init);
    events.push(...JSON.parse(String(init.body)).batch);
    return Response.json({ success: true });
  });
});

afterEach(async () => {
  for (const tracker of running) await tracker.shutdown();
  vi.unstubAllGlobals();
  history.replaceState(null, '', home);
  localStorage.removeItem(key);
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
  for (const { name = '' } of await indexedDB.databases())
    if (name.includes(endpoint)) await new Promise((done) => (indexedDB.deleteDatabase(name).onsuccess = done));
});

function create(): ReturnType<typeof createTracker> {
  const tracker = createTracker({ endpoint, capture: [pageViews()], plugins: [attribution()] });
  running.push(tracker);
  return tracker;
}

test('a visit over three pages: nothing before the yes, the landing’s campaign afterwards, click ids never without theirs', async () => {
  history.replaceState(null, '', '/sale?utm_source=mail&utm_campaign=spring&gclid=Cj0demo');
  const first = create();
  const viewed = (count: number) => expect.poll(() => first.stats().accepted).toBe(count);
  await viewed(1);
  history.pushState(null, '', '/product');
  await viewed(2);
  await first.flush({ deadlineMs: 50 });
  expect(events).toEqual([]);
  expect(localStorage.getItem(key)).toBeNull();

  first.consent.set({ analytics: true, advertising: false });
  await first.shutdown();
  expect(JSON.stringify(events)).not.toContain('Cj0demo');
  expect(localStorage.getItem(key)).not.toContain('Cj0demo');

  // The next page of this visit is another document.
  const second = create();
  second.track('Product Added');
  await second.shutdown();
  const { origin } = location;
  const campaign = { source: 'mail', name: 'spring' };
  const attribution = { landing: { url: `${origin}/sale` }, first: { url: `${origin}/sale`, campaign } };
  expect(events.map(({ type, context }) => ({ type, context }))).toMatchObject([
    { type: 'page', context: { campaign, attribution, page: { search: '?utm_source=mail&utm_campaign=spring' } } },
    { type: 'page', context: { campaign, attribution, page: { path: '/product' } } },
    { type: 'track', context: { campaign, attribution } },
  ]);
  expect(new Set(events.map(({ context }) => context?.session?.id)).size).toBe(1);
});

test('the later no takes it from the device', async () => {
  history.replaceState(null, '', '/sale?utm_source=mail');
  const tracker = create();
  tracker.consent.set({ analytics: true });
  tracker.track('Product Added');
  expect(localStorage.getItem(key)).toContain('mail');
  tracker.consent.set({ analytics: false });
  expect(localStorage.getItem(key)).toBeNull();
});
