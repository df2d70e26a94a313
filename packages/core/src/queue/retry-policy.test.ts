import { expect, test } from 'vitest';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import { anEntry } from '../testing/builders.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createQueue, type QueueStats } from './queue.ts';
import type { RetryPolicy } from './retry-policy.ts';

const policy = { baseDelayMs: 1_000, maxDelayMs: 3_000 };

/** The waits between the tries with one event, milliseconds, for a far end that is down for `downMs`. */
async function waitsBetweenTries(
  policy: RetryPolicy,
  random: number,
  downMs: number,
): Promise<{ waits: readonly number[]; stats: QueueStats }> {
  const clock = createFakeClock();
  const tries: number[] = [];
  const queue = createQueue({
    outbox: createMemoryOutbox(),
    transport: {
      async send() {
        tries.push(clock.elapsed());
        return clock.elapsed() < downMs ? { kind: 'retry', reason: 'network' } : { kind: 'delivered' };
      },
    },
    clock,
    random: () => random,
    limits: { maxWaitMs: 0, ...policy },
  });
  queue.accept(1);
  void queue.add(anEntry());
  await clock.advance(downMs + 2 * policy.maxDelayMs);
  return { waits: tries.slice(1).map((at, index) => at - (tries[index] ?? 0)), stats: queue.stats() };
}

test.each([
  { random: 0.25, expected: [250, 500, 750, 750] },
  { random: 0.5, expected: [500, 1_000, 1_500, 1_500] },
  { random: 0.75, expected: [750, 1_500, 2_250, 2_250] },
  { random: 0, expected: [0, 0, 0, 0] },
])(
  'the bound doubles up to its cap; any wait up to it is possible, none included: $random',
  async ({ random, expected }) => {
    expect((await waitsBetweenTries(policy, random, 60_000)).waits.slice(0, 4)).toEqual(expected);
  },
);

test('however long it takes, the bound stays at its cap and nothing is given up', async () => {
  const { waits, stats } = await waitsBetweenTries(policy, 0.5, 3_000_000);
  expect(waits.length).toBeGreaterThan(1_900);
  expect(new Set(waits.slice(2))).toEqual(new Set([1_500]));
  expect(stats.delivered).toBe(1);
});
