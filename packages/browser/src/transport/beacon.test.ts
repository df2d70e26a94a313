import { createMemoryOutbox } from '@org/track-core';
import { anEntry, createFakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { beacon } from './beacon.ts';
import type { CarryFirst } from './delivery-part.ts';
import { createPageTransport } from './page-transport.ts';

const { signal } = new AbortController();
const staying = { attempt: 0, exit: false, signal };
const leaving = { attempt: 0, exit: true, signal };
const page = {
  endpoint: '/api/j',
  writeKey: 'shop',
  clock: createFakeClock(),
  outbox: createMemoryOutbox(),
  allow: () => true,
};
const transport = (beacon() as CarryFirst)(createPageTransport(page), page);

let carriedBy: string[];

beforeEach(() => {
  carriedBy = [];
  vi.spyOn(navigator, 'sendBeacon').mockImplementation(() => carriedBy.push('beacon') > 0);
  vi.stubGlobal('fetch', async () => {
    carriedBy.push('fetch');
    return new Response('{"success":true}');
  });
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
  await transport.send([anEntry()], staying);
  await transport.send([anEntry()], leaving);
  expect(carriedBy).toEqual(expected);
});

describe('by beacon', () => {
  beforeEach(() => {
    vi.stubGlobal('Request', class {});
  });

  test('an accepted one is unconfirmed: blocked ones are accepted too', async () => {
    expect(await transport.send([anEntry({ id: 'a' })], leaving)).toEqual({ kind: 'unconfirmed' });
    const [url, body] = vi.mocked(navigator.sendBeacon).mock.calls[0] ?? [];
    expect(url).toBe('/api/j');
    expect(JSON.parse(String(body))).toMatchObject({ writeKey: 'shop', batch: [{ messageId: 'a' }] });
  });

  test('what a beacon refuses is left to fetch: a hidden page may live on', async () => {
    vi.spyOn(navigator, 'sendBeacon').mockReturnValue(false);
    expect(await transport.send([anEntry()], leaving)).toMatchObject({ kind: 'delivered' });
    expect(carriedBy).toEqual(['fetch']);
  });

  test('of a batch that is too large every part goes that fits, oldest first; what fits alone nowhere is left', async () => {
    const carried: string[][] = [];
    vi.spyOn(navigator, 'sendBeacon').mockImplementation((_, body) => {
      const { batch } = JSON.parse(String(body)) as { batch: { messageId: string }[] };
      const fits = String(body).length <= 20_000;
      if (fits) carried.push(batch.map(({ messageId }) => messageId));
      return fits;
    });
    const sized = (id: string, size: number) =>
      anEntry({ id, value: JSON.stringify({ messageId: id, text: 'x'.repeat(size) }) });
    const entries = [sized('a', 9_000), sized('b', 9_000), sized('huge', 30_000), sized('d', 12_000)];
    expect(await transport.send(entries, leaving)).toEqual({ kind: 'unconfirmed' });
    expect(carried).toEqual([['a', 'b'], ['d']]);
  });

  test('one that throws rejects: it is tried again', async () => {
    vi.spyOn(navigator, 'sendBeacon').mockImplementation(() => {
      throw new Error('gone');
    });
    await expect(transport.send([anEntry()], leaving)).rejects.toThrow('gone');
  });
});
