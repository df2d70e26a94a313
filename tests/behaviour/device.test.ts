import type { CDPSession, Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { answerWith } from '../faults/front-server.ts';
import { stopTime } from './page-time.ts';
import { type TestedWindow, useSite } from './site.ts';

declare const window: TestedWindow & { writes: number; realNow: () => number };

const patience = { timeout: 30_000 };
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const stats = (page: Page) => page.evaluate(() => window.tracker.stats());

/** Runs before the page's scripts, and counts what is written to storage that outlives the page. */
function countWrites(): void {
  window.writes = 0;
  const count = (owner: object, method: string): void => {
    const original: (...args: unknown[]) => unknown = Reflect.get(owner, method);
    Reflect.set(owner, method, function (this: object, ...args: unknown[]) {
      window.writes++;
      return original.apply(this, args);
    });
  };
  for (const method of ['put', 'add', 'delete', 'clear']) count(IDBObjectStore.prototype, method);
  count(Storage.prototype, 'setItem');
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie') as PropertyDescriptor;
  Object.defineProperty(Document.prototype, 'cookie', {
    ...cookie,
    set(value) {
      window.writes++;
      cookie.set?.call(this, value);
    },
  });
}

describe('tabs of one device', needs(chromium), () => {
  const site = useSite();

  async function crash(page: Page): Promise<void> {
    const session: CDPSession = await site.context.newCDPSession(page);
    const crashed = page.waitForEvent('crash');
    // It never answers: who would?
    session.send('Page.crash').catch(() => {});
    await crashed;
    await page.close();
  }

  test('T9 two tabs while the collector is down, one crashes: with the next page all have arrived, at most a batch of them twice; then nothing is written', async () => {
    await site.context.addInitScript(countWrites);
    site.front.inject(answerWith(503));
    const crashing = await site.open('/a');
    const staying = await site.open('/b');
    const ids = [...(await site.track(crashing, 50)), ...(await site.track(staying, 50))];
    await expect.poll(() => new Set(site.front.sightings.map(({ id }) => id)).size, patience).toBe(100);
    site.front.inject(undefined);
    await crash(crashing);
    // It did not know of the other when it opened: a page that comes now does.
    await site.open('/c');
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    const taken = site.front.sightings.filter(({ isTaken }) => isTaken);
    expect(taken.length).toBeLessThanOrEqual(150);

    await expect.poll(async () => (await stats(staying)).pending, patience).toBe(0);
    await expect.poll(() => stored(staying), patience).toBe(0);
    await site.context.clock.install();
    const before = await staying.evaluate(() => window.writes);
    expect(before).toBeGreaterThan(50);
    await site.context.clock.runFor(minuteMs);
    expect(await staying.evaluate(() => window.writes)).toBe(before);
  });

  test('T9 with takeover(): a tab that was open before takes over, without another page', async () => {
    await site.options({ delivery: ['takeover'], queue: { maxWaitMs: 100 } });
    const staying = await site.open('/a');
    await expect.poll(() => staying.evaluate(async () => (await indexedDB.databases()).length), patience).toBe(1);
    site.front.inject(answerWith(503));
    const crashing = await site.open('/b');
    const ids = [...(await site.track(crashing, 50)), ...(await site.track(staying, 50))];
    await expect.poll(() => stored(staying), patience).toBe(100);
    // With each request it looks around.
    const requests = () => staying.evaluate(() => window.requests.length);
    const before = await requests();
    await expect.poll(requests, patience).toBeGreaterThan(before);
    site.front.inject(undefined);
    await crash(crashing);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(site.context.pages()).toEqual([staying]);
    await expect.poll(async () => (await stats(staying)).pending, patience).toBe(0);
    await expect.poll(() => stored(staying), patience).toBe(0);
  });

  test('T12 a tab that was idle goes on with the visit another kept alive; when it ended in both, the first to act begins the next for both', async () => {
    const time = await stopTime(site.context);
    const [a, b] = [await site.open('/a'), await site.open('/b')] as const;
    const sessions: { readonly id: string; readonly isNew?: boolean }[] = [];
    site.front.inject(({ body }) => {
      const { batch } = JSON.parse(new TextDecoder().decode(body));
      for (const { context } of batch) sessions.push(context.session);
      return undefined;
    });
    const act = async (page: Page): Promise<void> => {
      await site.track(page, 1);
      const flushed = page.evaluate(() => window.tracker.flush());
      await time.pass(10);
      await flushed;
    };
    await act(a);
    for (let minutes = 0; minutes < 40; minutes += 10) {
      await time.pass(10 * minuteMs);
      await act(b);
    }
    await act(a);
    const [first] = sessions;
    expect(first?.isNew).toBe(true);
    expect(sessions.slice(1)).toEqual(Array(5).fill({ id: first?.id }));

    await time.pass(31 * minuteMs);
    sessions.length = 0;
    // One right after the other, before either has sent anything.
    await site.track(a, 1);
    await site.track(b, 1);
    await act(a);
    await act(b);
    expect(sessions).toHaveLength(4);
    const second = sessions[0]?.id;
    expect(second).not.toBe(first?.id);
    expect(new Set(sessions.map(({ id }) => id))).toEqual(new Set([second]));
    expect(sessions.filter(({ isNew }) => isNew)).toHaveLength(1);

    await time.set(time.now() - 2 * hourMs);
    sessions.length = 0;
    await act(a);
    await act(b);
    expect(sessions).toEqual([{ id: second }, { id: second }]);
  });

  test.each([
    { begun: 'both begin the same visit', plugins: [] },
    { begun: 'with oneStart() one of them also says that it began', plugins: ['oneStart'] as const },
  ])('T12 two tabs that act in the same millisecond after 31 idle minutes: $begun', async ({ plugins }) => {
    await site.context.addInitScript(keepRealTime);
    const time = await stopTime(site.context);
    await site.options({ plugins });
    const [a, b] = [await site.open('/a'), await site.open('/b')] as const;
    const sessions: { readonly id: string; readonly isNew?: boolean }[] = [];
    site.front.inject(({ body }) => {
      const { batch } = JSON.parse(new TextDecoder().decode(body));
      for (const { context } of batch) sessions.push(context.session);
      return undefined;
    });
    const flush = async (...tabs: readonly Page[]): Promise<void> => {
      const flushed = Promise.all(tabs.map((tab) => tab.evaluate(() => window.tracker.flush())));
      await time.pass(10);
      await flushed;
    };
    // Nothing is begun anew before there was a visit.
    await site.track(a, 1);
    await flush(a);
    const visits = new Set<string>();
    for (let visit = 0; visit < visitsBegunAtOnce; visit++) {
      await time.pass(31 * minuteMs);
      sessions.length = 0;
      const at = Date.now() + 50;
      await Promise.all([a.evaluate(actAt, at), b.evaluate(actAt, at)]);
      await flush(a, b);
      const ids = new Set(sessions.map(({ id }) => id));
      expect([sessions.length, ids.size]).toEqual([2, 1]);
      for (const id of ids) visits.add(id);
      if (plugins.length > 0) expect(sessions.filter(({ isNew }) => isNew)).toHaveLength(1);
    }
    expect(visits.size).toBe(visitsBegunAtOnce);
  });
});

/** Of so many some are begun before either tab can see what the other wrote. */
const visitsBegunAtOnce = 12;

/** Runs before time is stopped. */
function keepRealTime(): void {
  window.realNow = Date.now;
}

/** Tracks at this moment of the real time, in epoch milliseconds: timers are not as exact. */
function actAt(epochMs: number): void {
  while (window.realNow() < epochMs);
  window.tracker.track('Acted');
}

/** How many events the page's site has on disk. */
function stored(page: Page): Promise<number> {
  return page.evaluate(async () => {
    let entries = 0;
    for (const { name = '' } of await indexedDB.databases()) {
      entries += await new Promise<number>((resolve) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => {
          const database = opening.result;
          const [store = ''] = database.objectStoreNames;
          const counting = database.transaction(store).objectStore(store).count();
          counting.onsuccess = () => {
            database.close();
            resolve(counting.result);
          };
        };
      });
    }
    return entries;
  });
}

