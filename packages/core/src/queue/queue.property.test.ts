import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../event/entry.ts';
import { createMemoryOutbox } from '../outbox/memory-outbox.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { anEntry } from '../testing/builders.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createScriptedTransport, type ScriptedAnswer } from '../testing/scripted-transport.ts';
import type { SendVerdict } from '../transport/transport.ts';
import { createQueue, type QueueLimits } from './queue.ts';

// One check for each rule: a general "nothing is lost" passes with the others broken.

type Step =
  | { readonly do: 'add'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' | 'exit' };

/** How the far end answers; `partly` retries every third event and refuses every fourth. */
type Answer = Exclude<ScriptedAnswer, { kind: 'delivered' }> | { readonly kind: 'delivered' } | 'partly';

interface Sent {
  readonly ids: readonly string[];
  readonly at: number;
  readonly attempt: number;
  readonly others: number;
  readonly answer: Answer;
  concludedAt: number;
}

const random = 0.75;
const limits: QueueLimits = {
  maxEvents: 8,
  maxBytes: 100_000,
  maxWaitMs: 1_000,
  concurrency: 1,
  timeoutMs: 3_000,
  baseDelayMs: 500,
  maxDelayMs: 4_000,
};

async function run(steps: readonly Step[], answers: readonly Answer[], given: Partial<QueueLimits> = {}) {
  const clock = createFakeClock();
  const settled: { readonly id: string; readonly verdict: Verdict }[] = [];
  const sent: Sent[] = [];
  const added: string[] = [];
  const flushes: { readonly before: readonly string[]; readonly unsettled: readonly string[] }[] = [];
  const unbalanced: unknown[] = [];
  const open = new Set<Sent>();

  const memory = createMemoryOutbox({ maxEvents: 60 });
  const leased = new Set<string>(); // seen from outside, so that the queue's own count is checked against it
  const outbox: Outbox = {
    ...memory,
    pull(batchLimits) {
      const pulled = memory.pull(batchLimits);
      for (const { id } of pulled) leased.add(id);
      return pulled;
    },
    settle(id) {
      leased.delete(id);
    },
    release(entries) {
      for (const { id } of entries) leased.delete(id);
      memory.release(entries);
    },
  };
  const held = (): number => memory.depth().waiting + leased.size;
  const scripted = createScriptedTransport(({ ids, options }, index) => {
    const answer: Answer = answers[index] ?? { kind: 'delivered' };
    const record: Sent = {
      ids,
      at: clock.elapsed(),
      attempt: options.attempt,
      others: open.size,
      answer,
      concludedAt: Number.NaN,
    };
    sent.push(record);
    open.add(record);
    const conclude = (): void => {
      record.concludedAt = clock.elapsed();
      open.delete(record);
    };
    if (answer === 'hang') options.signal.addEventListener('abort', conclude);
    else queueMicrotask(conclude);
    if (answer !== 'partly') return answer;
    const verdicts = new Map<string, SendVerdict>();
    for (const [place, id] of ids.entries()) {
      if (place % 3 === 2) verdicts.set(id, { kind: 'retry', reason: 'busy' });
      else if (place % 4 === 3) verdicts.set(id, { kind: 'dead', reason: 'invalid' });
    }
    return { kind: 'delivered', verdicts };
  });
  const queue = createQueue({
    outbox,
    transport: scripted,
    clock,
    random: () => random,
    limits: { ...limits, ...given },
  });
  queue.onSettled((id, verdict) => settled.push({ id, verdict }));

  const checkBooks = (): void => {
    const { accepted, delivered, dropped, dead, pending } = queue.stats();
    const sum = [...Object.values(dropped), ...Object.values(dead)].reduce((total, count) => total + count, 0);
    const isTrue = accepted === added.length && pending === held() && settled.length === delivered + sum;
    if (accepted !== delivered + sum + pending || !isTrue) unbalanced.push(queue.stats());
  };

  for (const step of steps) {
    if (step.do === 'add') {
      for (let count = 0; count < step.count; count++) {
        const id = `e${added.length}`;
        added.push(id);
        queue.accept(1);
        void queue.add(anEntry({ id }));
      }
    } else if (step.do === 'wait') await clock.advance(step.ms);
    else if (step.do === 'exit') queue.exit();
    else {
      const before = [...added];
      void queue.flush({ deadlineMs: 1e9 }).then(() => {
        const known = new Set(settled.map(({ id }) => id));
        flushes.push({ before, unsettled: before.filter((id) => !known.has(id)) });
      });
    }
    checkBooks();
    await clock.settle();
    checkBooks();
  }
  return { queue, held, clock, sent, settled, added, flushes, unbalanced };
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 25 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
  fc.record({ do: fc.constant('flush' as const) }),
);
const steps = fc.array(step, { minLength: 1, maxLength: 20 });
const stepsWithExit = fc.array(fc.oneof(step, fc.record({ do: fc.constant('exit' as const) })), { maxLength: 20 });
const wholeAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.constant<Answer>({ kind: 'delivered' }),
  // Often enough in a row that batches are given up too.
  { weight: 5, arbitrary: fc.constant<Answer>({ kind: 'retry', reason: 'network' }) },
  fc
    .integer({ min: 1, max: 6_000 })
    .map<Answer>((retryAfterMs) => ({ kind: 'retry', reason: 'throttled', retryAfterMs })),
  fc.constant<Answer>({ kind: 'dead', reason: 'too-large' }),
  fc.constant<Answer>({ kind: 'dead', reason: 'malformed' }),
  fc.constant<Answer>('hang'),
);
const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  wholeAnswer,
  fc.constant<Answer>('partly'),
  fc.constant<Answer>({ kind: 'unconfirmed' }),
);
const answers = fc.array(anyAnswer, { maxLength: 25 });
const wholeAnswers = fc.array(wholeAnswer, { maxLength: 25 });

