import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import type { WireRequest } from '../faults/client.ts';
import { chromium as engine } from '../faults/engines/chromium.ts';
import { until } from '../faults/until.ts';
import { stopTime } from './page-time.ts';
import { type TestedWindow, useSite } from './site.ts';

declare const window: TestedWindow & { readonly wasRestored?: boolean };
declare const dispatchEvent: (event: Event) => void;

interface Word {
  readonly messageId: string;
  readonly event?: string;
  readonly type: string;
  readonly timestamp: string;
  readonly properties: {
    readonly path?: string;
    readonly view_id: string;
    readonly seconds?: number;
    readonly percent?: number;
    readonly previous_view_id?: string;
    readonly previous_seconds?: number;
    readonly previous_percent?: number;
  };
}

const patience = { timeout: 30_000 };

const dist = join(dirname(createRequire(import.meta.url).resolve('@org/track-browser/package.json')), 'dist');
/** The second script tag, in a page that has the first. */
const capture = `(0, eval)(${JSON.stringify(await readFile(join(dist, 'track-browser-capture.iife.js'), 'utf8'))});`;

/** A page of five windows’ height, whose tracker measures attention. */
const attentive = `
document.body.insertAdjacentHTML('beforeend', '<div style="height: ' + 5 * innerHeight + 'px"></div>');
document.body.style.margin = 0;
document.querySelector('p').remove();
globalThis.attentive = orgTrack.createTracker({
  endpoint: '/api/j',
  consent: { initial: { analytics: true } },
  queue: { maxWaitMs: 100 },
  capture: [orgTrack.pageViews(), orgTrack.engagement(), orgTrack.scrollDepth()],
});`;