describe('storage that fails', needs(chromium), () => {
  const site = useSite();
  const foreign = 'x'.repeat(5_000_000);

  const unavailable = ['no-storage: '];
  const faults: readonly { readonly fault: string; readonly said: readonly string[]; readonly script: () => void }[] = [
    {
      fault: 'localStorage throws on access',
      said: [],
      script: () =>
        Object.defineProperty(window, 'localStorage', {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        }),
    },
    {
      fault: 'localStorage throws at every write',
      said: [],
      script: () => {
        Storage.prototype.setItem = () => {
          throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
        };
      },
    },
    {
      fault: 'localStorage ignores writes',
      said: [],
      script: () => {
        Storage.prototype.setItem = () => {};
      },
    },
    {
      fault: 'IndexedDB throws on access',
      said: unavailable,
      script: () =>
        Object.defineProperty(window, 'indexedDB', {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        }),
    },
    {
      fault: 'IndexedDB throws at every write',
      said: unavailable,
      script: () => {
        IDBObjectStore.prototype.put = () => {
          throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
        };
      },
    },
    {
      fault: 'cookies throw on access',
      said: [],
      script: () =>
        Object.defineProperty(Document.prototype, 'cookie', {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
          set() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        }),
    },
  ];

  test.each(faults)(
    'T10 $fault: 200 events and those after a reload arrive, and the host can hear of it',
    async ({ said, script }) => {
      await site.context.addInitScript(script);
      await site.options({ queue: { maxWaitMs: 100 } });
      const page = await site.open();
      const ids = [...(await site.track(page, 200))];
      await expect.poll(async () => (await stats(page)).pending, patience).toBe(0);
      expect(await page.evaluate(() => window.diagnostics)).toEqual(said);
      await page.reload();
      ids.push(...(await site.track(page, 1)));
      await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    },
  );

  test.each([
    {
      why: 'throw on access',
      script: () =>
        Object.defineProperty(Document.prototype, 'cookie', {
          get() {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          },
        }),
    },
    {
      why: 'are refused silently',
      script: () => Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => {} }),
    },
  ])('T10 with cookieCheck(): cookies that $why are told to the host once, and by each event', async ({ script }) => {
    const marks: unknown[] = [];
    site.front.inject(({ body }) => {
      const { batch } = JSON.parse(new TextDecoder().decode(body));
      marks.push(...batch.map((event: { context: { cookieless?: boolean } }) => event.context.cookieless));
      return undefined;
    });
    await site.options({ storage: 'cookieCheck', queue: { maxWaitMs: 100 } });
    const well = await site.open();
    const known = await site.track(well, 1);
    await expect.poll(() => site.kept(known), patience).toEqual(known);
    expect(await well.evaluate(() => window.diagnostics)).toEqual([]);

    await site.context.addInitScript(script);
    const page = await site.open();
    const ids = [...(await site.track(page, 2)), ...(await site.track(page, 1))];
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(await page.evaluate(() => window.diagnostics)).toEqual(['no-cookie: ']);
    expect(marks).toEqual([undefined, true, true, true]);
  });

  test('T10 localStorage full of another’s data: events arrive, the data is as it was, and nothing of ours is beside it', async () => {
    await site.options({ queue: { maxWaitMs: 100 } });
    const page = await site.open();
    await page.evaluate((text) => localStorage.setItem('foreign', text), foreign);
    await page.reload();
    const ids = await site.track(page, 200);
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    await page.reload();
    const kept = await page.evaluate(() => ({ ...localStorage }));
    expect(Object.keys(kept)).toEqual(['foreign']);
    expect(kept.foreign).toHaveLength(foreign.length);
    expect(await page.evaluate(() => window.diagnostics)).toEqual([]);
  });
});

