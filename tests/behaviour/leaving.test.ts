import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { quiet, until } from '../faults/until.ts';
import { type PageRequest, type TestedWindow, useSite } from './site.ts';

declare const window: TestedWindow;
declare const sessionStorage: Storage;

/** What browsers allow a page to have under way in requests that outlive it. */
const keepaliveBudget = 64 * 1_024;

describe('leaving a page', needs(chromium), () => {
  const site = useSite();
  const patience = { timeout: 30_000 };

  const times = (ids: readonly string[]): readonly number[] =>
    ids.map((id) => site.front.sightings.filter((sighting) => sighting.id === id).length);

  test('T1 an event tracked in the task that leaves arrives within 3 s, and the page does not wait for its answer', async () => {
    const page = await site.open();
    const answer = site.holdAnswers();
    // Returns when the next page is there: the collector has not answered.
    const ids = await site.track(page, 1, { thenGo: site.elsewhere });
    expect(site.front.statuses.filter((status) => status !== undefined)).toEqual([]);
    // It has left by then: what takes it so long to be stored is not the page's affair.
    expect(await until(() => times(ids)[0] === 1, 3_000)).toBe(true);
    answer();
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
  });

  test('T2 of 123 KB tracked in the task that leaves, no more than the budget goes along, and the next visit brings the rest', async () => {
    await site.context.addInitScript(() => {
      // Where the next page finds it. Only what is under way at once counts, and nothing is answered before the page leaves.
      const { fetch } = globalThis;
      globalThis.fetch = (url, init) => {
        const bytes = init?.keepalive === true ? new Blob([String(init.body)]).size : 0;
        sessionStorage.setItem('keepaliveBytes', String(Number(sessionStorage.getItem('keepaliveBytes')) + bytes));
        return fetch(url, init);
      };
    });
    const page = await site.open();
    const answer = site.holdAnswers();
    const ids = await site.track(page, 60, { sizeBytes: 2_000, thenGo: site.elsewhere });
    const underWay = await page.evaluate(() => Number(sessionStorage.getItem('keepaliveBytes')));
    expect(underWay).toBeGreaterThan(keepaliveBudget / 2);
    expect(underWay).toBeLessThanOrEqual(keepaliveBudget);
    answer();
    await page.goto(site.front.origin);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
  });

  test('T3 hidden and visible again while events wait and while their answer is awaited: each is sent once', async () => {
    const maxWaitMs = 500;
    await site.options({ queue: { maxWaitMs } });
    const page = await site.open();
    const answer = site.holdAnswers();
    const ids = await site.track(page, 3);
    // Chromium that is driven never hides a page; one that nobody drives does, in the fault suite.
    await page.evaluate(async () => {
      const show = (isShown: boolean): void => {
        const state = isShown ? 'visible' : 'hidden';
        Object.defineProperty(document, 'hidden', { configurable: true, value: !isShown });
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: state });
        document.dispatchEvent(new Event('visibilitychange'));
      };
      show(false);
      await new Promise((resolve) => setTimeout(resolve, 300));
      show(true);
    });
    await expect.poll(() => times(ids), patience).toEqual([1, 1, 1]);
    answer();
    await quiet(site.front, 2 * maxWaitMs);
    expect(times(ids)).toEqual([1, 1, 1]);
    expect(await site.kept(ids)).toEqual(ids);
  });

  test('T4 what exceeds the keepalive budget goes without, none is refused, and answers and aborts give the budget back', async () => {
    await site.options({ queue: { maxEvents: 1, concurrency: 3, timeoutMs: 3_000 } });
    const page = await site.open();
    const requests = (): Promise<readonly PageRequest[]> => page.evaluate(() => window.requests);
    /** Of the first requests from there on: what is not answered in time is tried again. */
    const keepalive = async (from: number, howMany: number): Promise<readonly boolean[]> =>
      (await requests()).slice(from, from + howMany).map((request) => request.keepalive);
    const isDrained = () => expect.poll(() => page.evaluate(() => window.tracker.stats().pending), patience).toBe(0);
    const large = { sizeBytes: 29_000 };

    let answer = site.holdAnswers();
    const first = [...(await site.track(page, 2, large)), ...(await site.track(page, 1, { sizeBytes: 20_000 }))];
    await expect.poll(() => keepalive(0, 3), patience).toEqual([true, true, false]);
    answer();
    await isDrained();

    answer = site.holdAnswers();
    const held = (await requests()).length;
    const second = await site.track(page, 2, large);
    await expect.poll(() => keepalive(held, 2), patience).toEqual([true, true]);
    await expect
      .poll(async () => (await requests()).slice(held, held + 2).map(({ end }) => end), patience)
      .toEqual(['AbortError', 'AbortError']);
    answer();
    await isDrained();

    const before = (await requests()).length;
    const third = await site.track(page, 2, large);
    await expect.poll(() => keepalive(before, 2), patience).toEqual([true, true]);
    await isDrained();
    expect((await requests()).map(({ end }) => end)).not.toContain('TypeError');
    const ids = [...first, ...second, ...third];
    expect(await site.kept(ids)).toEqual(ids);
  });
});
