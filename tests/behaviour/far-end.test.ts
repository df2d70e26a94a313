import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { answerWith, refuseAbove } from '../faults/front-server.ts';
import { type PageTime, stopTime } from './page-time.ts';
import { type TestedWindow, useSite } from './site.ts';

declare const window: TestedWindow & { chance: number };

const maxWaitMs = 100;

describe('a collector that refuses', needs(chromium), () => {
  const site = useSite();
  const patience = { timeout: 10_000 };

  const diagnostics = (page: Page): Promise<readonly string[]> => page.evaluate(() => window.diagnostics);
  const stats = (page: Page) => page.evaluate(() => window.tracker.stats());

  /** How many requests the page has made, once it knows the answers to all of them. */
  const answered = async (page: Page, howMany: number): Promise<void> => {
    const ends = () => page.evaluate(() => window.requests.map(({ end }) => end));
    await expect.poll(ends, patience).toEqual(Array(howMany).fill('answered'));
    await expect.poll(() => site.front.statuses.length, patience).toBe(howMany);
  };

  const inRequest = (index: number): readonly string[] =>
    site.front.sightings.filter(({ request }) => request === index).map(({ id }) => id);

  /** The next request is made when exactly `ms` have passed. */
  async function nextRequestAfter(ms: number, page: Page, time: PageTime): Promise<void> {
    const made = (): Promise<number> => page.evaluate(() => window.requests.length);
    const before = await made();
    await time.pass(ms - 1);
    expect(await made()).toBe(before);
    await time.pass(2);
    await answered(page, before + 1);
  }

  /** A page whose waits are not random: each is `window.chance` of what it may be. */
  async function openWithChance(chance: number): Promise<Page> {
    await site.context.addInitScript(`globalThis.chance = ${chance}; Math.random = () => globalThis.chance;`);
    return site.open();
  }

  const inTwoSeconds = (nowMs: number): string => new Date(nowMs + 2_000).toUTCString();
  // Full jitter comes on top of a wait the collector names, so that its clients do not all come back in one moment.
  test.each([
    { says: '2', means: '2 s, at no cost of tries', header: () => '2', waitMs: 2_000, refusals: 3 },
    { says: 'a date in 2 s', means: '2 s', header: inTwoSeconds, waitMs: 2_000, refusals: 1 },
    { says: '-5', means: 'the usual wait', header: () => '-5', waitMs: 0, refusals: 1 },
    { says: 'abc', means: 'the usual wait', header: () => 'abc', waitMs: 0, refusals: 1 },
    { says: '999999', means: '5 minutes', header: () => '999999', waitMs: 300_000, refusals: 3 },
  ])(
    'T6 429 with Retry-After $says means $means; what came meanwhile leaves with the rest, in one batch',
    async ({ header, waitMs, refusals }) => {
      const time = await stopTime(site.context);
      // HTTP dates have whole seconds: so has the moment of the first request.
      const queue = { maxWaitMs: 1_000 };
      const baseDelayMs = 1_000; // its default
      await site.options({ queue });
      const page = await openWithChance(0.5);
      let left = refusals;
      site.front.inject(() =>
        left-- > 0 ? new Response(null, { status: 429, headers: { 'retry-after': header(time.now()) } }) : undefined,
      );
      const ids = [...(await site.track(page, 5))];
      await time.pass(queue.maxWaitMs);
      await answered(page, 1);
      for (let request = 1; request <= refusals; request++) {
        ids.push(...(await site.track(page, 1)));
        await nextRequestAfter(waitMs + 0.5 * baseDelayMs, page, time);
        expect(inRequest(request)).toEqual(ids);
      }
      await expect.poll(() => stats(page), patience).toMatchObject({ delivered: ids.length, dropped: {}, pending: 0 });
      expect(await site.kept(ids)).toEqual(ids);
    },
  );

  test('T7 500 and 503: tried again after jittered waits of growing bounds', async () => {
    const time = await stopTime(site.context);
    await site.options({ queue: { maxWaitMs } });
    const page = await openWithChance(0.5);
    const answers = [500, 503];
    site.front.inject(() => {
      const status = answers.shift();
      return status === undefined ? undefined : new Response(null, { status });
    });
    const ids = await site.track(page, 10);
    await time.pass(maxWaitMs);
    await answered(page, 1);
    // Of 1 s, then of 2 s: doubled bounds, and of each any part.
    await page.evaluate(() => {
      window.chance = 0.8;
    });
    await nextRequestAfter(500, page, time);
    await nextRequestAfter(1_600, page, time);
    expect(inRequest(2)).toEqual(ids);
    expect(site.front.statuses).toEqual([500, 503, 200]);
    expect(await diagnostics(page)).toEqual(['send-failed: http-500', 'send-failed: http-503']);
    expect(await site.kept(ids)).toEqual(ids);
  });

  test.each([400, 501])(
    'T7 %i: dropped with that reason, sent once, and what comes after it goes on',
    async (status) => {
      await site.options({ queue: { maxWaitMs } });
      const page = await site.open();
      site.front.inject(answerWith(status, {}, 1));
      const refused = await site.track(page, 10);
      await answered(page, 1);
      const later = await site.track(page, 1);
      await expect.poll(() => site.kept([...refused, ...later]), patience).toEqual(later);
      await expect
        .poll(() => stats(page), patience)
        .toMatchObject({
          accepted: 11,
          delivered: 1,
          dead: { [`http-${status}`]: 10 },
          pending: 0,
        });
      expect(await diagnostics(page)).toEqual([`send-failed: http-${status}`]);
      expect(site.front.statuses).toEqual([status, 200]);
    },
  );

  test('T7 413: the batch is split until each event that fits is delivered; one that never fits is dropped', async () => {
    await site.options({ queue: { maxWaitMs } });
    const page = await site.open();
    site.front.inject(refuseAbove(8_000));
    const before = await site.track(page, 5, { sizeBytes: 1_000 });
    const [tooLarge = ''] = await site.track(page, 1, { sizeBytes: 10_000 });
    const after = await site.track(page, 4, { sizeBytes: 1_000 });
    const fitting = [...before, ...after];
    await expect.poll(() => site.kept([...fitting, tooLarge]), patience).toEqual(fitting);
    await expect.poll(() => stats(page), patience).toMatchObject({ dead: { 'too-large': 1 }, pending: 0 });
    expect(await diagnostics(page)).toEqual(['send-failed: too-large']);
  });

  test('T8 two of ten refused one by one: eight are stored, two callers learn why, and nothing is sent again', async () => {
    const page = await site.open();
    const fates = await page.evaluate(async () => {
      // Longer than the collector lets a name be.
      const nameOf = (index: number): string => (index === 2 || index === 5 ? 'x'.repeat(201) : 'Fault Met');
      const receipts = Array.from({ length: 10 }, (_, index) =>
        window.tracker.track(nameOf(index), { marker: `mk${String(index).padStart(12, '0')}` }),
      );
      await window.tracker.flush();
      return Promise.all(receipts.map(({ delivered }) => delivered));
    });
    expect(fates.flatMap(({ kind }, index) => (kind === 'delivered' ? [] : [index]))).toEqual([2, 5]);
    expect(fates[2]).toMatchObject({ kind: 'dead', reason: 'event: too-long' });
    const ids = fates.map((_, index) => `mk${String(index).padStart(12, '0')}`);
    expect(await site.kept(ids)).toEqual(ids.filter((_, index) => index !== 2 && index !== 5));
    expect(await stats(page)).toMatchObject({ delivered: 8, pending: 0 });
    const next = await site.track(page, 1);
    await expect.poll(() => site.kept(next), patience).toEqual(next);
    expect(inRequest(0)).toEqual(ids);
    expect(inRequest(1)).toEqual(next);
  });
});

