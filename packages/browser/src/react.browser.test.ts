// biome-ignore-all lint/suspicious/noDocumentCookie: as the tracker writes it
import { deviceCookieName } from '@org/track-core';
import { createElement as h, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, test, vi } from 'vitest';
import { pageViews } from './capture/page-views.ts';
import { createTracker } from './create-browser-tracker.ts';
import { watchSeen } from './react/watch-seen.ts';
import { Impression, TrackProvider } from './react.ts';

const endpoint = `/api/j${Math.random().toString(36).slice(2)}`;
let end: () => Promise<unknown>;

afterEach(async () => {
  await end();
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
  document.cookie = `${deviceCookieName}=; Max-Age=-1; Path=/`;
  scrollTo(0, 0);
});

test.each([{ windows: 22 }, { windows: 300 }])(
  'what is $windows windows long is seen when it fills half of one',
  async ({ windows }) => {
    const seen = vi.fn();
    document.body.innerHTML = `<hr style="height:300vh"><main style="height:${windows * 100}vh"></main>`;
    const main = document.querySelector('main') as HTMLElement;
    const stop = watchSeen(main, seen);
    end = async () => stop();
    const top = main.offsetTop;
    for (let step = 1; step <= 10; step++) {
      scrollTo(0, top - window.innerHeight * (1 - step * 0.07));
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
    }
    await expect.poll(() => seen.mock.calls.length, { timeout: 5_000 }).toBe(1);
  },
);

test('in a real window: one page view under StrictMode, and what was scrolled to is seen once', async () => {
  const events: { type: string; event?: string; properties: { product_id?: string } }[] = [];
  const { fetch } = window;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (url !== endpoint) return fetch(url, init);
    events.push(...JSON.parse(String(init.body)).batch);
    return Response.json({ success: true });
  });
  const tracker = createTracker({ endpoint, capture: [pageViews()], consent: { model: 'opt-out' } });
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  end = () => {
    root.unmount();
    return tracker.shutdown();
  };
  const card = (id: string, height: string) =>
    h(Impression, { event: 'Product Viewed', properties: { product_id: id }, key: id, id, style: { height } });
  // The tall one never has half of itself in view.
  const page = [card('near', '100px'), h('hr', { key: 'gap', style: { height: '300vh' } }), card('far', '400vh')];
  root.render(h(StrictMode, null, h(TrackProvider, { tracker }, page)));

  const seen = () => events.filter(({ type }) => type === 'track').map(({ properties }) => properties.product_id);
  await vi.waitFor(
    async () => {
      await tracker.flush();
      expect(seen()).toEqual(['near']);
    },
    { timeout: 10_000 },
  );
  document.getElementById('far')?.scrollIntoView();
  await vi.waitFor(
    async () => {
      await tracker.flush();
      expect(seen()).toEqual(['near', 'far']);
    },
    { timeout: 10_000 },
  );
  scrollTo(0, 0);
  await new Promise((done) => setTimeout(done, 1_300));
  await tracker.flush();
  expect(seen()).toEqual(['near', 'far']);
  expect(events.filter(({ type }) => type === 'page')).toHaveLength(1);
});
