import type { TrackEvent, Verdict } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createJournal, type Journal } from './journal.ts';

let journal: Journal;
let at: number;

beforeEach(() => {
  at = 1_000;
  journal = createJournal(() => at);
});

/** A receipt whose levels are reached by the test. */
function aReceipt(messageId = 'm1') {
  let queue: (is: boolean) => void = () => {};
  let settle: (verdict: Verdict) => void = () => {};
  const queued = new Promise<boolean>((resolve) => {
    queue = resolve;
  });
  const delivered = new Promise<Verdict>((resolve) => {
    settle = resolve;
  });
  return { receipt: { messageId, queued, durable: queued, delivered }, queue, settle };
}

const only = () => {
  const [journey, ...others] = journal.journeys();
  expect(others).toEqual([]);
  return journey;
};
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
const entryOf = (event: TrackEvent) => ({ id: event.messageId, value: JSON.stringify(event) });

describe('an event', () => {
  test('on its whole way, with the milliseconds to each station', async () => {
    const { receipt, queue, settle } = aReceipt();
    const event = anEvent({ messageId: 'm1', event: 'Product Added' });
    journal.passed(event); // within the call
    journal.called(receipt, 'track', ['Product Added']);
    queue(true);
    await turn();
    expect(only()).toMatchObject({
      name: 'Product Added',
      state: 'under-way',
      reached: { captured: 0, consent: 0, queued: 0 },
    });
    at += 2_000;
    journal.sent([entryOf(event)]);
    at += 50;
    journal.answered(['m1'], 'delivered', () => ({ kind: 'delivered' }));
    settle({ kind: 'delivered' });
    at += 10;
    await turn();
    expect(only()).toMatchObject({
      state: 'confirmed',
      tries: 1,
      event,
      issues: [],
      reached: { captured: 0, consent: 0, queued: 0, sent: 2_000, confirmed: 2_050 },
    });
    expect(journal.delivery()).toEqual({ at: 3_050, events: 1, outcome: 'delivered' });
  });

  test('that nobody agreed to yet is held, until somebody does', async () => {
    const { receipt, queue } = aReceipt();
    journal.called(receipt, 'track', ['Product Added', { price: 9 }]);
    await turn();
    expect(only()).toMatchObject({
      state: 'held',
      reason: 'consent',
      event: { event: 'Product Added', details: { price: 9 } },
    });
    at += 500;
    journal.passed(anEvent({ messageId: 'm1' }));
    queue(true);
    await turn();
    expect(only()).toMatchObject({ state: 'under-way', reached: { consent: 500, queued: 500 } });
    expect(only()?.reason).toBeUndefined();
  });

  test.each<{ why: string; verdict: Verdict; expected: object }>([
    {
      why: 'refused at once',
      verdict: { kind: 'dropped', reason: 'consent' },
      expected: { state: 'lost', reason: 'consent' },
    },
    {
      why: 'refused by the collector',
      verdict: { kind: 'dead', reason: 'invalid' },
      expected: { state: 'lost', reason: 'invalid' },
    },
  ])('that is lost says why: $why', async ({ verdict, expected }) => {
    const { receipt, queue, settle } = aReceipt();
    journal.called(receipt, 'track', ['a']);
    queue(false);
    settle(verdict);
    await turn();
    expect(only()).toMatchObject(expected);
    expect(only()?.reached.confirmed).toBeUndefined();
  });

  test('that must be sent again says so, and counts its tries', () => {
    const event = anEvent({ messageId: 'm1' });
    journal.passed(event);
    journal.sent([entryOf(event)]);
    journal.answered(['m1'], 'http-503', () => ({ kind: 'retry', reason: 'http-503' }));
    expect(only()).toMatchObject({ state: 'held', reason: 'http-503', tries: 1 });
    journal.sent([entryOf(event)]);
    expect(only()).toMatchObject({ state: 'under-way', tries: 2 });
  });

  test('of an earlier visit appears when it is sent', () => {
    journal.sent([entryOf(anEvent({ messageId: 'm9', event: 'Left Behind' }))]);
    expect(only()).toMatchObject({ messageId: 'm9', name: 'Left Behind', tries: 1 });
    journal.sent([{ id: 'm8', value: 'no JSON' }]);
    expect(journal.journeys()).toHaveLength(1);
  });

  test('that a collector would refuse says what is wrong with it', () => {
    journal.passed({ ...anEvent({ messageId: 'm1' }), timestamp: 'yesterday' } as TrackEvent);
    expect(only()?.issues.join()).toContain('timestamp');
  });

  test.each<{ event: object; name: string }>([
    { event: { type: 'page', name: undefined, context: { page: { path: '/shoes' } } }, name: '/shoes' },
    { event: { type: 'identify', userId: 'u1' }, name: 'u1' },
    { event: { type: 'group', groupId: 'acme', userId: 'u1' }, name: 'acme' },
  ])('is called $name', ({ event, name }) => {
    journal.passed({ ...anEvent({ messageId: 'm1' }), event: undefined, ...event } as unknown as TrackEvent);
    expect(only()?.name).toBe(name);
  });
});

test('the latest 200 are kept', () => {
  for (let number = 0; number < 205; number++) journal.passed(anEvent({ messageId: `m${number}` }));
  expect(journal.journeys()).toHaveLength(200);
  expect(journal.journeys()[0]?.messageId).toBe('m5');
  // What is said of a forgotten one brings it not back.
  journal.answered(['m0'], 'delivered', () => ({ kind: 'delivered' }));
  expect(journal.journeys()).toHaveLength(200);
});

test('whoever listens hears of each change until they stop, whatever others throw', () => {
  const hear = vi.fn();
  journal.onChange(() => {
    throw new Error('broken');
  });
  const stop = journal.onChange(hear);
  journal.passed(anEvent({ messageId: 'm1' }));
  expect(hear.mock.calls).toMatchObject([[{ messageId: 'm1' }]]);
  stop();
  journal.clear();
  expect(hear).toHaveBeenCalledTimes(1);
  expect(journal.journeys()).toEqual([]);
});
