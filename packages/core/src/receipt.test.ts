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

const queued = (receipt: EventReceipt): void => receipt.reach({ queued: true });
const durable = (receipt: EventReceipt): void => receipt.reach({ durable: true });
const settled =
  (verdict: Verdict) =>
  (receipt: EventReceipt): void =>
    receipt.reach({ queued: false, durable: verdict.kind === 'delivered', delivered: verdict });

const facts: readonly {
  why: string;
  happens: readonly ((receipt: EventReceipt) => void)[];
  expected: readonly unknown[];
}[] = [
  { why: 'nothing is known at first', happens: [], expected: [open, open, open] },
  { why: 'queued', happens: [queued], expected: [true, open, open] },
  { why: 'durable, and its fate is open', happens: [queued, durable], expected: [true, true, open] },
  {
    why: 'delivered out of memory: it survives a crash',
    happens: [queued, settled(delivered)],
    expected: [true, true, delivered],
  },
  {
    why: 'durable, then delivered',
    happens: [queued, durable, settled(delivered)],
    expected: [true, true, delivered],
  },
  {
    why: 'delivered before it was stored',
    happens: [queued, settled(delivered), durable],
    expected: [true, true, delivered],
  },
  { why: 'dropped before the queue', happens: [settled(dropped)], expected: [false, false, dropped] },
  { why: 'dropped out of memory', happens: [queued, settled(dropped)], expected: [true, false, dropped] },
  {
    why: 'dropped from storage: it was durable until then',
    happens: [queued, durable, settled(dropped)],
    expected: [true, true, dropped],
  },
  {
    why: 'dropped before it was stored: what was said stays said',
    happens: [queued, settled(dropped), durable],
    expected: [true, false, dropped],
  },
  { why: 'refused by the far end', happens: [queued, settled(dead)], expected: [true, false, dead] },
];

describe('a receipt tells the level reached', () => {
  test.each(facts)('to whom asks late: $why', async ({ happens, expected }) => {
    const receipt = new EventReceipt('event-1');
    for (const happen of happens) happen(receipt);
    expect(await answers(ask(receipt))).toEqual(expected);
  });

  test.each(facts)('to whom asked early: $why', async ({ happens, expected }) => {
    const receipt = new EventReceipt('event-1');
    const early = ask(receipt);
    for (const happen of happens) {
      happen(receipt);
      await answers(early);
    }
    expect(await answers(early)).toEqual(expected);
  });

  test('to everyone who asks, however often', async () => {
    const receipt = new EventReceipt('event-1');
    const early = [...ask(receipt), ...ask(receipt)];
    receipt.reach({ queued: true });
    settled(delivered)(receipt);
    expect(await answers([...early, ...ask(receipt)])).toEqual([...Array(3)].flatMap(() => [true, true, delivered]));
  });
});

test('names its event', () => {
  expect(new EventReceipt('event-1').messageId).toBe('event-1');
});