describe('attention', needs(chromium), () => {
  const site = useSite();

  /**
   * Makes `/read` an attentive page, which goes on with `code`; what it tells, in its order, each once:
   * what was on its way in a crash is sent again.
   */
  function listen(code = ''): readonly Word[] {
    const words: Word[] = [];
    const known = new Set<string>();
    site.front.addPage('/read', capture + attentive + code);
    site.front.inject(({ method, body }: WireRequest) => {
      if (method !== 'POST') return;
      const { batch } = JSON.parse(new TextDecoder().decode(body)) as { readonly batch: readonly Word[] };
      words.push(...batch.filter(({ messageId }) => !known.has(messageId) && known.add(messageId)));
    });
    return words;
  }

  const viewWords = (words: readonly Word[]) => words.filter(({ type }) => type === 'page');
  const views = (words: readonly Word[]) => viewWords(words).map(({ properties }) => properties);
  const engagedWords = (words: readonly Word[]) => words.filter(({ event }) => event === 'Page Engaged');
  /** How much later one thing was than the other by the page’s own clock, in seconds: on a busy machine all takes longer. */
  const between = (one: Word | undefined, other: Word | undefined): number =>
    (Date.parse(other?.timestamp ?? '') - Date.parse(one?.timestamp ?? '')) / 1_000;

  const engaged = (words: readonly Word[]) => engagedWords(words).map(({ properties }) => properties);

  // A browser that is short of time or memory need not keep a page, and then there is nothing to see.
  test('each view from the back/forward cache is measured from nothing', { retry: 2 }, async () => {
    const words = listen(`
      scrollTo(0, 2 * innerHeight);
      addEventListener('pageshow', ({ persisted }) => persisted && scrollTo(0, 0));`);
    const page = await site.open('/read');
    await pause(1_500);
    await page.goto(site.elsewhere);
    await expect.poll(() => engaged(words).length, patience).toBe(1);
    await pause(2_000); // in which nobody reads it
    await page.goBack({ waitUntil: 'commit' });
    await expect.poll(() => page.evaluate(() => window.wasRestored), patience).toBe(true);
    await pause(1_200);
    await page.goto(site.elsewhere);
    await expect.poll(() => engaged(words).length, patience).toBe(2);
    await expect.poll(() => views(words).length, patience).toBe(2);
    const [first, second] = engaged(words);
    expect(first).toMatchObject({ percent: 60 });
    expect(first?.seconds).toBeGreaterThanOrEqual(1.4);
    expect(second).toMatchObject({ percent: 20 });
    expect(second?.seconds).toBeGreaterThanOrEqual(1.1);
    expect(second?.seconds).toBeLessThan(between(viewWords(words)[1], engagedWords(words)[1]) + 0.5);
    expect(views(words).map(({ view_id }) => view_id)).toEqual([first?.view_id, second?.view_id]);
  });

  test('what a single page shows is told with the view that follows it, over the browser’s own navigation', async () => {
    const words = listen('scrollTo(0, innerHeight);');
    const page = await site.open('/read');
    await pause(1_200);
    await page.evaluate(() => history.pushState(null, '', '/next'));
    await expect.poll(() => views(words).length, patience).toBe(2);
    const [first, second] = views(words);
    expect(second).toMatchObject({ path: '/next', previous_view_id: first?.view_id, previous_percent: 40 });
    expect(second?.previous_seconds).toBeGreaterThanOrEqual(1.1);
    expect(engaged(words)).toEqual([]);
  });

  test('a crash costs no more than was not told yet', async () => {
    const words = listen();
    const time = await stopTime(site.context);
    const page = await site.open('/read');
    // Somebody reads for a minute, with a finger on the page now and then.
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await page.evaluate(() => dispatchEvent(new Event('pointermove')));
      await time.pass(5_000);
    }
    await page.goto('chrome://crash').catch(() => {});
    await site.open();
    await expect.poll(() => engaged(words).length, patience).toBe(2);
    expect(engaged(words).map(({ seconds }) => seconds)).toEqual([15, 45]);
  });

  /** In a browser nobody drives, because a driven one never hides a page and never makes one ready. */
  async function undriven(path: string, isOver: () => boolean): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'attention-'));
    const profile = await engine.openProfile(folder);
    try {
      await profile.undriven(site.front.origin + path, async () => {
        expect(await until(isOver, 30_000)).toBe(true);
      });
    } finally {
      await profile.close();
      await rm(folder, { recursive: true, maxRetries: 5 });
    }
  }

  test('behind another tab nobody reads', async () => {
    const behindMs = 4_000;
    const words = listen(`
      setTimeout(() => {
        const other = open('/elsewhere');
        setTimeout(() => other.close(), ${behindMs});
      }, 1_500);
      const cameBack = () => !document.hidden && setTimeout(() => { location.href = '/elsewhere'; }, 1_500);
      document.addEventListener('visibilitychange', cameBack);`);
    await undriven('/read', () => engaged(words).length === 2);
    const [hidden, left] = engaged(words);
    expect(left?.view_id).toBe(hidden?.view_id);
    expect(hidden?.seconds).toBeGreaterThanOrEqual(1.2);
    const since = (left?.seconds ?? 0) - (hidden?.seconds ?? 0);
    expect(since).toBeGreaterThanOrEqual(1.2);
    expect(since).toBeLessThan(between(engagedWords(words)[0], engagedWords(words)[1]) - behindMs / 2_000);
  });

  test('a page that was made ready before it was asked for is read once it shows', async () => {
    const words = listen(`
      const visit = () => setTimeout(() => { location.href = '/elsewhere'; }, 1_500);
      if (document.prerendering) document.addEventListener('prerenderingchange', visit);
      localStorage.ready = 'yes';`);
    site.front.addPage(
      '/linking',
      `const rules = document.createElement('script');
      rules.type = 'speculationrules';
      rules.text = JSON.stringify({ prerender: [{ urls: ['/read'], eagerness: 'immediate' }] });
      document.head.append(rules);
      // It is ready, for a while, before it is asked for.
      const timer = setInterval(() => {
        if (!localStorage.ready) return;
        clearInterval(timer);
        setTimeout(() => { location.href = '/read'; }, 3_000);
      }, 100);`,
    );
    await undriven('/linking', () => engaged(words).length === 1);
    const [left] = engaged(words);
    expect(left?.seconds).toBeGreaterThanOrEqual(1.2);
    expect(left?.seconds).toBeLessThan(between(viewWords(words)[0], engagedWords(words)[0]) + 0.5);
    expect(left?.percent).toBe(20);
    expect(views(words).map(({ view_id }) => view_id)).toEqual([left?.view_id]);
  });
});
