// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { deviceCookieName, type TrackEvent } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clicks } from './capture/clicks.ts';
import { pageViews } from './capture/page-views.ts';
import { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';

const home = location.href;
const endpoint = `/api/j${Math.random().toString(36).slice(2)}`;
let running: ReturnType<typeof createTracker>[];
let requests: { readonly init: RequestInit; readonly batch: TrackEvent[] }[];

beforeEach(() => {
  running = [];
  requests = [];
  const { fetch } = window;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url !== endpoint) return fetch(url, init);
    requests.push({ init, ...JSON.parse(String(init.body)) });
    return Response.json({ success: true });
  });
});

afterEach(async () => {
  for (const tracker of running) await tracker.shutdown();
  vi.unstubAllGlobals();
  history.replaceState(null, '', home);
  document.body.innerHTML = '';
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
  for (const { name = '' } of await ours())
    await new Promise((done) => (indexedDB.deleteDatabase(name).onsuccess = done));
});

const ours = async (): Promise<IDBDatabaseInfo[]> =>
  (await indexedDB.databases()).filter(({ name }) => name?.includes(endpoint));

function create(options: Partial<BrowserTrackerOptions> = {}): ReturnType<typeof createTracker> {
  const tracker = createTracker({ endpoint, ...options });
  running.push(tracker);
  return tracker;
}

const optOut = { consent: { model: 'opt-out' } } as const;
const events = (): TrackEvent[] => requests.flatMap(({ batch }) => batch);

test('before a yes: zero bytes stored, zero requests; after it everything goes', async () => {
  const keys = Object.keys(localStorage);
  const session = Object.keys(sessionStorage);
  const tracker = create({ capture: [pageViews(), clicks()] });
  tracker.identify('u1');
  tracker.track('Product Viewed');
  dispatchEvent(new Event('pagehide'));
  await tracker.flush({ deadlineMs: 100 });
  expect(await ours()).toEqual([]);
  expect(document.cookie).not.toContain(`${deviceCookieName}=`);
  expect(Object.keys(localStorage)).toEqual(keys);
  expect(Object.keys(sessionStorage)).toEqual(session);
  expect(requests).toEqual([]);
  expect(tracker.stats().pending).toBe(3);

  tracker.consent.set({ analytics: true });
  const { delivered, pending } = await tracker.flush();
  expect({ delivered, pending }).toEqual({ delivered: 3, pending: 0 });
  expect(document.cookie).toContain(`${deviceCookieName}=`);
  await expect.poll(async () => (await ours()).length).toBe(1);
});

test('the person and the visit go on with the next tracker, over a real cookie', async () => {
  const first = create(optOut);
  first.identify('ünal; =|');
  await first.shutdown();
  const second = create(optOut);
  second.track('Product Viewed');
  await second.flush();
  const [identify, viewed] = events();
  expect(viewed).toMatchObject({ userId: 'ünal; =|', anonymousId: identify?.anonymousId });
  expect(viewed?.context?.session).toEqual({ id: identify?.context?.session?.id });
  second.reset();
  second.track('Product Viewed');
  await second.flush();
  expect(events()[2]?.anonymousId).not.toBe(identify?.anonymousId);
});

test('a request may outlive its page, and needs no pre-flight', async () => {
  const tracker = create(optOut);
  tracker.track('Product Viewed');
  await tracker.flush();
  expect(requests[0]?.init).toMatchObject({ method: 'POST', keepalive: true });
  const request = new Request(endpoint, requests[0]?.init);
  expect(request.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
  expect(request.credentials).toBe('same-origin');
});

test('single-page navigations are views, once each, over the browser’s own Navigation API', async () => {
  expect('navigation' in window).toBe(true);
  const { pushState } = history;
  const tracker = create({ ...optOut, capture: [pageViews()] });
  expect(history.pushState).toBe(pushState);
  await expect.poll(() => tracker.stats().accepted).toBe(1);
  history.pushState(null, '', '/a?q=1');
  history.pushState(null, '', '/a?q=1');
  history.replaceState({ scroll: 1 }, '', '/a?q=1#top');
  document.title = 'A';
  await expect.poll(() => tracker.stats().accepted).toBe(2);
  history.pushState(null, '', '/old');
  history.replaceState(null, '', '/b');
  await expect.poll(() => tracker.stats().accepted).toBe(3);
  history.go(-1);
  await expect.poll(() => tracker.stats().accepted).toBe(4);
  await tracker.flush();
  const { origin } = location;
  expect(events().map(({ type, ...event }) => [type, 'properties' in event && event.properties])).toMatchObject([
    ['page', { path: new URL(home).pathname }],
    ['page', { path: '/a', search: '?q=1', title: 'A', referrer: home }],
    ['page', { path: '/b', referrer: `${origin}/a?q=1#top` }],
    ['page', { path: '/a', referrer: `${origin}/b` }],
  ]);
});

test('clicks are heard through open shadow trees, and never hold up the page', async () => {
  const tracker = create({ ...optOut, capture: [clicks()] });
  const host = document.createElement('section');
  host.dataset.track = 'Card Clicked';
  document.body.append(host);
  host.attachShadow({ mode: 'open' }).innerHTML =
    '<button data-track="Product Added" data-track-product-id="p1"><b>Add</b></button><p>text</p>';
  const prevented = vi.spyOn(Event.prototype, 'preventDefault');
  host.shadowRoot?.querySelector('b')?.click();
  host.shadowRoot?.querySelector('p')?.click();
  await tracker.flush();
  expect(events()).toMatchObject([
    { event: 'Product Added', properties: { product_id: 'p1' } },
    { event: 'Card Clicked', properties: {} },
  ]);
  expect(prevented).not.toHaveBeenCalled();
  prevented.mockRestore();
});
