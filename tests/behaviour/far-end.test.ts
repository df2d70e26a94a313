import type { Page } from 'playwright';
import { beforeEach, describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { answerWith, refuseAbove } from '../faults/front-server.ts';
import { type PageTime, stopTime } from './page-time.ts';
import { type PageRequest, type TestedWindow, useSite } from './site.ts';

declare const window: Omit<TestedWindow, 'requests'> & {
  chance: number;
  isBlocked: boolean;
  readonly requests: PageRequest[];
};

const maxWaitMs = 100;

describe('a collector that refuses', needs(chromium), () => {
  const site = useSite();
  const patience = { timeout: 30_000 };

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

  test.each([
    { why: 'no request says which it is', delivery: [], retryCounts: [undefined, undefined, undefined] },
    { why: 'with numbered() each says which it is', delivery: ['numbered'] as const, retryCounts: [undefined, 1, 2] },
  ])('T7 500 and 503: tried again after jittered waits of growing bounds; $why', async ({ delivery, retryCounts }) => {
    const time = await stopTime(site.context);
    await site.options({ queue: { maxWaitMs }, delivery });
    const page = await openWithChance(0.5);
    const answers = [500, 503];
    const counted: unknown[] = [];
    site.front.inject(({ body }) => {
      counted.push(JSON.parse(new TextDecoder().decode(body)).retryCount);
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
    expect(counted).toEqual(retryCounts);
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
  const patience = { timeout: 30_000 };

  interface Obstacle {
    readonly how: string;
    /** Ends every request of pages to come. */
    block(): Promise<unknown>;
    /** From now on it ends none. */
    unblock(page: Page): Promise<unknown>;
  }

  const obstacles: readonly Obstacle[] = [
    {
      how: 'a blocker ends its requests',
      block: () => site.context.route('**/api/j', (route) => route.abort('blockedbyclient')),
      unblock: () => site.context.unrouteAll(),
    },
    {
      how: 'fetch throws at once',
      block: () =>
        site.context.addInitScript(() => {
          const { fetch } = globalThis;
          window.isBlocked = location.pathname !== '/unblocked';
          globalThis.fetch = (...request) => {
            if (!window.isBlocked) return fetch(...request);
            window.requests.push({ bytes: 0, keepalive: false, end: 'TypeError' });
            throw new TypeError('blocked');
          };
        }),
      unblock: (page) => page.evaluate(() => (window.isBlocked = false)),
    },
  ];

  /** What pages say on the console, save what the browser itself says of a blocked request. */
  function listenToPages(): readonly string[] {
    const said: string[] = [];
    site.context.on('console', (message) => {
      if (!message.text().startsWith('Failed to load resource')) said.push(message.text());
    });
    return said;
  }

  /** In steps, because a request ends in its own time, and the next wait begins then. */
  async function fiveMinutes(time: PageTime): Promise<void> {
    for (let seconds = 0; seconds < 300; seconds += 10) await time.pass(10_000);
  }

  const stats = (page: Page) => page.evaluate(() => window.tracker.stats());
  const states = (page: Page) => page.evaluate(() => window.states);
  const requests = (page: Page) => page.evaluate(() => window.requests.length);

  test.each(obstacles)(
    'T14 $how for 5 minutes: the page notices nothing, and the next visit without it brings everything',
    async ({ block, unblock }) => {
      const time = await stopTime(site.context);
      await block();
      const said = listenToPages();
      const page = await site.open();
      const ids = await site.track(page, 10);
      await fiveMinutes(time);
      expect(await stats(page)).toMatchObject({ accepted: 10, pending: 10 });
      expect(said).toEqual([]);
      await unblock(page);
      await page.close();

      await site.open('/unblocked');
      await time.goOn();
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    },
  );

  describe('with deliveryState()', () => {
    const batchWaitMs = 2_000; // its default

    // Asked for by the browser when it likes to: the site would answer something else.
    beforeEach(() => site.context.route('**/favicon.ico', (route) => route.abort()));

    const changes: readonly { readonly when: string; change(page: Page): Promise<unknown> }[] = [
      {
        when: 'when the page becomes another',
        change: (page) => page.evaluate(() => history.pushState(0, '', '/next')),
      },
      { when: 'when the person goes back', change: (page) => page.evaluate(() => history.back()) },
      {
        when: 'when the page is visible again',
        change: (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))),
      },
      {
        when: 'when the browser is online again',
        async change() {
          await site.context.setOffline(true);
          await site.context.setOffline(false);
        },
      },
    ];

    test.each(obstacles.flatMap((obstacle) => changes.map((change) => ({ ...obstacle, ...change }))))(
      'T14 $how: three tries in 5 minutes, then none; without it the same visit brings everything $when',
      async ({ block, unblock, change }) => {
        await site.options({ deliveryState: true });
        const time = await stopTime(site.context);
        await block();
        const said = listenToPages();
        const page = await site.open();
        await page.evaluate(() => history.pushState(0, '', '/second'));
        const ids = [...(await site.track(page, 10))];
        await fiveMinutes(time);
        expect(await requests(page)).toBe(3);
        ids.push(...(await site.track(page, 1)));
        await fiveMinutes(time);
        expect(await requests(page)).toBe(3);
        expect(await stats(page)).toMatchObject({ accepted: 11, pending: 11, dropped: {}, dead: {} });
        expect(await states(page)).toEqual(['down']);
        expect(said).toEqual([]);

        await unblock(page);
        await change(page);
        await time.goOn();
        await expect.poll(() => site.kept(ids), patience).toEqual(ids);
        await expect.poll(() => states(page), patience).toEqual(['down', 'ok']);
      },
    );

    test('T14 another tab takes over nothing of what a page has parked: each event is sent once', async () => {
      await site.options({ deliveryState: true });
      const time = await stopTime(site.context);
      const page = await site.open();
      await site.front.goDown();
      const ids = await site.track(page, 10);
      await fiveMinutes(time);
      expect(await requests(page)).toBe(3);

      await site.front.comeBack();
      const other = await site.open();
      const others = await site.track(other, 1);
      await time.goOn();
      await expect.poll(() => site.kept([...ids, ...others]), patience).toEqual(others);
      await page.evaluate(() => history.pushState(0, '', '/next'));
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
      const sent = site.front.sightings.map(({ id }) => id);
      expect(sent.toSorted()).toEqual([...ids, ...others].toSorted());
    });

    test.each(obstacles)('T14 $how: what was parked comes with the next visit', async ({ block, unblock }) => {
      await site.options({ deliveryState: true });
      const time = await stopTime(site.context);
      await block();
      const page = await site.open();
      const ids = await site.track(page, 10);
      await fiveMinutes(time);
      await page.close();
      await unblock(await site.open('/unblocked'));
      await time.goOn();
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    });

    test.each(obstacles)(
      'T14 $how while the site answers others: a blocker is suspected after two tries, and asked once for each page',
      async ({ block, unblock }) => {
        await site.options({ deliveryState: true });
        const time = await stopTime(site.context);
        await block();
        const page = await site.open();
        const ids = await site.track(page, 10);
        await time.pass(batchWaitMs);
        await expect.poll(() => states(page), patience).toEqual(['down']);
        await page.evaluate(async () => {
          const script = Object.assign(document.createElement('script'), { src: '/worker.js?again' });
          const loaded = new Promise((done) => script.addEventListener('load', done));
          document.body.append(script);
          await loaded;
        });
        // In small steps: the page's clock must not outrun the refusal.
        while ((await requests(page)) < 2) await time.pass(20);
        await expect.poll(() => states(page), patience).toEqual(['down', 'blocked']);
        await fiveMinutes(time);
        expect(await requests(page)).toBe(2);
        await page.evaluate(() => history.pushState(0, '', '/next'));
        await fiveMinutes(time);
        expect(await requests(page)).toBe(3);

        await unblock(page);
        await page.evaluate(() => history.pushState(0, '', '/last'));
        await time.goOn();
        await expect.poll(() => site.kept(ids), patience).toEqual(ids);
        await expect.poll(() => states(page), patience).toEqual(['down', 'blocked', 'ok']);
      },
    );

    test('T14 a collector that is back within three tries gets everything, with no change of the page', async () => {
      await site.options({ deliveryState: true });
      const time = await stopTime(site.context);
      const page = await site.open();
      await site.front.goDown();
      const ids = await site.track(page, 10);
      await time.pass(batchWaitMs);
      await expect.poll(() => states(page), patience).toEqual(['down']);
      await site.front.comeBack();
      await time.goOn();
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    });

    test('T14 offline, and online again', async () => {
      await site.options({ deliveryState: true });
      const page = await site.open();
      await site.context.setOffline(true);
      const ids = await site.track(page, 10);
      await expect.poll(() => states(page), patience).toEqual(['offline']);
      await site.context.setOffline(false);
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
      await expect.poll(() => states(page), patience).toEqual(['offline', 'ok']);
    });

    test('a collector of another origin that does not allow this one: cors, and the events are kept', async () => {
      const endpoint = `${site.front.origin.replace('127.0.0.1', 'localhost')}/api/j`;
      await site.options({ deliveryState: true, endpoint });
      const page = await site.open();
      await site.track(page, 10);
      await expect.poll(() => states(page), patience).toEqual(['down', 'cors']);
      expect(await requests(page)).toBe(2);
      expect(await stats(page)).toMatchObject({ accepted: 10, pending: 10 });
    });

    test.each([
      { status: 429, state: 'throttled' },
      { status: 503, state: 'down' },
      { status: 401, state: 'unauthorized' },
      { status: 403, state: 'unauthorized' },
    ])('a collector that answers $status: $state, and ok once it takes events', async ({ status, state }) => {
      await site.options({ deliveryState: true, queue: { maxWaitMs } });
      const page = await site.open();
      site.front.inject(answerWith(status, {}, 1));
      await site.track(page, 1);
      await expect.poll(() => site.front.statuses, patience).toContain(status);
      const ids = await site.track(page, 1);
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
      await expect.poll(() => states(page), patience).toEqual([state, 'ok']);
    });
  });
});