describe('consent', needs(chromium), () => {
  const site = useSite();

  /** Everything of ours on the device: cookies and databases by name, keys of the two storages. */
  const traces = async (page: Page): Promise<readonly string[]> => [
    ...(await site.context.cookies()).map(({ name }) => name),
    ...(await page.evaluate(async () => [
      ...(await indexedDB.databases()).map(({ name = '' }) => name),
      ...Object.keys(localStorage),
      ...Object.keys(sessionStorage),
    ])),
  ];

  const requests = (page: Page): Promise<number> => page.evaluate(() => window.requests.length);
  const device = async (): Promise<string> => decodeURIComponent((await site.context.cookies())[0]?.value ?? '');

  interface Sent {
    readonly timestamp: string;
    readonly context: { readonly page: { readonly path: string }; readonly session: { readonly id: string } };
  }

  test('T11 undecided, a yes to analytics, its withdrawal: nothing before, what happened before as it happened, nothing after', async () => {
    const sent: Sent[] = [];
    site.front.inject(({ body }) => {
      sent.push(...JSON.parse(new TextDecoder().decode(body)).batch);
      return undefined;
    });
    const time = await stopTime(site.context);
    await site.options({ consent: {}, queue: { maxWaitMs: 100 } });
    const page = await site.open('/early');
    const early = await site.track(page, 2);
    await page.evaluate((marker) => {
      window.tracker.track('Fault Met', { marker }, { purpose: 'advertising' });
      history.pushState(null, '', '/later');
    }, 'mkadadadadadad');
    const earlyAt = new Date(time.now()).toISOString();
    await time.pass(10 * minuteMs);
    expect(await traces(page)).toEqual([]);
    expect(await requests(page)).toBe(0);

    await page.evaluate(() => {
      window.tracker.consent.set({ analytics: true });
      window.tracker.consent.set({ analytics: true });
    });
    const later = await site.track(page, 1);
    await time.pass(100);
    await expect.poll(() => site.kept([...early, ...later, 'mkadadadadadad']), patience).toEqual([...early, ...later]);
    expect(sent.map(({ timestamp, context }) => [timestamp === earlyAt, context.page.path])).toEqual([
      [true, '/early'],
      [true, '/early'],
      [false, '/later'],
    ]);
    expect(new Set(sent.map(({ context }) => context.session.id)).size).toBe(1);
    expect(await device()).toContain(sent[0]?.context.session.id);

    site.front.inject(answerWith(503));
    await site.track(page, 5);
    await time.pass(100);
    await expect.poll(() => stored(page), patience).toBe(5);
    await expect.poll(() => page.evaluate(() => window.diagnostics.at(-1)), patience).toContain('send-failed');
    const before = await requests(page);
    await page.evaluate(() => {
      window.tracker.consent.set({ analytics: false });
      window.tracker.track('Fault Met');
    });
    await time.pass(10 * minuteMs);
    expect(await requests(page)).toBe(before);
    await expect.poll(() => stored(page), patience).toBe(0);
    // What is left is the answer itself, so that nobody asks again.
    expect(JSON.parse((await device()).slice(1))).toEqual({
      consent: [{ analytics: false }, expect.any(Number)],
    });
  });

  test('T11 Global Privacy Control: a yes to advertising is none', async () => {
    await site.context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    await site.options({ consent: {} });
    const page = await site.open();
    await page.evaluate(() => {
      window.tracker.consent.set({ analytics: true, advertising: true });
      window.tracker.track('Fault Met', { marker: 'mkbdbdbdbdbdbd' }, { purpose: 'advertising' });
    });
    const allowed = await site.track(page, 1);
    await expect.poll(() => site.kept(['mkbdbdbdbdbdbd', ...allowed]), patience).toEqual(allowed);
    expect(await stats(page)).toMatchObject({ dropped: { consent: 1 }, pending: 0 });
  });

  test('T11 with rootDomain(): hosts of a site share visitor and decision, a no removes both hosts’ ids', async () => {
    await site.options({ consent: {}, storage: 'rootDomain' });
    const open = (host: string): Promise<Page> => site.open('/', host);
    const cookies = async () =>
      (await site.context.cookies()).map(({ name, domain, value }) => ({
        name,
        domain,
        value: decodeURIComponent(value),
      }));
    const app = await open('app.shop.co.uk');
    await site.track(app, 1);
    expect(await cookies()).toEqual([]);

    await app.evaluate(() => window.tracker.consent.set({ analytics: true }));
    const [shared, ...others] = await cookies();
    expect({ shared, others }).toMatchObject({ shared: { name: 'jn', domain: '.shop.co.uk' }, others: [] });
    const { anonymousId } = JSON.parse(shared?.value.slice(1) ?? '');
    const www = await open('www.shop.co.uk');
    const [id = ''] = await site.track(www, 1);
    expect(await www.evaluate(() => window.tracker.consent.get().preferences)).toEqual({ analytics: true });
    await expect.poll(() => site.kept([id]), patience).toEqual([id]);
    expect((await cookies()).map(({ value }) => JSON.parse(value.slice(1)).anonymousId)).toEqual([anonymousId]);

    // Another site of the same suffix is another site.
    const other = await open('www.bakery.co.uk');
    expect(await other.evaluate(() => [document.cookie, window.tracker.consent.get().decidedAt])).toEqual([
      '',
      undefined,
    ]);

    await www.evaluate(() => window.tracker.consent.set({ analytics: false }));
    expect(await cookies()).toMatchObject([{ name: 'jn', domain: '.shop.co.uk' }]);
    expect(JSON.parse((await cookies())[0]?.value.slice(1) ?? '')).toEqual({
      consent: [{ analytics: false }, expect.any(Number)],
    });
    const after = await open('app.shop.co.uk');
    await after.evaluate(() => window.tracker.track('Fault Met'));
    expect(await stats(after)).toMatchObject({ dropped: { consent: 1 }, pending: 0 });
    expect(await requests(after)).toBe(0);
  });

  test('T11 with sharedConsent(): a page that is open on another host hears of a no with its next event, and sends none', async () => {
    await site.options({ consent: {}, storage: 'rootDomain', plugins: ['sharedConsent'], queue: { maxWaitMs: 5_000 } });
    const [app, www] = [await site.open('/', 'app.shop.co.uk'), await site.open('/', 'www.shop.co.uk')] as const;
    await app.evaluate(() => window.tracker.consent.set({ analytics: true }));
    const [heard = ''] = await site.track(www, 1);
    // As when the person comes back to it.
    await www.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
    await expect.poll(() => site.kept([heard]), patience).toEqual([heard]);

    await www.evaluate(() => window.tracker.consent.set({ analytics: false }));
    const before = await requests(app);
    await site.track(app, 1);
    await expect.poll(() => stats(app), patience).toMatchObject({ dropped: { consent: 1 }, pending: 0 });
    expect(await requests(app)).toBe(before);
    await expect.poll(() => stored(app), patience).toBe(0);
  });

  test('T11 with sharedConsent(): another tab of this host hears at once', async () => {
    await site.options({ consent: {}, plugins: ['sharedConsent'] });
    const [a, b] = [await site.open('/a'), await site.open('/b')] as const;
    const answer = (page: Page) => page.evaluate(() => window.tracker.consent.get().preferences.analytics);
    for (const analytics of [true, false]) {
      await a.evaluate((analytics) => window.tracker.consent.set({ analytics }), analytics);
      await expect.poll(() => answer(b), patience).toBe(analytics);
    }
  });

  test('T11 with erasure(): a no also takes what another tab has on disk, and a cookie of the domain above', async () => {
    await site.options({ consent: {}, plugins: ['erasure'], queue: { maxWaitMs: 100 } });
    const a = await site.open('/', 'app.shop.co.uk');
    await a.evaluate(() => window.tracker.consent.set({ analytics: true }));
    site.front.inject(answerWith(503));
    await site.track(a, 5);
    await expect.poll(() => stored(a), patience).toBe(5);
    const b = await site.open('/', 'app.shop.co.uk');
    await b.evaluate(() => {
      const former = document.cookie.split('; ').find((pair) => pair.startsWith('jn='));
      // biome-ignore lint/suspicious/noDocumentCookie: as a page of former settings wrote it
      document.cookie = `${former}; Path=/; Domain=shop.co.uk`;
      window.tracker.consent.set({ analytics: false });
    });
    await expect.poll(() => stored(b), patience).toBe(0);
    expect((await site.context.cookies()).map(({ domain }) => domain)).toEqual(['app.shop.co.uk']);
    expect(JSON.parse((await device()).slice(1))).toEqual({ consent: [{ analytics: false }, expect.any(Number)] });
  });

  test('pageOnly(): events arrive, say that nobody is known by them, and nothing is stored but a no', async () => {
    const sent: { readonly anonymousId: string; readonly context: { readonly cookieless?: boolean } }[] = [];
    site.front.inject(({ body }) => {
      sent.push(...JSON.parse(new TextDecoder().decode(body)).batch);
      return undefined;
    });
    await site.options({ consent: { model: 'opt-out' }, storage: 'pageOnly', plugins: ['attribution', 'sequence'] });
    const [a, b] = [await site.open('/a?utm_source=mail'), await site.open('/b')] as const;
    const ids = [...(await site.track(a, 2)), ...(await site.track(b, 1))];
    await expect.poll(() => site.kept(ids), patience).toEqual(ids);
    expect(sent.map(({ context }) => context.cookieless)).toEqual([true, true, true]);
    expect(new Set(sent.map(({ anonymousId }) => anonymousId)).size).toBe(2);
    expect(await traces(a)).toEqual([]);

    await a.evaluate(() => window.tracker.consent.set({ analytics: false }));
    expect(await traces(a)).toEqual(['jn']);
    expect(JSON.parse((await device()).slice(1))).toEqual({ consent: [{ analytics: false }, expect.any(Number)] });
    const c = await site.open('/c');
    expect(await c.evaluate(() => window.tracker.consent.allows('analytics'))).toBe(false);
  });

  test.each([
    { host: 'app.shop.co.uk', domain: '.shop.co.uk' },
    { host: 'shop.co.uk', domain: '.shop.co.uk' },
    { host: '127.0.0.1', domain: '127.0.0.1' },
    { host: 'localhost', domain: 'localhost' },
  ])('rootDomain() on $host: one cookie, of $domain, and no trace of the probe', async ({ host, domain }) => {
    await site.context.addInitScript(countWrites);
    await site.options({ consent: {}, storage: 'rootDomain' });
    const page = await site.open('/', host);
    const writes = () => page.evaluate(() => window.writes);
    expect(await writes()).toBe(0);
    await page.evaluate(() => window.tracker.consent.set({ analytics: true }));
    const first = await writes();
    await page.evaluate(() => window.tracker.consent.set({ functional: true }));
    // The probe is not made again: one write is the cookie's own.
    expect((await writes()) - first).toBe(1);
    expect((await site.context.cookies()).map(({ name, domain }) => ({ name, domain }))).toEqual([
      { name: 'jn', domain },
    ]);
  });
});
