import { createMemoryOutbox, type Outbox } from '@org/track-core';
import { anEntry, outboxContract } from '@org/track-core/testing';
import { describe, expect, it, test } from 'vitest';
import { createParking } from './parking.ts';

/** A memory outbox that was parked once, when it was opened. */
function parkedOnce(options: Parameters<typeof createMemoryOutbox>[0]): Outbox {
  const outbox = createMemoryOutbox(options);
  const { park, resume } = createParking(outbox);
  const { open } = outbox;
  outbox.open = (host) => {
    open(host);
    park(0);
    resume();
  };
  return outbox;
}

describe('an outbox that goes on after it was parked: the contract', () => {
  const suite = outboxContract({
    create: () => parkedOnce({}),
    createBounded: (maxEvents) => parkedOnce({ maxEvents }),
  });
  for (const { rule, check } of suite) it(rule, check);
});

test('while something waits in it, a parked one lets go of nothing that is held for the entries’ sake', () => {
  let rests = 0;
  const outbox: Outbox = { ...createMemoryOutbox(), rest: () => rests++ };
  const { park } = createParking(outbox);
  outbox.open({ onDropped() {}, onArrived() {} });
  void outbox.add(anEntry());
  park(50);
  expect(outbox.depth().waiting).toBe(0);
  outbox.rest?.();
  expect(rests).toBe(0);
  outbox.pull({ maxEvents: 1, maxBytes: 1 });
  outbox.rest?.();
  expect(rests).toBe(1);
});
