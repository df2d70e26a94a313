import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { answerWith, type Fault } from '../faults/front-server.ts';
import { quiet } from '../faults/until.ts';
import { type TestedWindow, useSite } from './site.ts';

/** A request in the browser's hands. */
interface Deferred {
  readonly body: string;
  readonly signal?: AbortSignal;
}

declare const window: TestedWindow & {
  readonly deferred: readonly Deferred[];
  fetchLater(url: string, init: object): unknown;
  wasRestored?: boolean;
  letOpen(): void;
};
declare const document: { hidden: boolean };

/** Runs before the page's scripts, and notes what is put into the browser's hands. */
function noteDeferred(): void {
  const { fetchLater } = window;
  const deferred: Deferred[] = [];
  Object.assign(window, { deferred });
  window.fetchLater = (url, init) => {
    const result = fetchLater(url, init);
    deferred.push(init as Deferred);
    return result;
  };
}

const patience = { timeout: 30_000 };
const quietMs = 1_500;

describe('deferred()', needs(chromium), () => {
  const site = useSite();

  /** A page whose batches wait for a minute, so that only the browser sends them. */
  async function open(): Promise<Page> {
    await site.context.addInitScript(noteDeferred);
    await site.options({ delivery: ['deferred'], queue: { maxWaitMs: 60_000 } });
    return site.open();
  }

  /** How many events are in the browser's hands. */
  const held = (page: Page): Promise<number> =>
    page.evaluate(() =>
      window.deferred
        .filter(({ signal }) => !signal?.aborted)
        .reduce((sum, { body }) => sum + JSON.parse(body).batch.length, 0),
    );

  async function crash(page: Page): Promise<void> {
    const session = await site.context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    session.send('Page.crash').catch(() => {}); // it never answers
    await crashed;
  }

  const arrived = (ids: readonly string[]): readonly number[] =>
    ids.map((id) => site.front.sightings.filter((sighting) => sighting.id === id).length);

  test('what waits when the page crashes arrives in this very visit, and once', async () => {
    const page = await open();
    const ids = await site.track(page, 20);
    await expect.poll(() => held(page), patience).toBe(20);
    expect(site.front.sightings).toEqual([]);
    await crash(page);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(new Set(arrived(ids))).toEqual(new Set([1]));
  });

  test('a tab that is closed sends it itself, and the browser sends nothing after it', async () => {
    const page = await open();
    const ids = await site.track(page, 20);
    await expect.poll(() => held(page), patience).toBe(20);
    await page.close();
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    await quiet(site.front, quietMs);
    expect(new Set(arrived(ids))).toEqual(new Set([1]));
  });

  test('what has an answer is in nobody’s hands any more', async () => {
    const page = await open();
    const ids = await site.track(page, 5);
    await expect.poll(() => held(page), patience).toBe(5);
    await page.evaluate(() => window.tracker.flush());
    expect(await held(page)).toBe(0);
    await crash(page);
    await quiet(site.front, quietMs);
    expect(arrived(ids)).toEqual([1, 1, 1, 1, 1]);
  });

  test('after a no the browser has nothing to send either', async () => {
    const page = await open();
    const ids = await site.track(page, 5);
    await expect.poll(() => held(page), patience).toBe(5);
    await page.evaluate(() => window.tracker.consent.set({ analytics: false }));
    await crash(page);
    await quiet(site.front, quietMs);
    expect(arrived(ids)).toEqual([0, 0, 0, 0, 0]);
  });

  test('a collector that asked for a rest is left alone, also when the page crashes', async () => {
    const page = await open();
    site.front.inject(answerWith(429, { 'retry-after': '60' }));
    const ids = await site.track(page, 5);
    await page.evaluate(() => void window.tracker.flush());
    await expect.poll(() => page.evaluate(() => window.requests[0]?.end), patience).toBe('answered');
    await site.track(page, 1);
    site.front.inject(undefined);
    await page.waitForTimeout(600); // longer than what waits is left out of the browser's hands
    await crash(page);
    await quiet(site.front, quietMs);
    expect(arrived(ids)).toEqual([1, 1, 1, 1, 1]); // those that were answered with 429
    expect(site.front.sightings).toHaveLength(5);
  });

  test('a blocker that only the page’s own requests meet is not got round', async () => {
    // As the scripts do that blockers run in a page.
    await site.context.addInitScript(() => {
      globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    });
    const page = await open();
    await site.track(page, 5);
    await expect.poll(() => held(page), patience).toBe(5);
    await page.evaluate(() => void window.tracker.flush());
    await expect.poll(() => held(page), patience).toBe(0);
    await site.track(page, 5);
    await page.waitForTimeout(600); // longer than what waits is left out of the browser's hands
    await crash(page);
    await quiet(site.front, quietMs);
    expect(site.front.sightings).toEqual([]);
  });

  test('the host’s own deferred requests keep their room', async () => {
    await site.context.addInitScript(noteDeferred);
    await site.options({ delivery: ['deferred'], queue: { maxWaitMs: 60_000 } });
    const page = await site.open();
    await page.evaluate(() => window.fetchLater('/elsewhere', { method: 'POST', body: '{"batch":[]}'.padEnd(55_000) }));
    await site.track(page, 20, { sizeBytes: 1_000 });
    await expect.poll(() => held(page), patience).toBe(5);
    expect(await page.evaluate(() => window.deferred[0]?.signal?.aborted)).not.toBe(true);
  });

  test('a policy that forbids it costs nothing but the deferring', async () => {
    await site.context.route('**/', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'permissions-policy': 'deferred-fetch=()' } });
    });
    const page = await open();
    const refusal = await page.evaluate(() => {
      try {
        window.fetchLater('/elsewhere', { method: 'POST', body: '' });
      } catch (error) {
        return String(error);
      }
    });
    expect(refusal).toContain('QuotaExceededError');
    const ids = await site.track(page, 5);
    await page.evaluate(() => window.tracker.flush());
    expect(await site.kept(ids)).toEqual(ids);
    expect(await held(page)).toBe(0);
  });

  test('the page goes into the back/forward cache as ever', async () => {
    const page = await open();
    const ids = await site.track(page, 5);
    await expect.poll(() => held(page), patience).toBe(5);
    await page.goto(site.elsewhere);
    await page.goBack({ waitUntil: 'commit' });
    await expect.poll(() => page.evaluate(() => window.wasRestored), patience).toBe(true);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
  });
});

