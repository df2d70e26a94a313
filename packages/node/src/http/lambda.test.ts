import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, formatDevice } from '@org/track-core';
import { createScriptedTransport } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { createTracker } from '../create-node-tracker.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';
import { lambdaHandler } from './lambda.ts';

const device: Device = { consent: [{ analytics: true }, 1], anonymousId: 'anonymous-1' };
const cookie = formatDevice(device);
const [cookieHead = '', cookieTail = ''] = [`theme=dark`, cookie];
const agent = 'Mozilla/5.0';
const referer = 'https://shop.example/checkout';

let tracker: ServerTracker;
afterEach(() => tracker.shutdown({ deadlineMs: 0 }));

function start(script?: Parameters<typeof createScriptedTransport>[0]) {
  const transport = createScriptedTransport(script);
  tracker = createTracker({
    endpoint: 'https://collector.example',
    writeKey: 'key',
    transport,
    queue: { timeoutMs: 60_000 },
  });
  const events = (): Record<string, unknown>[] =>
    transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value as string)));
  return { transport, events };
}

const context = (leftMs = 30_000) => ({ getRemainingTimeInMillis: () => leftMs });

const visitor = {
  anonymousId: 'anonymous-1',
  context: { ip: '203.0.113.0', userAgent: agent, page: { path: '/checkout' } },
};

describe('an event that is a request', () => {
  test.each<{ why: string; event: object }>([
    {
      why: 'API Gateway 2, function URLs',
      event: {
        headers: { 'user-agent': agent, referer },
        cookies: [cookieHead, cookieTail],
        rawPath: '/order',
        rawQueryString: 'a=1',
        requestContext: { http: { method: 'POST', sourceIp: '203.0.113.7' } },
      },
    },
    {
      why: 'API Gateway 1',
      event: {
        headers: { 'User-Agent': agent, Referer: referer, Cookie: cookie },
        multiValueHeaders: { Cookie: [cookie] },
        httpMethod: 'POST',
        path: '/order',
        requestContext: { identity: { sourceIp: '203.0.113.7' } },
      },
    },
    {
      why: 'a load balancer',
      event: {
        headers: { 'user-agent': agent, referer, cookie, 'x-forwarded-for': '198.51.100.1, 203.0.113.7' },
        httpMethod: 'POST',
        path: '/order',
        requestContext: { elb: {} },
      },
    },
    {
      why: 'a load balancer with lists of headers',
      event: {
        multiValueHeaders: {
          'user-agent': [agent],
          referer: [referer],
          cookie: [cookieHead, cookieTail],
          'x-forwarded-for': ['203.0.113.7'],
        },
        httpMethod: 'POST',
        requestContext: { elb: {} },
      },
    },
  ])('$why', async ({ event }) => {
    const { events } = start();
    const handler = lambdaHandler(tracker, async (_event: object) => {
      await Promise.resolve();
      tracker.track('Order Completed');
      return { statusCode: 201 };
    });
    expect(await handler(event, context())).toEqual({ statusCode: 201 });
    expect(events()).toMatchObject([visitor]);
  });

  test.each<{ why: string; event: object; search: string }>([
    {
      why: 'API Gateway 2',
      event: { rawPath: '/cart', rawQueryString: 'step=2', requestContext: { http: { method: 'GET' } } },
      search: '?step=2',
    },
    {
      why: 'API Gateway 1, which has decoded its query',
      event: {
        httpMethod: 'GET',
        path: '/cart',
        queryStringParameters: { utm_source: 'news & more', tag: 'b' },
        multiValueQueryStringParameters: { utm_source: ['news & more'], tag: ['a', 'b'] },
        requestContext: { identity: {} },
      },
      search: '?utm_source=news+%26+more&tag=a&tag=b',
    },
    {
      why: 'a load balancer, which has not',
      event: {
        httpMethod: 'GET',
        path: '/cart',
        queryStringParameters: { utm_source: 'news%20%26%20more', 'x%5B%5D': '1' },
        requestContext: { elb: {} },
      },
      search: '?utm_source=news%20%26%20more&x%5B%5D=1',
    },
    {
      why: 'a load balancer with lists',
      event: {
        httpMethod: 'GET',
        path: '/cart',
        multiValueQueryStringParameters: { tag: ['a', 'b%26'] },
        requestContext: { elb: {} },
      },
      search: '?tag=a&tag=b%26',
    },
    {
      why: 'no query',
      event: { httpMethod: 'GET', path: '/cart', queryStringParameters: null, requestContext: { identity: {} } },
      search: '',
    },
  ])('that opens a page is about that page: $why', async ({ event, search }) => {
    const { events } = start();
    const handler = lambdaHandler(tracker, () => void tracker.page());
    const headers = { host: 'shop.example', 'x-forwarded-proto': 'https', accept: 'text/html', cookie };
    await handler({ headers, ...event }, context());
    expect(events()).toMatchObject([{ context: { page: { url: `https://shop.example/cart${search}` } } }]);
  });

  test('of a forged forwarding header that no balancer wrote takes nothing', async () => {
    const { events } = start();
    const handler = lambdaHandler(tracker, () => void tracker.track('Seen'));
    await handler({ headers: { cookie, 'x-forwarded-for': '198.51.100.1' } }, context());
    expect(events().map((event) => (event.context as { ip?: string }).ip)).toEqual([undefined]);
  });
});

