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
  outbox.open({ onDropped: (ids) => lost.push(...ids), onArrived: () => {} });
  return { outbox, lost };
}

test.each([
  { overflow: 'drop-oldest' as const, lost: ['a', 'b'], kept: ['c', 'd'] },
  { overflow: 'drop-newest' as const, lost: ['c', 'd'], kept: ['a', 'b'] },
])('a full outbox with $overflow keeps $kept', async ({ overflow, lost: expected, kept }) => {
  const { outbox, lost } = opened({ maxEvents: 2, overflow });
  void outbox.add(['a', 'b', 'c', 'd'].map((id) => anEntry({ id })));
  const pulled = await outbox.pull({ maxEvents: 10, maxBytes: 1_000 });
  expect(lost).toEqual(expected);
  expect(pulled.map(({ id }) => id)).toEqual(kept);
});

test('bytes are bounded as well as events', () => {
  const { outbox, lost } = opened({ maxBytes: 250 });
  void outbox.add(['a', 'b', 'c'].map((id) => anEntry({ id, bytes: 100 })));
  expect(lost).toEqual(['a']);
  expect(outbox.depth().waitingBytes).toBe(200);
});

test('keeps order and counts over many adds and pulls', async () => {
  const { outbox } = opened({ maxEvents: 1e6 });
  const seen: string[] = [];
  let added = 0;
  for (let round = 0; round < 300; round++) {
    for (let count = 0; count < 20; count++) void outbox.add([anEntry({ id: `e${added++}`, bytes: 1 })]);
    seen.push(...(await outbox.pull({ maxEvents: 15, maxBytes: 1_000 })).map(({ id }) => id));
  }
  expect(seen).toEqual(Array.from({ length: 4_500 }, (_, index) => `e${index}`));
  expect(outbox.depth()).toEqual({ waiting: 1_500, waitingBytes: 1_500, leased: 4_500 });
});
