import { createMemoryOutbox, createQueue, type Outbox, type Queue, type SendOutcome } from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { beforeEach, expect, test } from 'vitest';
import type { CarryFirst } from './delivery-part.ts';
import { eager } from './eager.ts';

const delivered: SendOutcome = { kind: 'delivered' };
const companyMs = 2_000;

let clock: FakeClock;
let sent: string[]; // ids, in the order they left
let answers: SendOutcome[]; // one after another; afterwards all is delivered

beforeEach(() => {
  clock = createFakeClock();
  sent = [];
  answers = [];
});

/** A queue whose outbox says of each entry what `stored` does. */
function create(stored: () => void | Promise<boolean>): Queue {
  const memory = createMemoryOutbox();
  const outbox: Outbox = {
    ...memory,
    add(entry) {
      void memory.add(entry);
      return stored();
    },
  };
  const transport = (eager() as CarryFirst)(
    {
      async send(entries) {
        sent.push(...entries.map(({ id }) => id));
        return answers.shift() ?? delivered;
      },
    },
    { endpoint: '/api/j', clock, outbox, allow: () => true },
  );
  return createQueue({ outbox, transport, clock, random: () => 1, limits: { maxWaitMs: companyMs } });
}

function track(queue: Queue, id: string): void {
  queue.accept(1);
  void queue.add(anEntry({ id }));
}

test.each([
  { why: 'the database is not open yet', stored: () => new Promise<boolean>(() => {}) },
  { why: 'the database took nothing', stored: async () => false },
  { why: 'there is none', stored: () => undefined },
])('$why: each event leaves in the next turn, never in the caller’s own', async ({ stored }) => {
  const queue = create(stored);
  track(queue, 'a');
  expect(sent).toEqual([]);
  await clock.advance(0);
  expect(sent).toEqual(['a']);
  track(queue, 'b');
  await clock.advance(0);
  expect(sent).toEqual(['a', 'b']);
  expect(queue.stats()).toMatchObject({ accepted: 2, delivered: 2, pending: 0 });
});

test('once something is stored, events wait for company as ever', async () => {
  const queue = create(async () => true);
  track(queue, 'a');
  await clock.advance(0);
  expect(sent).toEqual(['a']);
  track(queue, 'b');
  await clock.advance(companyMs - 1);
  expect(sent).toEqual(['a']);
  await clock.advance(1);
  expect(sent).toEqual(['a', 'b']);
});

test('a database that took things and takes no more: the event after that leaves at once', async () => {
  const results = [true, false];
  const queue = create(async () => results.shift() ?? false);
  for (const id of ['a', 'b']) {
    track(queue, id);
    await clock.advance(companyMs);
  }
  track(queue, 'c');
  await clock.advance(0);
  expect(sent).toEqual(['a', 'b', 'c']);
});

test('a far end that asks for a rest gets it', async () => {
  answers = [{ kind: 'retry', reason: 'throttled', retryAfterMs: 5_000 }];
  const queue = create(async () => false);
  track(queue, 'a');
  await clock.advance(0);
  track(queue, 'b');
  await clock.advance(4_999);
  expect(sent).toEqual(['a']);
  await clock.advance(1_001);
  expect(sent).toEqual(['a', 'a', 'b']);
});
