import { describe, expect, test } from 'vitest';
import type { Verdict } from './event/entry.ts';
import { EventReceipt } from './receipt.ts';

const delivered: Verdict = { kind: 'delivered' };
const dropped: Verdict = { kind: 'dropped', reason: 'consent' };
const dead: Verdict = { kind: 'dead', reason: 'invalid' };

const open = 'no answer yet';

/** What each promise has answered by now. */
async function answers(promises: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return Promise.all(promises.map((promise) => Promise.race([promise, Promise.resolve(open)])));
}

const ask = (receipt: EventReceipt): readonly Promise<unknown>[] => [
  receipt.queued,
  receipt.durable,
  receipt.delivered,
];

type Level = Parameters<EventReceipt['reach']>[0];

const facts: readonly { why: string; levels: readonly Level[]; expected: readonly unknown[] }[] = [
  { why: 'nothing is known at first', levels: [], expected: [open, open, open] },
  { why: 'queued', levels: [{ isQueued: true }], expected: [true, open, open] },
  {
    why: 'durable, and its fate is open',
    levels: [{ isQueued: true }, { isDurable: true }],
    expected: [true, true, open],
  },
  {
    why: 'not durable yet: its delivery may still save it',
    levels: [{ isQueued: true }, { isDurable: false }],
    expected: [true, open, open],
  },
  {
    why: 'delivered out of memory: it survives a crash',
    levels: [{ isQueued: true }, { verdict: delivered }],
    expected: [true, true, delivered],
  },
  {
    why: 'delivered after it could not be stored',
    levels: [{ isQueued: true }, { isDurable: false }, { verdict: delivered }],
    expected: [true, true, delivered],
  },
  { why: 'dropped before the queue', levels: [{ verdict: dropped }], expected: [false, false, dropped] },
  {
    why: 'dropped out of memory',
    levels: [{ isQueued: true }, { verdict: dropped }],
    expected: [true, false, dropped],
  },
  {
    why: 'dropped from storage: it was durable until then',
    levels: [{ isQueued: true }, { isDurable: true }, { verdict: dropped }],
    expected: [true, true, dropped],
  },
  {
    why: 'refused by the far end',
    levels: [{ isQueued: true }, { verdict: dead }],
    expected: [true, false, dead],
  },
];

describe('a receipt tells the level reached', () => {
  test.each(facts)('to whom asks late: $why', async ({ levels, expected }) => {
    const receipt = new EventReceipt('event-1');
    for (const level of levels) receipt.reach(level);
    expect(await answers(ask(receipt))).toEqual(expected);
  });

  test.each(facts)('to whom asked early: $why', async ({ levels, expected }) => {
    const receipt = new EventReceipt('event-1');
    const early = ask(receipt);
    for (const level of levels) {
      receipt.reach(level);
      await answers(early);
    }
    expect(await answers(early)).toEqual(expected);
  });

  test('to everyone who asks, however often', async () => {
    const receipt = new EventReceipt('event-1');
    const early = [...ask(receipt), ...ask(receipt)];
    receipt.reach({ isQueued: true });
    receipt.reach({ verdict: delivered });
    expect(await answers([...early, ...ask(receipt)])).toEqual([...Array(3)].flatMap(() => [true, true, delivered]));
  });
});

test('names its event', () => {
  expect(new EventReceipt('event-1').messageId).toBe('event-1');
});
