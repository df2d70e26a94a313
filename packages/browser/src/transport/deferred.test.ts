import {
  createMemoryOutbox,
  createQueue,
  type Entry,
  type Outbox,
  type OutboxHost,
  type Queue,
  type QueueLimits,
} from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deferred } from './deferred.ts';
import type { CarryFirst } from './delivery-part.ts';
import { createPageTransport } from './page-transport.ts';

interface Deferred {
  readonly url: string;
  readonly init: RequestInit;
  readonly ids: readonly string[];
  readonly result: { activated: boolean };
}

/** How the collector answers, as long as nothing else is said: not at all. */
type Answer = 'never' | 'blocked' | { readonly status: number; readonly headers?: Record<string, string> };

let clock: FakeClock;
let asked: Deferred[]; // of `fetchLater`, in their order
let quota: number;
let answer: Answer;
let requests: { readonly keepalive: boolean | undefined; answer(): void; fail(): void }[];
let denied: ReadonlySet<string>; // ids that consent does not cover
let idle: ((task: () => void, options?: { readonly timeout?: number }) => void) | undefined;

/** What the browser would send if the page ended now. More than one request at a time is a mistake. */
function held(): readonly string[] | undefined {
  const open = asked.filter(({ init, result }) => !init.signal?.aborted && !result.activated);
  expect(open.length).toBeLessThanOrEqual(1);
  return open[0]?.ids;
}

beforeEach(() => {
  clock = createFakeClock();
  asked = [];
  quota = 65_536;
  answer = 'never';
  requests = [];
  denied = new Set();
  idle = (task) => task();
  vi.stubGlobal('requestIdleCallback', (task: () => void, options: object) => idle?.(task, options));
  vi.stubGlobal('fetchLater', (url: string, init: RequestInit) => {
    const body = String(init.body);
    if (new TextEncoder().encode(body).length > quota) throw new DOMException('No room', 'QuotaExceededError');
    const { batch } = JSON.parse(body) as { batch: { messageId: string }[] };
    const result = { activated: false };
    asked.push({ url, init, ids: batch.map(({ messageId }) => messageId), result });
    return result;
  });
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    if (answer === 'blocked') return Promise.reject(new TypeError('Failed to fetch'));
    return new Promise((resolve, reject) => {
      const reply = (): void => {
        const { status, headers = {} } = typeof answer === 'object' ? answer : { status: 200 };
        resolve(new Response('{"success":true}', { status, headers }));
      };
      const fail = (): void => reject(new TypeError('Failed to fetch'));
      init.signal?.addEventListener('abort', fail);
      requests.push({ keepalive: init.keepalive, answer: reply, fail });
      if (answer !== 'never') reply();
    });
  });
});

afterEach(async () => {
  // Gives back what requests under way have taken of the page's budget, which all tests share.
  for (const request of requests) request.answer();
  await clock.settle();
  vi.unstubAllGlobals();
});

function create(
  limits: Partial<QueueLimits> = {},
  outbox: Outbox = createMemoryOutbox(),
): Queue & { track(...ids: string[]): void } {
  const allow = ({ id }: Entry): boolean => !denied.has(id);
  const page = { endpoint: '/api/j', writeKey: 'shop', clock, outbox, allow };
  const transport = (deferred() as CarryFirst)(createPageTransport(page), page);
  const queue = createQueue({ ...page, transport, random: () => 1, limits });
  return Object.assign(queue, {
    track(...ids: string[]) {
      for (const id of ids) {
        queue.accept(1);
        void queue.add(anEntry({ id }));
      }
    },
  });
}

/** When full it gives up what just came. */
function takingOnly(maxEvents: number): Outbox {
  const outbox = createMemoryOutbox();
  const { open, add, depth } = outbox;
  let host: OutboxHost;
  return {
    ...outbox,
    open(newHost) {
      host = newHost;
      open(newHost);
    },
    add: (entry) => (depth().waiting < maxEvents ? add(entry) : host.onDropped(entry.id, 'outbox-full')),
  };
}

function sized(id: string, bytes: number): Entry {
  const value = JSON.stringify({ messageId: id, text: '' });
  return anEntry({ id, value: value.replace('""', `"${'x'.repeat(bytes - value.length)}"`), bytes });
}

test('what waits is in the browser’s hands: one text body, which needs no pre-flight', async () => {
  create().track('a', 'b');
  expect(asked).toEqual([]);
  await clock.advance(0);
  expect(held()).toEqual(['a', 'b']);
  const { url, init } = asked[0] as Deferred;
  expect(url).toBe('/api/j');
  expect(Object.keys(init).sort()).toEqual(['body', 'method', 'referrer', 'signal']);
  expect(init.referrer).toBe('');
  expect(init.method).toBe('POST');
  expect(typeof init.body).toBe('string');
});

