import { connect } from 'node:net';
import type { Diagnostic, TrackEvent } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { bots } from '../enrichment/bots.ts';
import { batchOf, closeAll, closeFirst, consented, idsOf, type Running, run } from './running-collector.ts';

afterEach(closeAll);

const okEvent = (overrides: Parameters<typeof anEvent>[0] = {}) => anEvent({ context: consented, ...overrides });
const batch = () => JSON.stringify(batchOf(okEvent()));

describe('every answer says that it is not to be kept, framed, guessed at or loaded elsewhere', () => {
  const keys = { site: { source: 'browser' }, secret: { source: 'server', consent: {} } } as const;
  const bearer = { Authorization: 'Bearer secret' };
  test.each<{
    status: number;
    why: string;
    path?: string;
    init?: RequestInit;
    prepare?: (running: Running) => unknown;
  }>([
    { status: 200, why: 'stored', init: { method: 'POST', body: batch(), headers: bearer } },
    { status: 200, why: 'settings', path: '/v1/projects/site/settings' },
    { status: 200, why: "a client's own counters", path: '/v1/m', init: { method: 'POST', body: '{}' } },
    { status: 204, why: 'a pre-flight', init: { method: 'OPTIONS', headers: { Origin: 'https://shop.example' } } },
    { status: 400, why: 'no JSON', init: { method: 'POST', body: '{', headers: bearer } },
    { status: 401, why: 'no key', init: { method: 'POST', body: batch() } },
    {
      status: 403,
      why: 'a secret from a page',
      init: { method: 'POST', body: batch(), headers: { ...bearer, Origin: 'null' } },
    },
    { status: 404, why: 'nothing there', path: '/v1/nothing' },
    { status: 405, why: 'the wrong method', init: { method: 'DELETE' } },
    { status: 413, why: 'too large', init: { method: 'POST', body: 'x'.repeat(200_000), headers: bearer } },
    {
      status: 500,
      why: 'a defect of ours',
      init: { method: 'POST', body: batch(), headers: bearer },
      prepare: ({ log }) => {
        log.append = () => Promise.reject(new Error('broken'));
      },
    },
    {
      status: 503,
      why: 'a full disk',
      init: { method: 'POST', body: batch(), headers: bearer },
      prepare: ({ log }) => {
        log.isFull = true;
      },
    },
  ])('$status, $why', async ({ status, path = '/', init = {}, prepare }) => {
    const running = await run({ keys, allowedOrigins: ['https://shop.example'], limits: { maxBodyBytes: 100_000 } });
    prepare?.(running);
    const response = await fetch(running.url + path, init);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.has('x-powered-by')).toBe(false);
  });

  test('a picture may be shown on any page', async () => {
    const { url } = await run({ keys });
    const { headers } = await fetch(`${url}/v1/pixel/track?writeKey=site&event=e&userId=u`);
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('claims', () => {
  test('of a browser about where, when and from whom an event came are replaced by what we know', async () => {
    const { post, delivered } = await run();
    const forged = { source: 'server', receivedAt: '1999-01-01T00:00:00Z', originalTimestamp: '1999-01-01T00:00:00Z' };
    const context = { ...consented, ip: '8.8.8.8', userAgent: 'Forged/1' };
    await post({ batch: [{ ...okEvent({ context }), ...forged }] }, { headers: { 'User-Agent': 'Real/1' } });
    const [event] = await delivered();
    expect(event).toMatchObject({ source: 'browser', context: { ip: '127.0.0.0', userAgent: 'Real/1' } });
    expect(event?.receivedAt).not.toContain('1999');
    expect(event?.originalTimestamp).not.toContain('1999');
  });

  test('of the future are brought back to now', async () => {
    const { post, delivered } = await run();
    await post({ batch: [okEvent({ timestamp: '2999-01-01T00:00:00Z' })], sentAt: new Date().toISOString() });
    const [event] = await delivered();
    expect(Date.parse(event?.timestamp ?? '')).toBeLessThanOrEqual(Date.now());
  });
});

describe('personal data and secrets', () => {
  const secret = 'sk-91f3c0de';
  const person = 'ada@example.com';
  const address = '203.0.113.77';

  test('are in no diagnostic and no refusal, whatever goes wrong', async () => {
    const heard: Diagnostic[] = [];
    const answers: unknown[] = [];
    const running = await run({
      trustedProxies: 1,
      keys: { [secret]: { source: 'server', name: 'backend', previous: [`${secret}-old`] } },
      limits: { addressEventsPerSecond: 1, maxBodyBytes: 100_000 },
      enrichments: [
        bots(),
        {
          name: 'broken',
          find({ ip, userAgent }) {
            throw new Error(`no place for ${ip} ${userAgent}`);
          },
        },
      ],
      transformations: [
        function strict(event) {
          throw new Error(`${event.userId} has no price`);
        },
      ],
      onDiagnostic: (diagnostic) => heard.push(diagnostic),
    });
    const headers = { 'X-Forwarded-For': address, 'User-Agent': `Agent/1 ${person}` };
    const event = okEvent({ userId: person, properties: { email: person } });
    const send = async (body: unknown, extra: Record<string, string> = {}): Promise<void> => {
      answers.push((await running.post(body, { headers: { ...headers, ...extra } })).body);
    };
    const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
    await send(batchOf(event));
    await send({ ...batchOf({ ...event, event: 7 }), writeKey: secret });
    await send(batchOf(event), bearer(`${secret}-old`));
    await send(batchOf(event), { ...bearer(secret), Origin: `https://${person.replace('@', '.')}` });
    await send({ ...batchOf(event), writeKey: `${secret}-wrong` });
    await send(`{"batch":[{"userId":"${person}",`);
    await send({ batch: Array.from({ length: 60 }, () => ({ ...event, text: 'x'.repeat(1_000) })) });
    await send(batchOf(event)); // more than the address has
    running.log.isFull = true;
    await send(batchOf({ ...event, event: 'Viewed' }), bearer(secret));
    running.log.append = () => Promise.reject(new Error('The disk is on fire.'));
    await send(batchOf(event), bearer(secret));

    expect(new Set(heard.map(({ code }) => code))).toEqual(
      new Set([
        'no-consent-vouched',
        'enrichment-failed',
        'transformation-failed',
        'previous-key-used',
        'secret-key-exposed',
        'rate-limited',
        'log-unavailable',
        'collector-failed',
      ]),
    );
    const said = JSON.stringify([heard, answers, running.collector.stats()]);
    for (const word of [secret, person, '203.0.113']) expect(said).not.toContain(word);
  });

  test('are not stored beyond what was asked for: no key, and of an address only its network', async () => {
    const { post, log } = await run({
      trustedProxies: 1,
      keys: { [secret]: { source: 'server', consent: { analytics: true } } },
    });
    await post(
      { ...batchOf({ ...okEvent(), writeKey: secret }), writeKey: secret },
      { headers: { 'X-Forwarded-For': address } },
    );
    await post(batchOf({ ...okEvent(), event: '', writeKey: secret }), {
      headers: { 'X-Forwarded-For': address, Authorization: `Bearer ${secret}` },
    });
    const stored = JSON.stringify([log.appended, log.quarantined(10)]);
    expect(log.stats()).toMatchObject({ events: 1, quarantined: 1 });
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(address);
  });
});

describe('whatever comes', () => {
  test('is text like any other, also where it looks like SQL', async () => {
    const hostile = `'); DROP TABLE batches; --`;
    const { post, collector, log, delivered } = await run();
    await collector.suppress({ userId: hostile });
    const events = [
      okEvent({ messageId: hostile, event: hostile }),
      okEvent({ messageId: 'hers', userId: hostile }),
      { ...okEvent({ messageId: `${hostile}2` }), event: 7 },
    ];
    const { body } = await post(batchOf(...events));
    expect(
      Object.values(body.results ?? {})
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['invalid', 'suppressed']);
    expect((await delivered()).map((event) => [event.messageId, (event as { event: string }).event])).toEqual([
      [hostile, hostile],
    ]);
    expect(log.quarantined(1)).toMatchObject([{ messageId: `${hostile}2` }]);
  });

  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
    fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
    fc
      .array(
        fc.oneof(
          fc.jsonValue({ maxDepth: 4 }),
          fc.record(
            {
              type: fc.constantFrom('track', 'page', 'alias', '__proto__'),
              messageId: fc.anything(),
              context: fc.jsonValue(),
              integrations: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        { maxLength: 5 },
      )
      .map((events) =>
        Buffer.from(JSON.stringify({ batch: events }, (_, value) => (typeof value === 'bigint' ? `${value}` : value))),
      ),
  );
  const path = fc.constantFrom('/', '/v1/batch', '/v1/t', '/v1/identify', '/beacon/v1/batch', '/v1/import');
  const encoding = fc.constantFrom(undefined, 'gzip', 'br', 'deflate', 'zstd', 'identity', 'x');

  test('is answered with a status of ours, and the next batch is stored', async () => {
    const heard: Diagnostic[] = [];
    const keep = (event: TrackEvent): TrackEvent => event;
    const { post, log } = await run({
      enrichments: [bots()],
      transformations: [keep],
      onDiagnostic: (diagnostic) => heard.push(diagnostic),
    });
    await fc.assert(
      fc.asyncProperty(anything, path, encoding, async (body, at, packed) => {
        const headers = packed === undefined ? {} : { 'Content-Encoding': packed };
        const reply = await post(body, { path: at, headers });
        expect([200, 400, 413]).toContain(reply.status);
        expect(reply.body).toMatchObject(reply.status === 200 ? { success: true } : { success: false });
      }),
      { numRuns: 200 },
    );
    expect(heard).toEqual([]);
    const before = log.stats().events;
    await post(batch());
    expect(log.stats().events).toBe(before + 1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }, 60_000);

  test.each([
    {
      why: 'a request that ends in the middle',
      text: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"batch":',
    },
    { why: 'two lengths', text: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}' },
    {
      why: 'a length and chunks',
      text: 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    },
    { why: 'no HTTP at all', text: '\x16\x03\x01\x02\x00\x01\x00' },
  ])('on the wire is nobody else’s trouble: $why', async ({ text }) => {
    const { url, post, delivered } = await run();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    closeFirst(async () => socket.destroy());
    socket.resume().end(text);
    await new Promise((resolve) => socket.once('close', resolve));
    const event = okEvent();
    expect((await post(batchOf(event))).status).toBe(200);
    expect(idsOf(await delivered())).toEqual([event.messageId]);
  });
});
