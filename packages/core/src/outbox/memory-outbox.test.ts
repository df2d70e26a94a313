import { describe, expect, it, test } from 'vitest';
import { anEntry } from '../testing/builders.ts';
import { outboxContract } from '../testing/outbox-contract.ts';
import { createMemoryOutbox } from './memory-outbox.ts';

describe('memory outbox: the contract', () => {
  const suite = outboxContract({
    create: () => createMemoryOutbox(),
    createBounded: (maxEvents) => createMemoryOutbox({ maxEvents }),
  });
  for (const { rule, check } of suite) it(rule, check);
});

function opened(options: Parameters<typeof createMemoryOutbox>[0]) {
  const lost: string[] = [];
  const outbox = createMemoryOutbox(options);
  outbox.open({ onDropped: (id) => lost.push(id), onArrived: () => {} });
  return { outbox, lost };
}

test('a full outbox gives up what waited longest', async () => {
  const { outbox, lost } = opened({ maxEvents: 2 });
  for (const entry of ['a', 'b', 'c', 'd'].map((id) => anEntry({ id }))) void outbox.add(entry);
  const pulled = await outbox.pull({ maxEvents: 10, maxBytes: 1_000 });
  expect(lost).toEqual(['a', 'b']);
  expect(pulled.map(({ id }) => id)).toEqual(['c', 'd']);
});

test('bytes are bounded as well as events', () => {
  const { outbox, lost } = opened({ maxBytes: 250 });
  for (const entry of ['a', 'b', 'c'].map((id) => anEntry({ id, bytes: 100 }))) void outbox.add(entry);
  expect(lost).toEqual(['a']);
  expect(outbox.depth().waitingBytes).toBe(200);
});

test.each([
  { why: 'all fit', maxEvents: 9, maxBytes: 100, expected: ['a', 'b', 'c', 'd'] },
  { why: 'as many as may travel together', maxEvents: 3, maxBytes: 100, expected: ['a', 'b', 'c'] },
  { why: 'as many bytes as may travel together', maxEvents: 9, maxBytes: 59, expected: ['a', 'b'] },
  { why: 'exactly at the limit still fits', maxEvents: 9, maxBytes: 60, expected: ['a', 'b', 'c'] },
  { why: 'one that is too large goes alone', maxEvents: 9, maxBytes: 5, expected: ['a'] },
  { why: 'without limits, everything', maxEvents: Infinity, maxBytes: Infinity, expected: ['a', 'b', 'c', 'd'] },
])('a batch: $why', async ({ expected, ...limits }) => {
  const { outbox } = opened({});
  for (const entry of ['a', 'b', 'c', 'd'].map((id, index) => anEntry({ id, bytes: 10 * (index + 1) })))
    void outbox.add(entry);
  const pulled = await outbox.pull(limits);
  expect(pulled.map(({ id }) => id)).toEqual(expected);
});

test('what is released is the oldest again, also when what came after it has left', async () => {
  const { outbox } = opened({});
  const all = { maxEvents: 9, maxBytes: 1_000 };
  for (const entry of ['a', 'b', 'c'].map((id) => anEntry({ id, bytes: 10 }))) void outbox.add(entry);
  const pulled = await outbox.pull({ ...all, maxEvents: 2 });
  expect(await outbox.pull(all)).toHaveLength(1);
  void outbox.add(anEntry({ id: 'd', bytes: 10 }));
  outbox.release(pulled);
  expect(outbox.depth()).toEqual({ waiting: 3, waitingBytes: 30 });
  expect((await outbox.pull(all)).map(({ id }) => id)).toEqual(['a', 'b', 'd']);
});

test('keeps order and counts over many adds and pulls', async () => {
  const { outbox } = opened({ maxEvents: 1e6 });
  const seen: string[] = [];
  let added = 0;
  for (let round = 0; round < 300; round++) {
    for (let count = 0; count < 20; count++) void outbox.add(anEntry({ id: `e${added++}`, bytes: 1 }));
    seen.push(...(await outbox.pull({ maxEvents: 15, maxBytes: 1_000 })).map(({ id }) => id));
  }
  expect(seen).toEqual(Array.from({ length: 4_500 }, (_, index) => `e${index}`));
  expect(outbox.depth()).toEqual({ waiting: 1_500, waitingBytes: 1_500 });
});
