// @vitest-environment node: happy-dom's fetch ignores an abort
import type { Entry } from '@org/track-core';
import { anEntry, createFakeClock, type FarEnd, transportContract } from '@org/track-core/testing';
import { delay, HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { createPageTransport } from './page-transport.ts';

const endpoint = 'http://localhost:3999/api/j';
const clock = createFakeClock();
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => vi.unstubAllGlobals());
afterAll(() => server.close());

describe('the contract of a transport', () => {
  async function create(farEnd: FarEnd) {
    let body: unknown;
    server.use(
      http.post(endpoint, async ({ request }) => {
        body = JSON.parse(await request.text());
        if (farEnd === 'hang') await delay('infinite');
        if (farEnd === 'hang' || farEnd === 'reset') return HttpResponse.error();
        return new HttpResponse(farEnd.body ?? null, { status: farEnd.status, headers: farEnd.headers ?? {} });
      }),
    );
    const transport = createPageTransport({ endpoint, clock });
    return { transport, received: () => body, close: async () => server.resetHandlers() };
  }
  for (const { rule, check } of transportContract({ create })) it(rule, check);
});

interface Call {
  readonly url: string;
  readonly init: RequestInit;
  answer(response?: Response): void;
  fail(): void;
}

/** A `fetch` that answers when told to: what is under way is the point here. */
function recordedFetch(): Call[] {
  const calls: Call[] = [];
  const recorded = (url: string, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      calls.push({
        url,
        init,
        answer: (response = new Response('{"success":true}')) => resolve(response),
        fail: () => reject(new TypeError('Failed to fetch')),
      });
    });
  vi.stubGlobal('fetch', recorded);
  return calls;
}

const { signal } = new AbortController();
const first = { attempt: 0, exit: false, signal };
/** Its envelope is a little larger. */
const ofBytes = (bytes: number): readonly Entry[] => [anEntry({ value: `"${'x'.repeat(bytes - 2)}"`, bytes })];

test('it posts text, so that no pre-flight is needed, with the write key in the body and nothing in the URL', async () => {
  const calls = recordedFetch();
  const sent = createPageTransport({ endpoint: '/api/j', writeKey: 'shop', clock }).send([anEntry()], first);
  calls[0]?.answer();
  await sent;
  expect(calls[0]?.url).toBe('/api/j');
  expect(calls[0]?.init).toMatchObject({ method: 'POST', signal });
  expect(calls[0]?.init.headers).toBeUndefined();
  expect(calls[0]?.init.referrer).toBe('');
  const body = calls[0]?.init.body;
  expect(typeof body).toBe('string');
  expect(JSON.parse(String(body))).toMatchObject({ writeKey: 'shop', sentAt: '2026-01-01T00:00:00.000Z' });
});

test('keepalive requests under way stay within the page’s budget, over all trackers, and give it back', async () => {
  const calls = recordedFetch();
  const one = createPageTransport({ endpoint: '/api/j', clock });
  const other = createPageTransport({ endpoint: '/api/k', clock });
  const sent = [one.send(ofBytes(30_000), first), other.send(ofBytes(29_000), first), one.send(ofBytes(2_000), first)];
  expect(calls.map(({ init }) => init.keepalive)).toEqual([true, true, false]);
  calls[0]?.answer();
  calls[1]?.fail();
  calls[2]?.answer();
  await Promise.allSettled(sent);
  const last = one.send(ofBytes(59_000), first);
  expect(calls[3]?.init.keepalive).toBe(true);
  calls[3]?.answer();
  await last;
});

test('bytes count, not characters', async () => {
  const calls = recordedFetch();
  const value = JSON.stringify('ü'.repeat(30_000));
  const sent = createPageTransport({ endpoint: '/api/j', clock }).send([anEntry({ value, bytes: 60_002 })], first);
  expect(calls[0]?.init.keepalive).toBe(false);
  calls[0]?.answer();
  await sent;
});

test.each([
  { why: 'a first try may outlive its page', options: first, keepalive: true },
  {
    why: 'a second try does without: the budget may be why the first failed',
    options: { ...first, attempt: 1 },
    keepalive: false,
  },
  { why: 'at the end of the page any try needs it', options: { ...first, attempt: 1, exit: true }, keepalive: true },
])('$why', async ({ options, keepalive }) => {
  const calls = recordedFetch();
  const sent = createPageTransport({ endpoint: '/api/j', clock }).send([anEntry()], options);
  expect(calls[0]?.init.keepalive).toBe(keepalive);
  calls[0]?.answer();
  await sent;
});

test('a fetch that throws at once (patched, or blocked by a policy) rejects, and does not throw', async () => {
  vi.stubGlobal('fetch', () => {
    throw new Error('patched');
  });
  const transport = createPageTransport({ endpoint: '/api/j', clock });
  await expect(transport.send([anEntry()], first)).rejects.toThrow('patched');
});

test('an answer that breaks off is no acknowledgement', async () => {
  const calls = recordedFetch();
  const sent = createPageTransport({ endpoint: '/api/j', clock }).send([anEntry()], first);
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
  calls[0]?.answer(new Response(body));
  await expect(sent).rejects.toThrow('reset');
});
