import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Diagnostic, definePlan, type TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { bots } from '../enrichment/bots.ts';
import type { Enrichment, Visitor } from '../enrichment/enrichment.ts';
import { geo } from '../enrichment/geo.ts';
import { mmdbFile } from '../enrichment/mmdb-file.ts';
import { userAgents } from '../enrichment/user-agents.ts';
import type { Transformation } from '../transformation/transformation.ts';
import { batchOf, closeAll, consented, idsOf, run } from './running-collector.ts';

afterEach(closeAll);

const okEvent = (overrides: Parameters<typeof anEvent>[0] = {}) => anEvent({ context: consented, ...overrides });
const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36';
const keys = { server: { source: 'server', name: 'backend' } } as const;
const asServer = { Authorization: 'Bearer server' };

/** Remembers whom it was asked about. */
function witness(): Enrichment & { readonly seen: Visitor[] } {
  const seen: Visitor[] = [];
  return {
    name: 'witness',
    seen,
    find(visitor) {
      seen.push(visitor);
      return { context: { found: seen.length } };
    },
  };
}

describe('enrichment', () => {
  test('of a browser’s batch asks once, with the whole address, of which the log keeps a part', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'geo-'));
    const file = join(folder, 'city.mmdb');
    // Only the whole address is in here, not its network.
    writeFileSync(file, mmdbFile({ '203.0.113.77/32': { country: { iso_code: 'PT', names: { en: 'Portugal' } } } }));
    const asked = witness();
    const { post, delivered, log } = await run({
      trustedProxies: 1,
      enrichments: [userAgents(), bots(), geo({ file }), asked],
    });
    rmSync(folder, { recursive: true });
    await post(batchOf(okEvent(), okEvent()), { headers: { 'X-Forwarded-For': '203.0.113.77', 'User-Agent': chrome } });
    const context = {
      browser: { name: 'Chrome' },
      device: { type: 'desktop' },
      location: { countryCode: 'PT', country: 'Portugal' },
      ip: '203.0.113.0',
      userAgent: chrome,
      found: 1,
    };
    expect(await delivered()).toMatchObject([{ context }, { context }]);
    expect(asked.seen).toHaveLength(1);
    expect(JSON.stringify(log.appended)).not.toContain('203.0.113.77');
  });

  test('of a server’s events asks about each one’s own visitor, not about the server', async () => {
    const asked = witness();
    const { post, delivered } = await run({ keys, enrichments: [asked] });
    const about = (ip: string) => ({ context: { ...consented, ip, userAgent: chrome } });
    await post(batchOf(okEvent(about('203.0.113.1')), okEvent(about('203.0.113.2')), okEvent()), { headers: asServer });
    expect((await delivered()).map(({ context }) => context?.found)).toEqual([1, 2, 3]);
    expect(asked.seen.map(({ ip, userAgent }) => [ip, userAgent])).toEqual([
      ['203.0.113.1', chrome],
      ['203.0.113.2', chrome],
      [undefined, undefined],
    ]);
  });

  test('takes the place of what a browser claims', async () => {
    const { post, delivered } = await run({ enrichments: [witness()] });
    await post(batchOf(okEvent({ context: { ...consented, found: 'claimed', other: 'own' } })));
    expect(await delivered()).toMatchObject([{ context: { found: 1, other: 'own' } }]);
  });

  test('does not look at what consent does not cover', async () => {
    const asked = witness();
    const { post } = await run({ enrichments: [asked] });
    await post(batchOf(anEvent()));
    expect(asked.seen).toEqual([]);
  });

  test('drops bots where told so, and says it', async () => {
    const { post, log, collector } = await run({ enrichments: [bots({ drop: true })] });
    const bot = { 'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' };
    const { status, body } = await post(batchOf(okEvent({ messageId: 'm' })), { headers: bot });
    expect([status, body.results]).toEqual([200, { m: { status: 'suppressed', kind: 'dropped', reason: 'bot' } }]);
    await post(batchOf(okEvent()), { headers: { 'User-Agent': chrome } });
    expect(log.stats().events).toBe(1);
    expect(collector.stats().events).toMatchObject({ suppressed: 1, stored: 1 });
  });

  test('that finds nothing leaves the batch as it came', async () => {
    const { post, log } = await run({ enrichments: [bots()] });
    const body = `{"sentAt":"2026-01-01T00:00:00.000Z","batch":[ ${JSON.stringify(okEvent())} ]}`;
    await post(body, { headers: { 'User-Agent': chrome } });
    expect(String(log.appended[0]?.body)).toBe(body);
  });

  test('that fails costs nothing', async () => {
    const heard: Diagnostic[] = [];
    const broken: Enrichment = {
      name: 'broken',
      find() {
        throw new Error('secret');
      },
    };
    const { post, delivered } = await run({
      enrichments: [broken],
      onDiagnostic: (diagnostic) => heard.push(diagnostic),
    });
    await post(batchOf(okEvent({ messageId: 'm' })));
    expect(idsOf(await delivered())).toEqual(['m']);
    expect(heard).toEqual([{ code: 'enrichment-failed', detail: 'broken: Error' }]);
  });
});

