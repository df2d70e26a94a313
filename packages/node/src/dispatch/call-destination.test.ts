import type { DeliveryOutcome, Destination, Diagnostic } from '@org/track-core';
import { aCollectedEvent, createFakeClock } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { createDestinationCalls, type DestinationCalls } from './call-destination.ts';

const clock = createFakeClock();
const events = [aCollectedEvent()];

function calls(overrides: Partial<Destination>): { calls: DestinationCalls; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const destination: Destination = {
    name: 'ga4',
    requires: [],
    idempotency: 'none',
    deliver: async () => ({ kind: 'delivered' }),
    ...overrides,
  };
  const onDiagnostic = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  return { calls: createDestinationCalls({ destination, clock, timeoutMs: 1_000, onDiagnostic }), diagnostics };
}

const fail = (): never => {
  throw new Error('out of order');
};
const failWith = (error: object): never => {
  throw Object.assign(new TypeError('fetch failed'), error);
};

test.each<{ why: string; broken: Partial<Destination>; expected: DeliveryOutcome; code: string }>([
  {
    why: 'deliver throws',
    broken: { deliver: fail },
    expected: { kind: 'retry', reason: 'server' },
    code: 'destination-failed',
  },
  {
    why: 'deliver rejects',
    broken: { deliver: async () => fail() },
    expected: { kind: 'retry', reason: 'server' },
    code: 'destination-failed',
  },
  {
    why: 'the connection breaks: it may have arrived',
    broken: { deliver: async () => failWith({ cause: { code: 'ECONNRESET' } }) },
    expected: { kind: 'unconfirmed' },
    code: 'destination-failed',
  },
  {
    why: 'nobody is there: it cannot have arrived',
    broken: { deliver: async () => failWith({ cause: { code: 'ECONNREFUSED' } }) },
    expected: { kind: 'retry', reason: 'server' },
    code: 'destination-failed',
  },
  {
    why: 'deliver answers with nothing: nobody knows what came of it',
    broken: { deliver: async () => undefined as never },
    expected: { kind: 'unconfirmed' },
    code: 'destination-failed',
  },
  {
    why: 'open throws',
    broken: { open: fail },
    expected: { kind: 'retry', reason: 'config' },
    code: 'destination-open-failed',
  },
  {
    why: 'open meets nobody',
    broken: { open: () => failWith({ cause: { code: 'ECONNREFUSED' } }) },
    expected: { kind: 'retry', reason: 'network' },
    code: 'destination-open-failed',
  },
  {
    why: 'open rejects',
    broken: { open: async () => fail() },
    expected: { kind: 'retry', reason: 'config' },
    code: 'destination-open-failed',
  },
])('$why: an outcome and a diagnostic, no exception', async ({ broken, expected, code }) => {
  const { calls: guarded, diagnostics } = calls(broken);
  expect(await guarded.deliver(events)).toEqual(expected);
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
});

test.each<{ why: string; broken: Partial<Destination>; expected: DeliveryOutcome }>([
  {
    why: 'was asked and says nothing: nobody knows',
    broken: { deliver: () => new Promise(() => {}) },
    expected: { kind: 'unconfirmed' },
  },
  {
    why: 'does not even open: nothing left',
    broken: { open: () => new Promise(() => {}) },
    expected: { kind: 'retry', reason: 'timeout' },
  },
])('a call ends in time, one that $why', async ({ broken, expected }) => {
  const outcome = calls(broken).calls.deliver(events);
  await clock.advance(1_000);
  expect(await outcome).toEqual(expected);
  expect(clock.timers).toBe(0);
});

test('the signal says that nobody waits any more', async () => {
  let signal: AbortSignal | undefined;
  const { calls: hanging } = calls({
    deliver: (_, options) => {
      signal = options.signal;
      return new Promise(() => {});
    },
  });
  const outcome = hanging.deliver(events);
  await clock.settle();
  expect(signal?.aborted).toBe(false);
  hanging.abandon();
  expect([await outcome, signal?.aborted]).toEqual([{ kind: 'unconfirmed' }, true]);
});

test('opens once, before the first delivery; again only if that failed', async () => {
  const order: string[] = [];
  const { calls: once } = calls({
    async open() {
      order.push('open');
      if (order.length === 1) fail();
    },
    async deliver() {
      order.push('deliver');
      return { kind: 'delivered' };
    },
  });
  await once.deliver(events);
  await Promise.all([once.deliver(events), once.deliver(events)]);
  await once.deliver(events);
  expect(order).toEqual(['open', 'open', 'deliver', 'deliver', 'deliver']);
});

test('does not deliver what was given up while the destination opened', async () => {
  let opened = (): void => {};
  let deliveries = 0;
  const { calls: slow } = calls({
    open: () => new Promise<void>((resolve) => (opened = resolve)),
    async deliver() {
      deliveries++;
      return { kind: 'delivered' };
    },
  });
  const outcome = slow.deliver(events);
  await clock.advance(1_000);
  opened();
  await clock.settle();
  expect([await outcome, deliveries]).toEqual([{ kind: 'retry', reason: 'timeout' }, 0]);
});

test.each([
  { why: 'never opened', sends: 0, expected: 0 },
  { why: 'opened', sends: 1, expected: 1 },
])('closes what it opened: $why', async ({ sends, expected }) => {
  let closed = 0;
  const { calls: counted } = calls({ close: async () => void closed++ });
  for (let sent = 0; sent < sends; sent++) await counted.deliver(events);
  await counted.close();
  expect(closed).toBe(expected);
});

test('a close that fails is told, not thrown', async () => {
  const { calls: broken, diagnostics } = calls({ close: fail });
  await broken.deliver(events);
  await broken.close();
  expect(diagnostics).toEqual([{ code: 'destination-close-failed', detail: 'ga4: out of order' }]);
});