test('it says when it was handed over, and not that it was sent then', async () => {
  create().track('a');
  await clock.advance(0);
  const envelope = JSON.parse(String(asked[0]?.init.body));
  expect(envelope).toMatchObject({ deferredAt: '2026-01-01T00:00:00.000Z', writeKey: 'shop' });
  expect(envelope).not.toHaveProperty('sentAt');
});

test('only the envelope’s own word is changed', async () => {
  const queue = create();
  void queue.add(anEntry({ id: 'a', value: '{"messageId":"a","sentAt":1}' }));
  await clock.advance(0);
  expect(JSON.parse(String(asked[0]?.init.body)).batch).toEqual([{ messageId: 'a', sentAt: 1 }]);
});

test('it is renewed in idle time, and at most every 250 ms', async () => {
  const whenIdle: (() => void)[] = [];
  const patience: unknown[] = [];
  idle = (task, options) => {
    whenIdle.push(task);
    patience.push(options);
  };
  const queue = create();
  queue.track('a');
  await clock.advance(0);
  expect(asked).toEqual([]);
  whenIdle.shift()?.();
  expect(held()).toEqual(['a']);
  for (const id of ['b', 'c', 'd']) {
    queue.track(id);
    await clock.advance(50);
  }
  expect(whenIdle).toEqual([]);
  await clock.advance(100);
  whenIdle.shift()?.();
  expect(held()).toEqual(['a', 'b', 'c', 'd']);
  expect(asked).toHaveLength(2);
  expect(patience).toEqual([{ timeout: 250 }, { timeout: 250 }]);
  await clock.advance(1_000);
  expect(whenIdle).toEqual([]);
});

test('what waits as before is left in the browser’s hands', async () => {
  const queue = create({ maxBytes: 100_000 });
  queue.accept(2);
  void queue.add(sized('a', 30_000));
  await clock.advance(300);
  void queue.add(sized('b', 30_000)); // no room for it
  await clock.advance(300);
  expect(asked).toHaveLength(1);
  expect(held()).toEqual(['a']);
});

describe('what the page itself delivers', () => {
  test('is taken back: at once if it was all', async () => {
    answer = { status: 200 };
    const queue = create({ maxWaitMs: 500 });
    queue.track('a');
    await clock.advance(100);
    expect(held()).toEqual(['a']);
    await clock.advance(400);
    expect(held()).toBeUndefined();
    expect(queue.stats().delivered).toBe(1);
    await clock.advance(1_000);
    expect(asked).toHaveLength(1);
  });

  test('is taken back as soon as a request under way carries it past the page’s end', async () => {
    create({ maxWaitMs: 500 }).track('a');
    await clock.advance(499);
    expect(held()).toEqual(['a']);
    await clock.advance(1);
    expect(requests).toMatchObject([{ keepalive: true }]);
    expect(held()).toBeUndefined();
  });

  test('leaves what waits behind it', async () => {
    const queue = create({ maxWaitMs: 500, maxEvents: 1 });
    queue.track('a', 'b');
    await clock.advance(0);
    expect(requests).toHaveLength(1);
    await clock.advance(250);
    expect(held()).toEqual(['b']);
  });

  test('comes back when that failed, before what came later', async () => {
    const queue = create({ maxWaitMs: 100 });
    queue.track('a', 'b');
    await clock.advance(100);
    queue.track('c');
    await clock.advance(300);
    expect(held()).toEqual(['c']);
    answer = { status: 503 };
    requests[0]?.answer();
    await clock.advance(250);
    expect(held()).toEqual(['a', 'b', 'c']);
  });

  test('stays while it is tried again: such a request ends with its page', async () => {
    answer = { status: 503 };
    create({ maxWaitMs: 100 }).track('a');
    await clock.advance(400);
    answer = 'never';
    await clock.advance(1_000);
    expect(requests).toMatchObject([{ keepalive: true }, { keepalive: false }]);
    expect(held()).toEqual(['a']);
  });
});

describe('when the page ends', () => {
  test('its last request takes everything, and nothing is deferred', async () => {
    const queue = create();
    queue.track('a');
    await clock.advance(0);
    queue.track('b');
    queue.exit();
    expect(requests).toMatchObject([{ keepalive: true }]);
    expect(held()).toBeUndefined();
    await clock.settle();
    expect(held()).toBeUndefined();
  });

  test('what the keepalive budget has no room for is deferred in this very task', async () => {
    const queue = create();
    queue.accept(3);
    for (const id of ['a', 'b', 'c']) void queue.add(sized(id, 25_000));
    queue.track('d');
    queue.exit();
    expect(requests).toMatchObject([{ keepalive: true }, { keepalive: true }, { keepalive: false }]);
    await clock.settle();
    expect(held()).toEqual(['c', 'd']);
  });
});