test('other events are nobody’s: each call says whom it is about', async () => {
  const { events } = start();
  const handler = lambdaHandler(tracker, async (_event: object) => {
    tracker.track('Nobody Meant');
    tracker.with({ userId: 'u1', consent: { analytics: true } }).track('Invoice Sent');
  });
  await handler({ Records: [{ body: '{}' }] }, context());
  expect(events()).toMatchObject([{ event: 'Invoice Sent', userId: 'u1' }]);
});

test.each<{ why: string; event: unknown; given: unknown }>([
  { why: 'cookies that are no list', event: { headers: { cookie }, cookies: 'theme=dark' }, given: context() },
  { why: 'headers that are no lists', event: { multiValueHeaders: { cookie: 'theme=dark' } }, given: context() },
  { why: 'a header that has no name to speak of', event: { headers: { cookie: 7 } }, given: context() },
  { why: 'no context, as in a test of the handler', event: { headers: { cookie } }, given: undefined },
])('$why cost the function nothing', async ({ event, given }) => {
  start();
  const handler = lambdaHandler(tracker, (_event: unknown, _context: ReturnType<typeof context>) => {
    tracker.track('Seen');
    return 'answer';
  });
  expect(await handler(event, given as ReturnType<typeof context>)).toBe('answer');
  expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 0 });
});

test('it answers when what was tracked is delivered, not before', async () => {
  const { transport } = start(['hang']);
  const handler = lambdaHandler(tracker, () => void tracker.track('Seen'));
  const answered = handler({ headers: { cookie } }, context());
  expect(await Promise.race([answered, sleep(50, 'waiting')])).toBe('waiting');
  transport.answer({ kind: 'delivered' });
  await answered;
  expect(tracker.stats()).toMatchObject({ pending: 0, delivered: 1 });
});

test('what was tracked is delivered also where it fails', async () => {
  const { events } = start();
  const handler = lambdaHandler(tracker, async (_event: object): Promise<void> => {
    tracker.track('Seen');
    throw new RangeError('of the host');
  });
  await expect(handler({ headers: { cookie } }, context())).rejects.toThrow(RangeError);
  expect(events()).toMatchObject([{ event: 'Seen' }]);
});

test('a collector that does not answer costs the time that is left for it, and the events stay', async () => {
  const { transport } = start(['hang']);
  const handler = lambdaHandler(tracker, () => {
    tracker.track('Seen');
    return 'answer';
  });
  expect(await handler({ headers: { cookie } }, context(520))).toBe('answer');
  expect(tracker.stats()).toMatchObject({ pending: 1, dropped: {} });
  transport.answer({ kind: 'delivered' });
  await expect.poll(() => tracker.stats().delivered).toBe(1);
});

test('with nothing to send it waits for nothing', async () => {
  const { transport } = start(['hang']);
  const handler = lambdaHandler(tracker, () => 'answer');
  expect(await handler({ headers: {} }, context(0))).toBe('answer');
  expect(transport.sent).toEqual([]);
});
