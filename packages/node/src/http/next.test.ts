import { formatDevice } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestTracker, type TestTracker } from '../testing/test-tracker.ts';
import { type NextTracking, nextTracking } from './next.ts';

const cookie = formatDevice({ consent: [{ analytics: true }, 1], anonymousId: 'anonymous-1' });
const headers = new Headers({
  cookie,
  host: 'shop.example',
  referer: 'https://shop.example/cart',
  'x-forwarded-proto': 'https',
  'x-real-ip': '203.0.113.7',
});

let tracker: TestTracker;
let later: (() => unknown)[];
let next: NextTracking;
beforeEach(() => {
  tracker = createTestTracker();
  later = [];
  next = nextTracking(tracker, {
    headers: async () => headers,
    after: (task) => void later.push(task),
    ip: (all) => all.get('x-real-ip'),
  });
});
afterEach(() => tracker.shutdown());

const visitor = { anonymousId: 'anonymous-1', context: { ip: '203.0.113.0', page: { path: '/cart' } } };

test('a route handler runs inside of its request, and keeps its arguments', async () => {
  const POST = next.route(async (request: Request, { params }: { params: Promise<{ id: string }> }) => {
    const { id } = await params;
    tracker.track('Order Completed', { order_id: id });
    return new Response(request.method);
  });
  const request = new Request('http://localhost:3000/orders/o1', { method: 'POST', headers });
  const response = await POST(request, { params: Promise.resolve({ id: 'o1' }) });
  expect(await response.text()).toBe('POST');
  expect(tracker.events).toMatchObject([{ ...visitor, properties: { order_id: 'o1' } }]);
});

test('a route that a browser opens is a page of the site, not of the server’s own name', async () => {
  const GET = next.route(() => void tracker.page());
  const opened = new Headers(headers);
  opened.set('sec-fetch-dest', 'document');
  await GET(new Request('http://localhost:3000/download?file=1', { headers: opened }));
  expect(tracker.events).toMatchObject([
    { context: { page: { url: 'https://shop.example/download?file=1', referrer: 'https://shop.example/cart' } } },
  ]);
});

test('a server action runs inside of its request, and returns what it returns', async () => {
  const add = next.action(async (productId: string, count: number) => {
    await Promise.resolve();
    tracker.track('Product Added', { product_id: productId, count });
    return count + 1;
  });
  expect(await add('p1', 2)).toBe(3);
  expect(tracker.events).toMatchObject([{ ...visitor, properties: { product_id: 'p1', count: 2 } }]);
});

test('a server component has its visitor, and says where it is', async () => {
  (await next.visitorOf()).track('Offer Rendered');
  (await next.visitorOf('/offers?page=2')).track('Offer Rendered');
  const page = {
    url: 'https://shop.example/offers?page=2',
    path: '/offers',
    search: '?page=2',
    referrer: 'https://shop.example/cart',
  };
  expect(tracker.events).toMatchObject([visitor, { ...visitor, context: { page } }]);
  expect(later).toHaveLength(2);
});

test('an address that cannot be found costs no request', async () => {
  const unready = nextTracking(tracker, {
    headers: async () => new Headers({ cookie }),
    after() {},
    ip: (all) => (all.get('x-forwarded-for') as string).split(',')[0] as string,
  });
  await unready.action(() => void tracker.track('Seen'))();
  await unready.route(() => void tracker.track('Seen'))(new Request('http://localhost:3000/', { headers: { cookie } }));
  expect(tracker.events).toMatchObject([{ anonymousId: 'anonymous-1' }, { anonymousId: 'anonymous-1' }]);
});

describe('after the answer', () => {
  test('what was tracked is sent, also where redirect() ends the action', async () => {
    const buy = next.action(async (): Promise<void> => {
      tracker.track('Order Completed');
      throw new Error('NEXT_REDIRECT');
    });
    await expect(buy()).rejects.toThrow('NEXT_REDIRECT');
    expect(tracker.stats().pending).toBe(1);
    for (const task of later) await task();
    expect(tracker.stats()).toMatchObject({ pending: 0, delivered: 1 });
  });

  test('what a streamed answer tracks, and what an after of the host tracks, is sent too', async () => {
    const GET = next.route((request: Request) => {
      const visitor = tracker.for(request);
      later.push(() => tracker.track('Export Logged', {}, { userId: 'u1' }));
      async function* rows(): AsyncGenerator<Uint8Array> {
        yield new TextEncoder().encode('row');
        visitor.track('Export Sent');
      }
      return new Response(ReadableStream.from(rows()));
    });
    const response = await GET(new Request('http://localhost:3000/export', { headers }));
    expect(tracker.events).toEqual([]);
    await response.text();
    for (const task of later) await task();
    expect(tracker.stats()).toMatchObject({ pending: 0, delivered: 2 });
  });

  test('nothing was tracked: nobody waits', async () => {
    await next.action(() => 1)();
    expect(later.map((task) => task())).toEqual([undefined]);
  });

  test('while a page is built there is no after: it goes without', async () => {
    const building = nextTracking(tracker, {
      headers: async () => headers,
      after: () => {
        throw new Error('`after` was called outside a request scope.');
      },
    });
    expect(await building.action(() => void tracker.track('Seen'))()).toBeUndefined();
    expect(tracker.events).toHaveLength(1);
  });
});