describe('consent', () => {
  test('what it no longer covers is taken back in the same task, and the rest is deferred again', async () => {
    const queue = create();
    queue.track('a', 'b');
    await clock.advance(0);
    denied = new Set(['a']);
    queue.sweep();
    expect(held()).toBeUndefined();
    expect(queue.stats().dropped).toEqual({ consent: 1 });
    await clock.advance(250);
    expect(held()).toEqual(['b']);
  });

  test('so is what is on its way without keepalive', async () => {
    answer = { status: 503 };
    const queue = create({ maxWaitMs: 100 });
    queue.track('a');
    await clock.advance(100);
    answer = 'never';
    await clock.advance(1_000);
    expect(requests).toMatchObject([{ keepalive: true }, { keepalive: false }]);
    expect(held()).toEqual(['a']);
    denied = new Set(['a']);
    queue.sweep();
    expect(held()).toBeUndefined();
    await clock.advance(1_000);
    expect(held()).toBeUndefined();
  });

  test('is asked again whenever the request is renewed', async () => {
    const queue = create({ maxWaitMs: 5_000 });
    queue.track('a');
    denied = new Set(['a']);
    queue.track('b');
    await clock.advance(0);
    expect(held()).toEqual(['b']);
  });
});

test('while the collector asks for a rest nothing is deferred', async () => {
  const queue = create({ maxEvents: 1 });
  queue.track('a', 'b');
  await clock.advance(300);
  expect(held()).toEqual(['b']);
  queue.track('c'); // would be deferred 200 ms from now
  answer = { status: 429, headers: { 'retry-after': '30' } };
  requests[0]?.answer();
  await clock.settle();
  expect(held()).toBeUndefined();
  await clock.advance(29_900);
  expect(held()).toBeUndefined();
  await clock.advance(400); // the queue itself waits a little longer
  expect(held()).toEqual(['a', 'b', 'c']);
});

describe('while nothing answers', () => {
  test('nothing is deferred: a blocker’s no is a no', async () => {
    answer = 'blocked';
    const queue = create({ maxEvents: 1 });
    queue.track('a', 'b');
    await clock.advance(300);
    expect(held()).toBeUndefined();
    const whenIdle = vi.spyOn(globalThis, 'requestIdleCallback');
    queue.track('c');
    queue.exit();
    await clock.advance(500);
    expect(held()).toBeUndefined();
    expect(whenIdle).not.toHaveBeenCalled();
  });

  test('what the browser had in its hands is taken back', async () => {
    const queue = create({ maxEvents: 1 });
    queue.track('a', 'b');
    await clock.advance(250);
    expect(held()).toEqual(['b']);
    requests[0]?.fail();
    await clock.settle();
    expect(held()).toBeUndefined();
    await clock.advance(900); // the queue waits longer
    expect(held()).toBeUndefined();
  });

  test('an answer to another batch is an answer', async () => {
    create({ maxEvents: 1, concurrency: 2 }).track('a', 'b');
    await clock.advance(300);
    requests[0]?.fail();
    await clock.advance(300);
    expect(held()).toBeUndefined();
    answer = { status: 200 };
    requests[1]?.answer();
    await clock.advance(500);
    expect(held()).toEqual(['a']);
  });

  test('after an answer what waits is deferred again', async () => {
    answer = 'blocked';
    create({ maxEvents: 1 }).track('a', 'b');
    await clock.advance(900);
    answer = { status: 503 };
    await clock.advance(500); // the second try
    expect(held()).toEqual(['a', 'b']);
  });
});

