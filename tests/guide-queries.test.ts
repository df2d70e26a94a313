import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampling, sequence } from '@org/track-browser';
import {
  type CallOptions,
  type Clock,
  createConsent,
  createIds,
  createMemoryOutbox,
  createQueue,
  createTracker,
  envelopeBody,
  type Plugin,
  type Tracker,
} from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { createCollector, memoryLog, sqliteLog } from '@org/track-node';
import { type DuckDbDestination, duckdb } from '@org/track-node/duckdb';
import { models } from '@org/track-node/models';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

const guide = (name: string): string => readFileSync(new URL(`../docs/guides/${name}.md`, import.meta.url), 'utf8');
const [lostByBrowser, whatBlockersSwallow, clocksSetRight, datedBy] = [
  ...guide('measure-what-is-lost').matchAll(/```sql\n(.*?)```/gs),
].map(([, sql]) => sql ?? '');
const [, scaledCount] = /`(sum\(.*?)`/.exec(guide('track-a-web-app')) ?? [];

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const startedAt = Date.UTC(2026, 0, 1);
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let folder: string;
let now: number; // the truth
let warehouse: DuckDbDestination;
let collector: ReturnType<typeof createCollector>;

const clockWith = (read: () => number): Clock => ({
  now: read,
  elapsed: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guide-queries-'));
  now = startedAt;
  warehouse = duckdb(join(folder, 'events.duckdb'));
  collector = createCollector({
    log: sqliteLog(join(folder, 'log.db')),
    destinations: [warehouse],
    clock: clockWith(() => now),
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await collector.close();
  rmSync(folder, { recursive: true });
});

/** A tab of somebody's device. */
interface Tab {
  /** By how much its clock is slow, milliseconds. */
  slowByMs: number;
  /** What leaves now: arrives, arrives twice, or is lost without anybody's knowing. */
  fate: 'arrives' | 'doubled' | 'lost';
  /** Happens while a batch is on its way. */
  meanwhile(): void;
  /** Shows another page. */
  open(): void;
  track(howMany?: number, options?: CallOptions): readonly string[];
  flush(): Promise<void>;
}

function tabOf(userAgent: string, anonymousId = 'a1', plugin: () => Plugin = sequence): Tab {
  const stored = new Map<string, string>();
  let page: Tracker;
  const clock = clockWith(() => now - self.slowByMs);
  const self: Tab = {
    slowByMs: 0,
    fate: 'arrives',
    meanwhile() {},
    open() {
      const consent = createConsent({ gpc: false, now: clock.now, initial: { analytics: true } });
      page = createTracker({
        queue: createQueue({
          outbox: createMemoryOutbox(),
          clock,
          transport: {
            async send(entries) {
              const body = envelopeBody(entries, clock.now());
              self.meanwhile();
              const copies = { arrives: 1, doubled: 2, lost: 0 }[self.fate];
              for (let copy = 0; copy < copies; copy++) {
                const headers = { 'user-agent': userAgent };
                await collector.fetch(new Request('http://localhost/api/j', { method: 'POST', body, headers }));
              }
              return { kind: 'delivered' };
            },
          },
        }),
        clock,
        ids: createIds({ now: clock.now }),
        consent,
        library: { name: 'test', version: '0' },
        plugins: [plugin()],
      });
    },
    track(howMany = 1, options) {
      vi.stubGlobal('sessionStorage', {
        getItem: (key: string) => stored.get(key) ?? null,
        setItem: (key: string, value: string) => void stored.set(key, value),
      });
      return Array.from({ length: howMany }, () => page.track('e', {}, { anonymousId, ...options }).messageId);
    },
    async flush() {
      await page.flush();
    },
  };
  self.open();
  return self;
}

async function ask<Row>(sql: string | undefined): Promise<readonly Row[]> {
  await collector.flush();
  return warehouse.query<Row>(sql ?? '');
}

describe('what is lost, by browser', () => {
  async function send(visitor: Tab, howMany: number, fate: Tab['fate']): Promise<void> {
    visitor.fate = fate;
    visitor.track(howMany);
    await visitor.flush();
  }

  test('gaps, the ends of pages and whole pages are found; copies count once', async () => {
    const lucky = tabOf(firefox, 'a2');
    await send(lucky, 5, 'arrives');
    await send(lucky, 5, 'doubled');

    const unlucky = tabOf(chrome);
    await send(unlucky, 10, 'arrives');
    await send(unlucky, 3, 'lost');
    await send(unlucky, 7, 'arrives');
    await send(unlucky, 4, 'lost'); // the end of a page
    unlucky.open();
    await send(unlucky, 2, 'lost'); // a page of which nothing arrives; what it would have said of the page before neither
    unlucky.open();
    await send(unlucky, 1, 'arrives');
    unlucky.open();
    await send(unlucky, 6, 'doubled');

    expect(await ask(lostByBrowser)).toEqual([
      // 20 and 4 of the first page: of the 4 only the page after it could have told.
      { browser: 'Chrome', made: 29, lost: 5, percent: 17.24 },
      { browser: 'Firefox', made: 10, lost: 0, percent: 0 },
    ]);
  });

  test('the end of a page counts once the tab’s next page has arrived', async () => {
    const visitor = tabOf(firefox);
    await send(visitor, 10, 'arrives');
    await send(visitor, 4, 'lost');
    visitor.open();
    await send(visitor, 1, 'arrives');
    expect(await ask(lostByBrowser)).toEqual([{ browser: 'Firefox', made: 15, lost: 4, percent: 26.67 }]);
  });

  test('what no page counted, as somebody may send it, costs the others nothing', async () => {
    const visitor = tabOf(firefox);
    await send(visitor, 3, 'arrives');
    await collector.flush();
    const odd = ['odd', 1e30].map((number, index) =>
      aCollectedEvent({
        messageId: `odd-${index}`,
        context: { stream: { id: 'odd', number, previous: { id: 'odd', number } } },
      }),
    );
    await warehouse.deliver(odd, { signal: new AbortController().signal });
    expect(await ask(lostByBrowser)).toEqual([{ browser: 'Firefox', made: 3, lost: 0, percent: 0 }]);
  });

  test('what happened within a day may still come', async () => {
    now = Date.now();
    const visitor = tabOf(firefox);
    await send(visitor, 1, 'lost');
    await send(visitor, 1, 'arrives');
    expect(await ask(lostByBrowser)).toEqual([]);
  });
});

describe('clocks that were set right', () => {
  /** The device's clock is slow while it sends a batch. */
  async function beWrongFor(ms: number, visitor: Tab): Promise<void> {
    visitor.slowByMs = hour;
    visitor.track();
    await visitor.flush();
    now += ms;
    visitor.slowByMs = 0;
  }

  test('an event from before is found and put where it belongs', async () => {
    const visitor = tabOf(chrome);
    visitor.slowByMs = hour;
    visitor.track();
    await visitor.flush();
    now += 2 * minute;
    const [late] = visitor.track();
    now += second;
    visitor.slowByMs = 0;
    visitor.track();
    now += second;
    await visitor.flush();

    const happenedAt = startedAt + 2 * minute;
    expect(await ask(clocksSetRight)).toEqual([
      { message_id: late, timestamp: new Date(happenedAt - hour), happened_at: new Date(happenedAt) },
    ]);
  });

  test.each<{ why: string; live: (visitor: Tab, waiting: Tab) => Promise<void> }>([
    {
      why: 'a wrong clock that stays wrong',
      async live(visitor) {
        visitor.slowByMs = hour;
        visitor.track();
        now += minute;
        await visitor.flush();
      },
    },
    {
      why: 'hours offline, or asleep',
      async live(visitor) {
        visitor.track();
        now += 5 * hour;
        await visitor.flush();
      },
    },
    {
      why: 'a clock set right with nothing waiting',
      async live(visitor) {
        visitor.slowByMs = hour;
        visitor.track();
        await visitor.flush();
        now += minute;
        visitor.slowByMs = 0;
        visitor.track();
        await visitor.flush();
      },
    },
    {
      why: 'hours offline, the clock right before and slow after',
      async live(visitor) {
        visitor.track();
        now += 5 * hour;
        visitor.slowByMs = hour;
        visitor.track();
        await visitor.flush();
      },
    },
    {
      why: 'a batch that was long on its way',
      async live(visitor, waiting) {
        visitor.meanwhile = () => {
          now += 5 * second;
          waiting.track();
          now += 5 * second;
        };
        visitor.track();
        await visitor.flush();
        now += minute;
        await waiting.flush();
      },
    },
    {
      why: 'what waited for days, since before the clock was wrong',
      async live(visitor, waiting) {
        waiting.track();
        now += 72 * hour;
        await beWrongFor(minute, visitor);
        await waiting.flush();
      },
    },
    {
      why: 'what waited for minutes, since before the clock was wrong',
      async live(visitor, waiting) {
        waiting.track();
        now += 5 * minute;
        await beWrongFor(minute, visitor);
        await waiting.flush();
      },
    },
  ])('nothing else is touched: $why', async ({ live }) => {
    const visitor = tabOf(chrome);
    visitor.track();
    await visitor.flush();
    now += minute;
    await live(visitor, tabOf(chrome));
    expect(await ask(clocksSetRight)).toEqual([]);
  });
});

test('a sample is counted as what it stands for', async () => {
  const visitor = tabOf(chrome, 'a1', () => sampling({ share: 0.25 }));
  for (let visit = 0; visit < 400; visit++) visitor.track(3, { context: { session: { id: `visit-${visit}` } } });
  visitor.track(10, { purpose: 'necessary' });
  await visitor.flush();
  const [{ rows, counted } = { rows: 0, counted: 0 }] = await ask<{ rows: number; counted: number }>(
    `SELECT count(*) AS rows, ${scaledCount} AS counted FROM events`,
  );
  const sampled = rows - 10;
  expect(counted).toBe(10 + 4 * sampled);
  // Which visits are kept follows from their ids: no matter of luck from here on.
  expect(Math.abs(4 * sampled - 3 * 400)).toBeLessThan(200);
});

test('what blockers swallow: four numbers apart, and the share with its interval', async () => {
  const withModels = duckdb(':memory:', { models });
  const counting = createCollector({ log: memoryLog(), destinations: [withModels] });
  const id = (digit: number): string => `0b8c1a52-7f0e-4c39-9d7a-00000000000${digit}`;
  counting.tracker.served({ page_view_id: id(1), consent: 'given', browser: 'Firefox' });
  counting.tracker.served({ page_view_id: id(2), consent: 'denied', browser: 'Firefox' });
  counting.tracker.served({ page_view_id: id(3), consent: 'undecided', bot: 'Googlebot' });
  await counting.flush();
  const rows = await withModels.query(whatBlockersSwallow ?? '');
  await counting.close();
  expect(rows).toMatchObject([{ confirmed: 0, declined: 1, bot: 1, unconfirmed: 1, percent: 100, percent_high: 100 }]);
});

describe('which clock an event was dated by', () => {
  const at = (fromNowMs: number): string => new Date(startedAt + fromNowMs).toISOString();

  test.each([
    { why: 'a browser that waited', original: at(-hour), batch: { sentAt: at(10 * second) }, expected: 'time waited' },
    { why: 'a browser that says nothing more', original: at(-hour), batch: {}, expected: 'ours' },
    { why: 'a batch sent before it happened', original: at(hour), batch: { sentAt: at(0) }, expected: 'ours' },
    { why: 'a batch held back', original: at(-hour), batch: { deferredAt: at(-hour) }, expected: 'its own' },
    {
      why: 'a batch held back, by a clock that is fast',
      original: at(hour),
      batch: { deferredAt: at(hour + minute) },
      expected: 'time held back',
    },
    { why: 'a server', original: at(-90 * 24 * hour), isServer: true, batch: {}, expected: 'its own' },
    { why: 'a server two days ahead', original: at(48 * hour), isServer: true, batch: {}, expected: 'ours' },
  ])('$why: $expected', async ({ original, isServer = false, batch, expected }) => {
    const consent = { categoryPreferences: { analytics: true } };
    const event = { type: 'track', event: 'e', messageId: 'm1', anonymousId: 'a1', timestamp: original };
    const from = isServer ? serverCollector() : collector;
    const body = JSON.stringify({
      ...batch,
      ...(isServer ? { writeKey: 'secret' } : {}),
      batch: [{ ...event, context: { consent } }],
    });
    const reply = await from.fetch(new Request('http://localhost/api/j', { method: 'POST', body }));
    expect(await reply.json()).not.toHaveProperty('results');
    await from.flush();
    expect(await ask(datedBy)).toEqual([{ message_id: 'm1', dated_by: expected }]);
  });

  /** Takes from servers, into the same warehouse. */
  function serverCollector(): typeof collector {
    const own = createCollector({
      log: memoryLog(),
      destinations: [warehouse],
      clock: clockWith(() => now),
      keys: { secret: { source: 'server', consent: { analytics: true } } },
    });
    onTestFinished(() => own.close());
    return own;
  }
});