describe('whatever happens, in any order', () => {
  test('events leave in the order in which they were accepted', async () => {
    await fc.assert(
      fc.asyncProperty(steps, wholeAnswers, async (what, how) => {
        const { sent, added } = await run(what, how);
        const firstSends = [...new Set(sent.flatMap(({ ids }) => ids))];
        expect(firstSends).toEqual(added.filter((id) => firstSends.includes(id)));
        // Nothing newer is tried while something older waits for its next try.
        const places = sent.map(({ ids }) => added.indexOf(ids[0] ?? ''));
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
    );
  });

  test.each([1, 3])('never more than %i batches are under way', async (concurrency) => {
    await fc.assert(
      fc.asyncProperty(steps, answers, async (what, how) => {
        const { sent } = await run(what, how, { concurrency });
        for (const { others } of sent) expect(others).toBeLessThan(concurrency);
      }),
    );
  });

  test.each([1, 3])('nothing leaves before the wait is over, with %i lanes', async (concurrency) => {
    await fc.assert(
      fc.asyncProperty(stepsWithExit, answers, async (what, how) => {
        const { sent } = await run(what, how, { concurrency });
        for (const { answer, concludedAt } of sent) {
          if (typeof answer === 'string' || answer.kind !== 'retry' || answer.retryAfterMs === undefined) continue;
          const restUntil = concludedAt + answer.retryAfterMs;
          const early = sent.filter(({ at }) => at > concludedAt && at < restUntil);
          expect(early).toEqual([]);
        }
      }),
    );
  });

  test('each failed try doubles the bound of the wait, and tries count for those who made them', async () => {
    await fc.assert(
      fc.asyncProperty(steps, wholeAnswers, async (what, how) => {
        const { sent } = await run(what, how);
        const isFailure = ({ answer }: Sent): boolean =>
          answer === 'hang' || (typeof answer === 'object' && answer.kind === 'retry' && !answer.retryAfterMs);
        for (const [index, one] of sent.entries()) {
          const { attempt, concludedAt, ids } = one;
          const next = sent[index + 1];
          if (!isFailure(one) || !next) continue;
          expect(next.attempt).toBe(
            sent.slice(0, index + 1).filter((one) => isFailure(one) && one.ids.includes(next.ids[0] ?? '')).length,
          );
          const { baseDelayMs, maxDelayMs } = limits;
          const waitMs = next.ids[0] === ids[0] ? random * Math.min(maxDelayMs, baseDelayMs * 2 ** attempt) : 0;
          expect(next.at).toBeGreaterThanOrEqual(concludedAt + waitMs);
        }
      }),
    );
  });

  test('each event is settled once, or still in the outbox', async () => {
    await fc.assert(
      fc.asyncProperty(stepsWithExit, answers, async (what, how) => {
        const { settled, added, held } = await run(what, how);
        const ids = settled.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.length + held()).toBe(added.length);
      }),
    );
  });

  test('given time, each event gets its fate, save what left without an answer', async () => {
    await fc.assert(
      fc.asyncProperty(stepsWithExit, answers, async (what, how) => {
        const { settled, added, sent, clock } = await run(what, how);
        await clock.advance(600_000);
        const unanswered = sent.flatMap(({ answer, ids }) =>
          typeof answer === 'object' && answer.kind === 'unconfirmed' ? ids : [],
        );
        const known = settled.map(({ id }) => id);
        expect([...known, ...unanswered].sort()).toEqual([...added].sort());
        expect(clock.timers).toBe(0);
      }),
    );
  });

  test('the books balance at every moment', async () => {
    await fc.assert(
      fc.asyncProperty(stepsWithExit, answers, async (what, how) => {
        expect((await run(what, how)).unbalanced).toEqual([]);
      }),
    );
  });

  test('a flush ends, and not before every event accepted before it has its fate', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.oneof(wholeAnswer, fc.constant<Answer>('partly')), { maxLength: 25 }),
        async (what, how) => {
          const { flushes, clock } = await run(what, how);
          await clock.advance(600_000);
          expect(flushes).toHaveLength(what.filter((one) => one.do === 'flush').length);
          for (const { unsettled } of flushes) expect(unsettled).toEqual([]);
        },
      ),
    );
  });

  test('no batch is larger than its limits, nor than what the far end has taught', async () => {
    await fc.assert(
      fc.asyncProperty(steps, answers, async (what, how) => {
        const { sent } = await run(what, how);
        let most = limits.maxEvents;
        for (const { ids, answer } of sent) {
          expect(ids.length).toBeLessThanOrEqual(most);
          if (typeof answer === 'object' && answer.kind === 'dead' && answer.reason === 'too-large' && ids.length > 1)
            most = Math.min(most, ids.length >> 1);
        }
      }),
    );
  });
});
