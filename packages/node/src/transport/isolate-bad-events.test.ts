import type { Entry, SendOutcome, Transport } from '@org/track-core';
import { createFakeClock } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import { isolateBadEvents } from './isolate-bad-events.ts';

const entriesOf = (count: number): Entry[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `e${index}`,
    value: '{}',
    bytes: 2,
    purpose: 'analytics',
    queuedAt: 0,
  }));

interface FarEnd {
  readonly transport: Transport;
  readonly taken: string[];
  requests(): number;
  elapsed(): number;
}

const timeoutMs = 10_000;

/** Refuses whole requests in which something is bad. */
function aFarEnd({
  isBad,
  reason = 'http-400',
  failsAt,
  takesMs = 0,
}: {
  isBad: (id: string) => boolean;
  reason?: string;
  failsAt?: number;
  takesMs?: number;
}): FarEnd {
  const clock = createFakeClock();
  const taken: string[] = [];
  let requests = 0;
  return {
    taken,
    requests: () => requests,
    elapsed: clock.elapsed,
    transport: isolateBadEvents(
      {
        async send(entries): Promise<SendOutcome> {
          requests++;
          await clock.advance(takesMs);
          if (requests === failsAt) return { kind: 'retry', reason: 'http-503', retryAfterMs: 2_000 };
          if (entries.some(({ id }) => isBad(id))) return { kind: 'dead', reason };
          taken.push(...entries.map(({ id }) => id));
          return { kind: 'delivered' };
        },
      },
      { clock, timeoutMs },
    ),
  };
}

const options = { attempt: 0, exit: false, signal: new AbortController().signal };

/** What an outcome says of the entries it names. */
function named(outcome: SendOutcome): Record<string, string> {
  if (outcome.kind !== 'delivered') return { all: outcome.kind };
  return Object.fromEntries([...(outcome.verdicts ?? [])].map(([id, { kind }]) => [id, kind]));
}

describe('events that are refused for what one of them is', () => {
  test.each([
    { why: 'the first of many', count: 250, bad: ['e0'], atMost: 20 },
    { why: 'the last of many', count: 250, bad: ['e249'], atMost: 20 },
    { why: 'one of two', count: 2, bad: ['e1'], atMost: 3 },
    { why: 'some, spread out', count: 250, bad: ['e3', 'e90', 'e91', 'e200'], atMost: 60 },
  ])('$why: only the bad ones are dead, and the others are delivered once', async ({ count, bad, atMost }) => {
    const farEnd = aFarEnd({ isBad: (id) => bad.includes(id) });
    const entries = entriesOf(count);
    const outcome = await farEnd.transport.send(entries, options);
    expect(named(outcome)).toEqual(Object.fromEntries(bad.map((id) => [id, 'dead'])));
    expect(farEnd.taken).toEqual(entries.map(({ id }) => id).filter((id) => !bad.includes(id)));
    expect(farEnd.requests()).toBeLessThanOrEqual(atMost);
  });

  test.each([
    { why: 'one event alone is what is bad', count: 1, reason: 'http-400' },
    { why: 'no content makes a key known', count: 20, reason: 'http-401' },
    { why: 'the queue has its own answer to what is too large', count: 20, reason: 'too-large' },
  ])('a batch is not taken apart where that cannot help: $why', async ({ count, reason }) => {
    const farEnd = aFarEnd({ isBad: () => true, reason });
    expect(await farEnd.transport.send(entriesOf(count), options)).toEqual({ kind: 'dead', reason });
    expect(farEnd.requests()).toBe(1);
  });

  test('where nothing is ever taken, the requests are bounded, and the next batch costs one', async () => {
    const farEnd = aFarEnd({ isBad: () => true });
    expect(await farEnd.transport.send(entriesOf(250), options)).toEqual({ kind: 'dead', reason: 'http-400' });
    const first = farEnd.requests();
    expect(first).toBeLessThanOrEqual(100);
    await farEnd.transport.send(entriesOf(250), options);
    expect(farEnd.requests()).toBe(first + 1);
  });

  test('a batch that is delivered brings hope back', async () => {
    let isUp = false;
    const farEnd = aFarEnd({ isBad: (id) => !isUp || id === 'e5' });
    await farEnd.transport.send(entriesOf(20), options);
    isUp = true;
    await farEnd.transport.send(entriesOf(5), options);
    expect(named(await farEnd.transport.send(entriesOf(20), options))).toEqual({ e5: 'dead' });
  });

  test.each([
    { why: 'the second half', failsAt: 3, taken: ['e0', 'e1', 'e2', 'e3'], later: ['e4', 'e5', 'e6', 'e7'] },
    { why: 'the first half, and so both', failsAt: 2, taken: [], later: entriesOf(8).map(({ id }) => id) },
  ])('what cannot be sent now is tried again no sooner than asked: $why', async ({ failsAt, taken, later }) => {
    const farEnd = aFarEnd({ isBad: (id) => id === 'e7', failsAt });
    const outcome = await farEnd.transport.send(entriesOf(8), options);
    const verdict = { kind: 'retry', reason: 'http-503', retryAfterMs: 2_000 };
    expect(outcome).toEqual({ kind: 'delivered', verdicts: new Map(later.map((id) => [id, verdict])) });
    expect(farEnd.taken).toEqual(taken);
  });

  test('more bad events than one batch may cost requests for: the rest is tried again, none is given up unheard', async () => {
    const farEnd = aFarEnd({ isBad: (id) => Number(id.slice(1)) % 2 === 0 });
    let left = entriesOf(250);
    for (let round = 0; round < 20 && left.length > 0; round++) {
      const kinds = named(await farEnd.transport.send(left, options));
      left = left.filter(({ id }) => kinds[id] === 'retry');
    }
    expect(left).toEqual([]);
    expect(farEnd.taken).toHaveLength(125);
  });

  test('a far end that takes its time is answered for before nobody waits, and all are heard in the end, once', async () => {
    const farEnd = aFarEnd({ isBad: (id) => Number(id.slice(1)) % 25 === 0, takesMs: 400 });
    let left = entriesOf(250);
    for (let round = 0; round < 20 && left.length > 0; round++) {
      const startedAt = farEnd.elapsed();
      const kinds = named(await farEnd.transport.send(left, options));
      expect(farEnd.elapsed() - startedAt).toBeLessThan(timeoutMs);
      left = left.filter(({ id }) => kinds[id] === 'retry');
    }
    expect(left).toEqual([]);
    expect(farEnd.taken).toHaveLength(240);
    expect(new Set(farEnd.taken).size).toBe(240);
  });

  test('nobody is given up because there was no time to hear them', async () => {
    const farEnd = aFarEnd({ isBad: () => true, takesMs: 4_000 });
    const kinds = named(await farEnd.transport.send(entriesOf(4), options));
    expect(kinds).toEqual({ e0: 'retry', e1: 'retry', e2: 'retry', e3: 'retry' });
  });

  test('nothing more is sent once nobody waits for the answer', async () => {
    const controller = new AbortController();
    const farEnd = aFarEnd({ isBad: (id) => id === 'e0' });
    controller.abort();
    await farEnd.transport.send(entriesOf(8), { ...options, signal: controller.signal });
    expect(farEnd.requests()).toBe(1);
  });
});
