import { createMemoryOutbox, type Entry } from '@org/track-core';
import { anEntry, createFakeClock } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import type { CarryFirst } from './delivery-part.ts';
import { numbered } from './numbered.ts';
import type { PageSendOptions, PageTransport } from './page-transport.ts';

const { signal } = new AbortController();
const packed = new Uint8Array(3);

/** What is handed on of a batch with these options. */
async function handedOn(options: Partial<PageSendOptions>): Promise<PageSendOptions> {
  const handed: { readonly entries: readonly Entry[]; readonly options: PageSendOptions }[] = [];
  const next: PageTransport = {
    async send(entries, options) {
      handed.push({ entries, options });
      return { kind: 'delivered' };
    },
  };
  const page = {
    ...{ endpoint: '/api/j', writeKey: 'shop', clock: createFakeClock() },
    ...{ outbox: createMemoryOutbox(), allow: () => true },
  };
  const entries = [anEntry({ id: 'a', value: '{"messageId":"a"}' })];
  await (numbered() as CarryFirst)(next, page).send(entries, { attempt: 0, exit: false, signal, ...options });
  expect(handed[0]?.entries).toBe(entries);
  return handed[0]?.options as PageSendOptions;
}

test.each([
  { why: 'a first try is as ever', options: {}, expected: undefined },
  { why: 'what is packed is a first try', options: { body: packed, bytes: 3 }, expected: packed },
])('$why', async ({ options, expected }) => {
  expect((await handedOn(options)).body).toBe(expected);
});

test.each([1, 2])(
  'after %s tries the envelope says so, and the rest of it is as ever, with the batch last',
  async (attempt) => {
    const { body, bytes, ...options } = await handedOn({ attempt });
    const envelope = JSON.parse(String(body));
    expect(envelope).toEqual({
      retryCount: attempt,
      sentAt: expect.any(String),
      writeKey: 'shop',
      batch: [{ messageId: 'a' }],
    });
    expect(Object.keys(envelope).at(-1)).toBe('batch');
    expect(bytes).toBeUndefined(); // whoever sends it counts
    expect(options).toEqual({ attempt, exit: false, signal });
  },
);