describe('compressed()', needs(chromium), () => {
  const site = useSite();

  interface Seen {
    readonly method: string;
    readonly bytes: number;
    readonly isPacked: boolean;
    readonly type: string | null;
    readonly encoding: string | null;
  }

  /** What the collector is asked, from now on. */
  function watch(fault: Fault = () => undefined): readonly Seen[] {
    const seen: Seen[] = [];
    site.front.inject((request) => {
      const { method, headers, body } = request;
      const isPacked = body[0] === 0x1f && body[1] === 0x8b;
      const [type, encoding] = [headers.get('content-type'), headers.get('content-encoding')];
      seen.push({ method, bytes: body.length, isPacked, type, encoding });
      return fault(request);
    });
    return seen;
  }

  const options = { delivery: ['deferred', 'compressed'], queue: { maxWaitMs: 200 } } as const;

  test('a batch travels packed, and the collector takes it without being told', async () => {
    const seen = watch();
    await site.options(options);
    const page = await site.open();
    const ids = await site.track(page, 20, { sizeBytes: 10 });
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(seen).toEqual([{ method: 'POST', bytes: expect.any(Number), isPacked: true, type: null, encoding: null }]);
    const [{ bytes, keepalive } = expect.fail('no request')] = await page.evaluate(() => window.requests);
    expect({ bytes, keepalive }).toEqual({ bytes: seen[0]?.bytes, keepalive: true });
    expect(bytes).toBeLessThan(20 * 100); // plain, each event takes about 600
  });

  test('a collector on another site is asked without a pre-flight', async () => {
    const seen = watch();
    const endpoint = `${site.front.origin.replace('127.0.0.1', 'localhost')}/api/j`;
    await site.options({ ...options, endpoint });
    await site.track(await site.open(), 20, { sizeBytes: 10 });
    // What it answers is its own affair: it has not been told of the site that asks.
    await expect.poll(() => seen[0], patience).toMatchObject({ method: 'POST', isPacked: true });
  });

  test('what the page’s end leaves travels plain, and is not late', async () => {
    const seen = watch();
    await site.options(options);
    const ids = await site.track(await site.open(), 20, { thenGo: site.elsewhere });
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(seen[0]).toMatchObject({ isPacked: false, type: 'text/plain;charset=UTF-8' });
  });

  test('a batch that is being packed when the page ends leaves plain', async () => {
    await site.context.addInitScript(() => {
      // Never ready, so that it is being packed for as long as this test needs.
      Object.assign(window, {
        CompressionStream: class extends TransformStream {
          constructor() {
            super({ flush: () => new Promise(() => {}) });
          }
        },
      });
    });
    const seen = watch();
    await site.options({ ...options, queue: { maxWaitMs: 0 } });
    const page = await site.open();
    const ids = await site.track(page, 20);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(seen).toEqual([]);
    await page.goto(site.elsewhere);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(seen[0]).toMatchObject({ isPacked: false });
  });

  test('something on the way that refuses what it cannot read costs no event', async () => {
    const seen = watch(({ body }) => (body[0] === 0x7b ? undefined : new Response(null, { status: 403 })));
    await site.options(options);
    const page = await site.open();
    const ids = [...(await site.track(page, 20))];
    await page.evaluate(() => window.tracker.flush());
    ids.push(...(await site.track(page, 20)));
    await page.evaluate(() => window.tracker.flush());
    expect(await site.kept(ids)).toEqual(ids);
    expect(seen.map(({ isPacked }) => isPacked)).toEqual([true, false, false]);
    expect(await page.evaluate(() => window.tracker.stats())).toMatchObject({ delivered: 40, dead: {} });
  });
});