describe('a transformation', () => {
  test('changes, drops and splits, and has the last word on address and agent', async () => {
    const mine: Transformation = (event) => {
      if (event.type !== 'track') return event;
      if (event.event === 'Internal') return null;
      const { ip: _ip, ...context } = event.context ?? {};
      const changed = { ...event, context };
      return event.event === 'Two' ? [changed, { ...changed, event: 'Second' }] : changed;
    };
    const { post, delivered } = await run({ transformations: [mine] });
    const { body } = await post(
      batchOf(
        okEvent({ messageId: '1', event: 'One' }),
        okEvent({ messageId: '2', event: 'Two' }),
        okEvent({ messageId: '3', event: 'Internal' }),
      ),
      { headers: { 'User-Agent': chrome } },
    );
    expect(body.results).toEqual({ 3: { status: 'suppressed', kind: 'dropped', reason: 'filtered' } });
    const events = await delivered();
    expect(events.map((event) => (event as { event?: string }).event)).toEqual(['One', 'Two', 'Second']);
    expect(events[0]?.context).toEqual({ ...consented, userAgent: chrome });
  });

  test('sees what the request tells and what was found out, and where it came from', async () => {
    const seen = new Map<string, unknown>(); // on a busy machine an event may be shown twice
    const { post } = await run({
      keys,
      enrichments: [witness()],
      transformations: [
        (event, origin) => {
          seen.set(event.messageId, [event.context, origin]);
          return event;
        },
      ],
    });
    const claiming = okEvent({ messageId: '1', context: { ...consented, ip: '1.1.1.1' } });
    await post(batchOf(claiming), { headers: { 'User-Agent': chrome } });
    await post(batchOf(okEvent({ messageId: '2' })), { headers: asServer });
    const receivedAt = expect.any(Number);
    expect([...seen.values()]).toEqual([
      [
        { ...consented, found: 1, ip: '127.0.0.0', userAgent: chrome },
        { source: 'browser', receivedAt },
      ],
      [
        { ...consented, found: 2 },
        { source: 'server', keyName: 'backend', receivedAt },
      ],
    ]);
  });

  test('that fails puts its event aside with the reason, and costs its neighbours nothing', async () => {
    const heard: Diagnostic[] = [];
    function fragile(event: TrackEvent): TrackEvent {
      if (event.messageId === 'bad') throw new Error('price of ada@example.com is missing');
      if (event.messageId === 'endless') for (;;);
      return event;
    }
    const { post, log, delivered } = await run({
      transformations: [fragile],
      onDiagnostic: (diagnostic) => heard.push(diagnostic),
    });
    const ids = ['1', 'bad', '2', 'endless', '3'];
    const { status, body } = await post(batchOf(...ids.map((messageId) => okEvent({ messageId }))));
    expect(status).toBe(200);
    expect(body.results).toEqual({
      bad: { status: 'invalid', kind: 'dead', reason: 'transformation-failed' },
      endless: { status: 'invalid', kind: 'dead', reason: 'transformation-too-slow' },
    });
    expect(idsOf(await delivered())).toEqual(['1', '2', '3']);
    expect(log.quarantined(10)).toMatchObject([
      { messageId: 'endless', issues: [{ code: 'transformation-too-slow', message: 'fragile' }] },
      {
        messageId: 'bad',
        issues: [{ code: 'transformation-failed', message: 'fragile: Error: price of ada@example.com is missing' }],
      },
    ]);
    expect(JSON.stringify([body, heard])).not.toContain('ada@example.com');
    expect(heard).toEqual([
      { code: 'transformation-failed', detail: 'fragile' },
      { code: 'transformation-too-slow', detail: 'fragile' },
    ]);
  });

  test('is not shown what consent does not cover, nor whoever is suppressed', async () => {
    const seen = new Set<string>();
    const { post, collector } = await run({
      transformations: [
        (event) => {
          seen.add(event.messageId);
          return event;
        },
      ],
    });
    await collector.suppress({ userId: 'ada' });
    const silent = anEvent({ messageId: 'silent' });
    await post(batchOf(silent, okEvent({ messageId: 'hers', userId: 'ada' }), okEvent({ messageId: 'ok' })));
    expect([...seen]).toEqual(['ok']);
  });

  const plan = definePlan({
    version: '1',
    events: { 'Ad Clicked': { purpose: 'advertising' }, 'Order Completed': { source: 'server' }, Viewed: {} },
  });
  test.each([
    { why: 'into what consent does not cover', to: { event: 'Ad Clicked' }, status: 'consent_denied' },
    { why: 'into what only a server may send', to: { event: 'Order Completed' }, status: 'invalid' },
    { why: 'into somebody suppressed', to: { userId: 'ada' }, status: 'suppressed' },
  ])('cannot turn an event $why', async ({ to, status }) => {
    const { post, log, collector } = await run({
      plan,
      transformations: [(event) => ({ ...event, ...to }) as TrackEvent],
    });
    await collector.suppress({ userId: 'ada' });
    const { body } = await post(batchOf(okEvent({ messageId: 'm', event: 'Viewed' })));
    expect(body.results?.m?.status).toBe(status);
    expect(log.stats().events).toBe(0);
  });

  test('can put right what the plan would refuse', async () => {
    const { post, log } = await run({
      plan,
      unplanned: 'quarantine',
      transformations: [(event) => ({ ...event, event: 'Viewed' }) as TrackEvent],
    });
    await post(batchOf(okEvent({ event: 'viewed' })));
    expect(log.stats()).toMatchObject({ events: 1, quarantined: 0 });
  });

  test('makes the same of what is sent again: each part is stored once', async () => {
    const { post, delivered } = await run({ transformations: [(event) => [event, event]] });
    const batch = batchOf(okEvent({ messageId: 'm' }));
    await post(batch);
    const { body } = await post(batch);
    expect(body.results?.m?.status).toBe('duplicate');
    expect(await delivered()).toHaveLength(2);
  });
});
