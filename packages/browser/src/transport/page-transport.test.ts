import { anEntry, createFakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPageTransport } from './page-transport.ts';

const clock = createFakeClock();
const { signal } = new AbortController();
const staying = { attempt: 0, exit: false, signal };
const leaving = { attempt: 0, exit: true, signal };

let carriedBy: string[];
const fetchSpy = (async () => {
  carriedBy.push('fetch');
  return new Response('{"success":true}');
}) as typeof fetch;

beforeEach(() => {
  carriedBy = [];
  vi.spyOn(navigator, 'sendBeacon').mockImplementation(() => carriedBy.push('beacon') > 0);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const withKeepalive = class {
  get keepalive(): boolean {
    return false;
  }
};

test.each([
  { why: 'fetch with keepalive carries all, also at the end', request: withKeepalive, expected: ['fetch', 'fetch'] },
  { why: 'without keepalive a beacon carries what the end leaves', request: class {}, expected: ['fetch', 'beacon'] },
])('$why', async ({ request, expected }) => {
  vi.stubGlobal('Request', request);
  vi.stubGlobal('fetch', fetchSpy);
  const transport = createPageTransport({ endpoint: '/api/j', clock });
  await transport.send([anEntry()], staying);
  await transport.send([anEntry()], leaving);
  expect(carriedBy).toEqual(expected);
});