describe('eager()', needs(chromium), () => {
  const site = useSite();

  /** Runs before the page's scripts: a database that opens when the test says so, which may be never. */
  function delayDatabase(): void {
    const { open } = IDBFactory.prototype;
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(window, { letOpen: resolve });
    IDBFactory.prototype.open = function (...args) {
      const late = new EventTarget() as IDBOpenDBRequest;
      void promise.then(() => {
        const request = open.apply(this, args);
        for (const type of ['upgradeneeded', 'success'] as const) {
          request.addEventListener(type, (event) => {
            Object.defineProperty(late, 'result', { value: request.result, configurable: true });
            late[`on${type}`]?.call(late, event as IDBVersionChangeEvent);
          });
        }
      });
      return late;
    };
  }

  // A minute: whatever arrives sooner did not wait for company.
  async function open(delivery: readonly 'eager'[]): Promise<Page> {
    await site.context.addInitScript(delayDatabase);
    await site.options({ delivery, queue: { maxWaitMs: 60_000 } });
    return site.open();
  }

  test('what is tracked before the database is open arrives while it is not; what comes after it waits for company', async () => {
    const page = await open(['eager']);
    const early = await site.track(page, 5);
    await expect.poll(() => site.kept(early), patience).toEqual(early);
    expect(await page.evaluate(() => window.requests.length)).toBe(1);
    // What comes while a request is under way leaves with its answer.
    const isUnderWay = () => page.evaluate(() => window.requests.some(({ end }) => end !== 'answered'));
    await expect.poll(isUnderWay, patience).toBe(false);

    await page.evaluate(() => window.letOpen());
    // Nobody may know yet that it is open now: the first event that is stored tells.
    expect(await page.evaluate(() => window.tracker.track('Stored').durable)).toBe(true);
    await expect.poll(isUnderWay, patience).toBe(false);
    const late = await site.track(page, 5);
    await quiet(site.front, quietMs);
    expect(await site.kept(late)).toEqual([]);
    await page.close();
    await expect.poll(() => site.kept(late), patience).toEqual(late);
  });

  test('without it they wait', async () => {
    const page = await open([]);
    const ids = await site.track(page, 5);
    await quiet(site.front, quietMs);
    expect(await site.kept(ids)).toEqual([]);
  });
});