describe('its size', () => {
  test('is bounded in bytes, the oldest first', async () => {
    const queue = create({ maxBytes: 100_000 });
    queue.accept(4);
    for (const id of ['a', 'b', 'c', 'd']) void queue.add(sized(id, 15_990));
    await clock.advance(0);
    expect(held()).toEqual(['a', 'b', 'c']);
    expect(String(asked[0]?.init.body).length).toBeLessThan(48_200);
  });

  test.each([
    { why: 'half fits', room: 500, expected: ['a', 'b'] },
    { why: 'one fits', room: 300, expected: ['a'] },
    { why: 'none fits', room: 50, expected: undefined },
  ])('gives way to others who use the page’s quota: $why', async ({ room, expected }) => {
    quota = room;
    create({ maxWaitMs: 60_000 }).track('a', 'b', 'c', 'd');
    await clock.advance(0);
    expect(held()).toEqual(expected);
  });

  test('without any room it looks again after 10 s, however much is tracked meanwhile', async () => {
    quota = 50;
    const later = vi.spyOn(globalThis as unknown as { fetchLater(): void }, 'fetchLater');
    const queue = create({ maxWaitMs: 60_000 });
    queue.track('a');
    await clock.advance(0);
    expect(later).toHaveBeenCalledTimes(1);
    for (let second = 1; second < 10; second++) {
      queue.track(`b${second}`);
      await clock.advance(1_000);
    }
    expect(later).toHaveBeenCalledTimes(1);
    quota = 65_536;
    await clock.advance(1_000);
    expect(held()).toHaveLength(10);
  });

  test.each([
    { why: 'the oldest', outbox: createMemoryOutbox({ maxEvents: 2 }), expected: ['b', 'c'] },
    { why: 'the newest', outbox: takingOnly(2), expected: ['a', 'b'] },
  ])('what a full outbox gives up is not deferred: $why', async ({ outbox, expected }) => {
    const queue = create({ maxWaitMs: 60_000 }, outbox);
    queue.track('a', 'b', 'c');
    await clock.advance(0);
    expect(held()).toEqual(expected);
  });

  test('nor what it gives up later', async () => {
    const queue = create({ maxWaitMs: 60_000 }, createMemoryOutbox({ maxEvents: 2 }));
    queue.track('a', 'b');
    await clock.advance(0);
    queue.track('c');
    expect(held()).toBeUndefined();
    await clock.advance(250);
    expect(held()).toEqual(['b', 'c']);
  });
});

test.each([
  { why: 'a policy forbids it', thrown: new DOMException('Blocked', 'NotAllowedError') },
  { why: 'the URL is not trustworthy', thrown: new TypeError('Not trustworthy') },
  { why: 'somebody patched it', thrown: undefined },
])('it gives up for good, and delivery goes on, where $why', async ({ thrown }) => {
  const later = vi.fn(() => {
    throw thrown;
  });
  vi.stubGlobal('fetchLater', later);
  const whenIdle = vi.spyOn(globalThis, 'requestIdleCallback');
  answer = { status: 200 };
  const queue = create({ maxWaitMs: 500 });
  queue.track('a');
  await clock.advance(300);
  queue.accept(2);
  for (const id of ['b', 'c']) void queue.add(sized(id, 35_000)); // one of them is more than keepalive takes
  queue.exit();
  await clock.advance(1_000);
  expect(later).toHaveBeenCalledTimes(1);
  expect(whenIdle).toHaveBeenCalledTimes(1);
  expect(queue.stats()).toMatchObject({ delivered: 3, pending: 0 });
});

test('after a shutdown nothing is in the browser’s hands any more', async () => {
  // One that keeps what it has on disk.
  const queue = create({ maxWaitMs: 60_000 }, { ...createMemoryOutbox(), close() {} });
  const whenIdle = vi.spyOn(globalThis, 'requestIdleCallback');
  answer = { status: 503 };
  queue.track('a');
  await clock.advance(0);
  const down = queue.shutdown({ deadlineMs: 2_600 });
  await clock.advance(2_500);
  queue.track('b'); // would be deferred 250 ms from now
  expect(held()).toEqual(['a']);
  await clock.advance(100);
  await down;
  expect(held()).toBeUndefined();
  whenIdle.mockClear();
  await clock.advance(20_000);
  expect(held()).toBeUndefined();
  expect(whenIdle.mock.calls.length).toBeLessThanOrEqual(1); // the one that was planned
});

test('what was sent while the page was in the back/forward cache is deferred again as long as it has no answer', async () => {
  answer = { status: 503 };
  const queue = create({ maxWaitMs: 100 });
  queue.track('a');
  await clock.advance(400);
  expect(held()).toEqual(['a']);
  for (const { result } of asked) result.activated = true;
  await clock.advance(10_000); // further tries
  expect(held()).toEqual(['a']);
});

test('where the browser has no `fetchLater`, nothing is changed', () => {
  vi.stubGlobal('fetchLater', undefined);
  const outbox = createMemoryOutbox();
  const before = { ...outbox };
  const page = { endpoint: '/api/j', clock, outbox, allow: () => true };
  const next = createPageTransport(page);
  expect((deferred() as CarryFirst)(next, page)).toBe(next);
  expect(outbox).toEqual(before);
});
