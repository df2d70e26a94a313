import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import type { WireRequest } from '../faults/client.ts';
import { published, type TestedWindow, useSite } from './site.ts';

declare const window: TestedWindow & { readonly wasRestored?: boolean; readonly violations: readonly string[] };

interface View {
  readonly type: string;
  readonly properties: { readonly path: string; readonly title: string; readonly referrer: string };
  readonly context: { readonly session: { readonly id: string; readonly isNew?: boolean } };
}

const patience = { timeout: 30_000 };

describe('page views', needs(chromium), () => {
  const site = useSite();

  /** Starts listening for views; those that came, in their order. */
  function watchViews(): readonly View[] {
    const views: View[] = [];
    site.front.inject(({ method, body }: WireRequest) => {
      if (method !== 'POST') return;
      const { batch } = JSON.parse(new TextDecoder().decode(body)) as { readonly batch: readonly View[] };
      views.push(...batch.filter(({ type }) => type === 'page'));
    });
    return views;
  }

  const flush = (page: Page) => page.evaluate(() => window.tracker.flush());

  /** Waits until the page has seen so many views, and no more. */
  const settled = async (page: Page, views: number): Promise<void> => {
    await expect.poll(() => page.evaluate(() => window.tracker.stats().accepted), patience).toBe(views);
  };

  test('T13 one view for each URL that stands, with its own title and the view before as referrer', async () => {
    const views = watchViews();
    await site.options({ pageViews: true });
    const page = await site.open('/a');
    await settled(page, 1);
    await page.evaluate(() => {
      history.pushState(null, '', '/b');
      history.replaceState({ scroll: 1 }, '', location.href);
      document.title = 'B';
    });
    await settled(page, 2);
    await page.evaluate(() => {
      history.pushState(null, '', '/c');
      history.pushState(null, '', '/c');
      document.title = 'C';
    });
    await settled(page, 3);
    // The same page: nothing more may come of this, nor of what follows but the one way back.
    await page.evaluate(() => {
      location.hash = 'reviews';
    });
    await page.evaluate(() => {
      document.title = 'B';
      history.go(-3);
    });
    await settled(page, 4);
    await page.evaluate(async () => {
      const link = document.createElement('a');
      link.onclick = () => history.pushState(null, '', '/old');
      link.click();
      await new Promise((resolve) => setTimeout(resolve, 20));
      history.replaceState(null, '', '/new');
    });
    await settled(page, 5);
    await flush(page);
    const { origin } = site.front;
    expect(views.map(({ properties: { path, title, referrer } }) => [path, title, referrer])).toEqual([
      ['/a', 'Shop', ''],
      ['/b', 'B', `${origin}/a`],
      ['/c', 'C', `${origin}/b`],
      ['/b', 'B', `${origin}/c`],
      ['/new', 'B', `${origin}/b`],
    ]);
  });

  test('T13 back from the back/forward cache: a new view, in a new visit if the old one has ended', async () => {
    const views = watchViews();
    const idleMs = 1_000;
    await site.options({ pageViews: true, session: { idleMs } });
    const page = await site.open('/a');
    await settled(page, 1);
    await flush(page);
    await page.goto(site.elsewhere);
    await pause(idleMs); // what the test is about
    await page.goBack({ waitUntil: 'commit' });
    await expect.poll(() => page.evaluate(() => window.wasRestored), patience).toBe(true);
    await settled(page, 2);
    await flush(page);
    const [first, second, ...others] = views;
    expect(others).toEqual([]);
    expect(second?.properties).toEqual({ ...first?.properties, referrer: '' });
    expect(second?.context.session).toMatchObject({ isNew: true });
    expect(second?.context.session.id).not.toBe(first?.context.session.id);
  });

  test('T13 a tracker that is started, stopped and started again, as React does it, sees the page once', async () => {
    const views = watchViews();
    await site.options({ pageViews: true });
    const page = await site.context.newPage();
    await page.route('**/mounted', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<!doctype html><script src="/bundle.js"></script><script>tracker.shutdown(); tracker = startTracker();</script>',
      }),
    );
    await page.goto(`${site.front.origin}/mounted`);
    await settled(page, 1);
    await page.evaluate(() => history.pushState(null, '', '/b'));
    await settled(page, 2);
    await flush(page);
    expect(views.map(({ properties: { path } }) => path)).toEqual(['/mounted', '/b']);
  });
});

describe('a strict host', needs(chromium), () => {
  const site = useSite();

  test.each([
    { whose: 'a careful page', policy: "script-src 'nonce-n1'; require-trusted-types-for 'script'" },
    { whose: 'an extension page', policy: "script-src 'self'; object-src 'self'; require-trusted-types-for 'script'" },
  ])('T15 the policy of $whose is not violated, from start to an event in the warehouse', async ({ policy }) => {
    await site.context.addInitScript(() => {
      const violations: string[] = [];
      Object.assign(globalThis, { violations });
      addEventListener('securitypolicyviolation', ({ violatedDirective, sample }) =>
        violations.push(`${violatedDirective}: ${sample}`),
      );
    });
    await site.options({ pageViews: true });
    const page = await site.context.newPage();
    await page.route('**/strict', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'content-security-policy': policy },
        body: '<!doctype html><title>Strict</title><script nonce="n1" src="/bundle.js"></script>',
      }),
    );
    await page.goto(`${site.front.origin}/strict`);
    const id = `mk${policy.length.toString(16).padStart(12, '0')}`;
    await page.evaluate((marker) => {
      history.pushState(null, '', '/strict/next');
      window.tracker.track('Fault Met', { marker });
      return window.tracker.flush();
    }, id);
    await expect.poll(() => site.kept([id]), patience).toEqual([id]);
    expect(await page.evaluate(() => window.violations)).toEqual([]);
    // The policy is in force: what the tracker does not do is refused.
    await page
      .evaluate(() => {
        const script = document.createElement('script');
        script.src = 'https://example.com/remote.js';
        document.head.append(script);
      })
      .catch(() => {});
    await expect.poll(() => page.evaluate(() => window.violations.length), patience).toBeGreaterThan(0);
  });

  test('T15 the build loads no code: no URL of a script, no eval', async () => {
    const code = await published;
    expect(code.length).toBeGreaterThan(1_000);
    expect(
      code.match(/https?:\/\/\w[^\s"'`)]*|createElement|importScripts|import\(|\beval\(|new Function/g),
    ).toBeNull();
  });

  test('T15 in a Web Worker it starts, takes calls and flushes, without a throw', async () => {
    const page = await site.open();
    const stats = await page.evaluate(async () => {
      const code = `importScripts('${location.origin}/bundle.js');
        tracker.track('Fault Met');
        tracker.flush().then(postMessage, ({ message }) => postMessage(message));`;
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      return new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve(message);
      });
    });
    // It has no page to tell of: as on a server, every call is counted and nothing leaves.
    expect(stats).toMatchObject({ accepted: 1, dropped: { shutdown: 1 }, pending: 0 });
  });
});
