import { type ConsentPreferences, createConsent, createMemoryOutbox, createQueue } from '@org/track-core';
import { anEntry, createFakeClock, createScriptedTransport, outboxContract } from '@org/track-core/testing';
import { describe, expect, it, test } from 'vitest';
import { holdUndecided } from './hold-undecided.ts';

describe('where all is decided: the contract of an outbox', () => {
  const rules = outboxContract({
    create: () => holdUndecided(createMemoryOutbox(), () => false),
    createBounded: (maxEvents) => holdUndecided(createMemoryOutbox({ maxEvents }), () => false),
  });
  for (const { rule, check } of rules) it(rule, check);
});

/** A queue that finds three entries of an earlier time when it starts. */
function start() {
  const clock = createFakeClock();
  const transport = createScriptedTransport();
  const consent = createConsent({ gpc: false, now: clock.now });
  const memory = createMemoryOutbox();
  let rests = 0;
  const left = [
    anEntry({ id: 'a1', purpose: 'analytics' }),
    anEntry({ id: 'n1', purpose: 'necessary' }),
    anEntry({ id: 'a2', purpose: 'analytics' }),
  ];
  const outbox = holdUndecided(
    {
      ...memory,
      open(host) {
        memory.open(host);
        for (const entry of left) void memory.add(entry);
        host.onArrived(left.length, true);
      },
      rest() {
        rests++;
      },
    },
    ({ purpose }) => consent.allows(purpose) === undefined,
  );
  const queue = createQueue({ outbox, transport, clock, allow: ({ purpose }) => !!consent.allows(purpose) });
  consent.onChange(queue.sweep);
  const decide = async (preferences: ConsentPreferences): Promise<void> => {
    consent.set(preferences);
    await clock.advance(5_000);
  };
  return { clock, queue, decide, sent: () => transport.sent.flatMap(({ ids }) => ids), rests: () => rests };
}

test('while nobody has decided, only what needs no decision leaves', async () => {
  const { clock, queue, sent } = start();
  await clock.advance(60_000);
  expect(sent()).toEqual(['n1']);
  expect(queue.stats()).toMatchObject({ accepted: 3, delivered: 1, dropped: {}, pending: 2 });
});

test('a yes lets the rest go, in its order', async () => {
  const { clock, queue, decide, sent } = start();
  await clock.advance(60_000);
  await decide({ analytics: true });
  expect(sent()).toEqual(['n1', 'a1', 'a2']);
  expect(queue.stats()).toMatchObject({ delivered: 3, pending: 0 });
});

test('a no drops it, with its reason', async () => {
  const { clock, queue, decide, sent } = start();
  await clock.advance(60_000);
  await decide({ analytics: false });
  expect(sent()).toEqual(['n1']);
  expect(queue.stats()).toMatchObject({ delivered: 1, dropped: { consent: 2 }, pending: 0 });
});

test('a decision about something else changes nothing', async () => {
  const { clock, queue, decide, sent } = start();
  await clock.advance(60_000);
  await decide({ advertising: true });
  expect(sent()).toEqual(['n1']);
  expect(queue.stats()).toMatchObject({ dropped: {}, pending: 2 });
});

test('what is held keeps the locks under it, until its fate is known', async () => {
  const { clock, decide, rests } = start();
  await clock.advance(60_000);
  expect(rests()).toBe(0);
  await decide({ analytics: true });
  expect(rests()).toBeGreaterThan(0);
});