describe('a collector out of reach', needs(chromium), () => {
  const site = useSite();

  test.each([
    {
      how: 'a blocker ends its requests',
      block: () => site.context.route('**/api/j', (route) => route.abort('blockedbyclient')),
    },
    {
      how: 'fetch throws at once',
      block: () =>
        site.context.addInitScript(() => {
          if (location.pathname !== '/unblocked') {
            globalThis.fetch = () => {
              throw new TypeError('blocked');
            };
          }
        }),
    },
  ])(
    'T14 $how for 5 minutes: the page notices nothing, and the next visit without it brings everything',
    async ({ block }) => {
      const time = await stopTime(site.context);
      await block();
      const said: string[] = [];
      site.context.on('console', (message) => said.push(message.text()));
      const page = await site.open();
      const ids = await site.track(page, 10);
      // In steps, because a request ends in its own time, and the next wait begins then.
      for (let seconds = 0; seconds < 300; seconds += 10) await time.pass(10_000);
      expect(await page.evaluate(() => window.tracker.stats())).toMatchObject({ accepted: 10, pending: 10 });
      // The browser itself tells of a blocked request.
      expect(said.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
      await page.close();
      await site.context.unrouteAll();

      await site.open('/unblocked');
      await time.goOn();
      await expect.poll(() => site.kept(ids), { timeout: 10_000 }).toEqual(ids);
    },
  );
});
