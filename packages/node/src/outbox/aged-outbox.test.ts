import { createMemoryOutbox, createQueue, type Outbox, type OutboxHost, type SendOutcome } from '@org/track-core';
import { anEntry, createFakeClock, outboxContract } from '@org/track-core/testing';
import { describe, expect, it, test } from 'vitest';
import { type AgedOutbox, createAgedOutbox, withAge } from './aged-outbox.ts';

describe('the contract of an outbox', () => {
  const rules = outboxContract({
    create: () => createAgedOutbox(createMemoryOutbox()),
    createBounded: (maxEvents) => createAgedOutbox(createMemoryOutbox({ maxEvents })),
  });
  for (const { rule, check } of rules) it(rule, check);
});

const all = { maxEvents: 1_000, maxBytes: 1_000_000 };

/** An outbox with entries that were queued at 100, 200 … under the ids `e1`, `e2` … */
function holding(count: number, outbox: Outbox = createMemoryOutbox()): AgedOutbox {
  const aged = createAgedOutbox(outbox);
  aged.open({ onArrived() {}, onDropped: (id, reason) => void aged.settle(id, { kind: 'dropped', reason }) });
  for (let index = 1; index <= count; index++) void aged.add(anEntry({ id: `e${index}`, queuedAt: index * 100 }));
  return aged;
}

const delivered = { kind: 'delivered' } as const;

test.each<{ why: string; act: (outbox: AgedOutbox) => void; expected: number | undefined }>([
  { why: 'all wait', act() {}, expected: 100 },
  { why: 'one that is under way has no fate yet', act: (outbox) => void outbox.pull(all), expected: 100 },
  { why: 'one that comes back keeps its age', act: (outbox) => outbox.release(outbox.pull(all)), expected: 100 },
  {
    why: 'the first has its fate',
    act(outbox) {
      outbox.pull(all);
      void outbox.settle('e1', delivered);
    },
    expected: 200,
  },
  {
    why: 'one in the middle has its fate: the first is still the oldest',
    act(outbox) {
      outbox.pull(all);
      void outbox.settle('e2', delivered);
    },
    expected: 100,
  },
  {
    why: 'none is left',
    act(outbox) {
      outbox.pull(all);
      for (const id of ['e3', 'e1', 'e2']) void outbox.settle(id, delivered);
    },
    expected: undefined,
  },
  { why: 'what is not its is no matter', act: (outbox) => void outbox.settle('other', delivered), expected: 100 },
  { why: 'given up at the end', act: (outbox) => void outbox.close(), expected: undefined },
])('since when the oldest of three waits: $why', ({ act, expected }) => {
  const outbox = holding(3);
  act(outbox);
  expect(outbox.oldestQueuedAt()).toBe(expected);
});

test('a full outbox: the oldest goes', () => {
  expect(holding(3, createMemoryOutbox({ maxEvents: 2 })).oldestQueuedAt()).toBe(200);
});

test('what there is no room for is forgotten with its fate', () => {
  const full = createMemoryOutbox();
  let drop: OutboxHost['onDropped'] = () => {};
  const outbox = holding(2, {
    ...full,
    open(host) {
      full.open(host);
      drop = host.onDropped;
    },
    add: ({ id }) => drop(id, 'outbox-full'),
  });
  expect(outbox.oldestQueuedAt()).toBeUndefined();
});

test('one that knows already is asked', () => {
  const knowing = { ...createMemoryOutbox(), oldestQueuedAt: () => 7 };
  expect(createAgedOutbox(knowing)).toBe(knowing);
});

test('an outbox that is an instance of a class works like any other', () => {
  class Kept implements Outbox {
    readonly #inner = createMemoryOutbox();
    open = this.#inner.open;
    pull: Outbox['pull'] = (limits) => this.#inner.pull(limits);
    release: Outbox['release'] = (entries) => this.#inner.release(entries);
    add(entry: Parameters<Outbox['add']>[0]): void {
      void this.#inner.add(entry);
    }
    settle(): void {}
    depth(): ReturnType<Outbox['depth']> {
      return this.#inner.depth();
    }
    close(): void {
      void this.#inner.close();
    }
  }
  const outbox = holding(2, new Kept());
  expect([outbox.depth().waiting, outbox.oldestQueuedAt()]).toEqual([2, 100]);
});

describe('the books', () => {
  const stats = (queuedAt: number | undefined, nowMs: number): object => {
    const clock = { ...createFakeClock(), now: () => nowMs };
    const outbox = { ...createMemoryOutbox(), oldestQueuedAt: () => queuedAt };
    const transport = { send: async (): Promise<SendOutcome> => delivered };
    return withAge(createQueue({ outbox, transport, clock }), outbox, clock).stats();
  };
  const books = { accepted: 0, delivered: 0, dropped: {}, dead: {}, pending: 0 };

  test.each([
    { why: 'an age', queuedAt: 100, nowMs: 350, expected: { ...books, oldestAgeMs: 250 } },
    { why: 'nothing waits', queuedAt: undefined, nowMs: 350, expected: books },
    { why: 'the clock was set back', queuedAt: 100, nowMs: 50, expected: { ...books, oldestAgeMs: 0 } },
  ])('$why', ({ queuedAt, nowMs, expected }) => {
    expect(stats(queuedAt, nowMs)).toStrictEqual(expected);
  });
});
