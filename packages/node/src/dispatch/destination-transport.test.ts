import type { CollectedEvent, Destination, Diagnostic, Entry, SendOutcome } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { createDestinationTransport } from './destination-transport.ts';

const yes = { context: { consent: { categoryPreferences: { analytics: true } } } };
const options = { attempt: 0, exit: false, signal: new AbortController().signal };

function entry(messageId: string, overrides: object = yes): Entry<CollectedEvent> {
  const value = aCollectedEvent({ messageId, ...overrides });
  return { id: messageId, value, bytes: 100, purpose: 'analytics', queuedAt: 0 };
}

function aDestination(overrides: Partial<Destination> = {}): Destination & { readonly delivered: string[][] } {
  const delivered: string[][] = [];
  return {
    name: 'ga4',
    requires: [],
    idempotency: 'none',
    async deliver(events) {
      delivered.push(events.map(({ messageId }) => messageId));
      return { kind: 'delivered' };
    },
    ...overrides,
    delivered,
  };
}

test('what may not or should not go there is dropped by its name, the rest is delivered', async () => {
  const destination = aDestination({ accepts: (event) => event.messageId !== 'unwanted' });
  const outcome = await createDestinationTransport(destination).send(
    [
      entry('a'),
      entry('silent', {}),
      entry('elsewhere', { ...yes, integrations: { ga4: false } }),
      entry('unwanted'),
      entry('b'),
    ],
    options,
  );
  expect(destination.delivered).toEqual([['a', 'b']]);
  expect(outcome).toEqual({
    kind: 'delivered',
    verdicts: new Map([
      ['silent', { kind: 'dropped', reason: 'consent' }],
      ['elsewhere', { kind: 'dropped', reason: 'filtered' }],
      ['unwanted', { kind: 'dropped', reason: 'filtered' }],
    ]),
  });
});

test('what a destination requires counts beside the purpose', async () => {
  const destination = aDestination({ requires: ['advertising'] });
  const both = { context: { consent: { categoryPreferences: { analytics: true, advertising: true } } } };
  const necessary: Entry<CollectedEvent> = { ...entry('necessary'), purpose: 'necessary' };
  await createDestinationTransport(destination).send([entry('a'), entry('b', both), necessary], options);
  expect(destination.delivered).toEqual([['b']]);
});

test('a batch of which nothing is left does not open the destination', async () => {
  let opened = 0;
  const destination = aDestination({ open: async () => void opened++ });
  await createDestinationTransport(destination).send([entry('a', {})], options);
  expect({ opened, delivered: destination.delivered }).toEqual({ opened: 0, delivered: [] });
});

test('without consent the destination does not even get to look', async () => {
  const seen: string[] = [];
  const destination = aDestination({ accepts: ({ messageId }) => seen.push(messageId) > 0 });
  await createDestinationTransport(destination).send([entry('silent', {}), entry('a')], options);
  expect(seen).toEqual(['a']);
});

test.each<{ why: string; outcome: SendOutcome; expected: SendOutcome }>([
  {
    why: 'verdicts of both are joined',
    outcome: { kind: 'delivered', verdicts: new Map([['a', { kind: 'retry', reason: 'busy' }]]) },
    expected: {
      kind: 'delivered',
      verdicts: new Map([
        ['a', { kind: 'retry', reason: 'busy' }],
        ['silent', { kind: 'dropped', reason: 'consent' }],
      ]),
    },
  },
  {
    why: 'a refusal is of what was delivered only',
    outcome: { kind: 'dead', reason: 'unauthorized' },
    expected: {
      kind: 'delivered',
      verdicts: new Map([
        ['a', { kind: 'dead', reason: 'unauthorized' }],
        ['silent', { kind: 'dropped', reason: 'consent' }],
      ]),
    },
  },
  {
    why: 'a later try is of all',
    outcome: { kind: 'retry', reason: 'throttled', retryAfterMs: 5 },
    expected: { kind: 'retry', reason: 'throttled', retryAfterMs: 5 },
  },
  {
    why: 'too large is of all',
    outcome: { kind: 'dead', reason: 'too-large' },
    expected: { kind: 'dead', reason: 'too-large' },
  },
])('a batch held back in part: $why', async ({ outcome, expected }) => {
  const transport = createDestinationTransport(aDestination({ deliver: async () => outcome }));
  expect(await transport.send([entry('a'), entry('silent', {})], options)).toEqual(expected);
});

const fail = (): never => {
  throw new Error('out of order');
};

test.each<{ why: string; broken: Partial<Destination>; expected: SendOutcome; code: string }>([
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
    why: 'open throws',
    broken: { open: fail },
    expected: { kind: 'retry', reason: 'config' },
    code: 'destination-open-failed',
  },
  {
    why: 'open rejects',
    broken: { open: async () => fail() },
    expected: { kind: 'retry', reason: 'config' },
    code: 'destination-open-failed',
  },
  {
    why: 'accepts throws',
    broken: { accepts: fail },
    expected: { kind: 'delivered', verdicts: new Map([['a', { kind: 'dead', reason: 'filter-failed' }]]) },
    code: 'destination-filter-failed',
  },
])('$why: an outcome and a diagnostic, no exception', async ({ broken, expected, code }) => {
  const diagnostics: Diagnostic[] = [];
  const transport = createDestinationTransport(aDestination(broken), (diagnostic) => diagnostics.push(diagnostic));
  expect(await transport.send([entry('a')], options)).toEqual(expected);
  expect(diagnostics).toEqual([{ code, detail: 'ga4: out of order' }]);
});

test('opens once, before the first delivery; again only if that failed', async () => {
  const calls: string[] = [];
  const destination = aDestination({
    async open() {
      calls.push('open');
      if (calls.length === 1) fail();
    },
    async deliver() {
      calls.push('deliver');
      return { kind: 'delivered' };
    },
  });
  const transport = createDestinationTransport(destination);
  await transport.send([entry('a')], options);
  await Promise.all([transport.send([entry('a')], options), transport.send([entry('b')], options)]);
  await transport.send([entry('c')], options);
  expect(calls).toEqual(['open', 'open', 'deliver', 'deliver', 'deliver']);
});

test('does not deliver what the queue gave up while the destination opened', async () => {
  const controller = new AbortController();
  const destination = aDestination({ open: async () => controller.abort() });
  const transport = createDestinationTransport(destination);
  expect(await transport.send([entry('a')], { ...options, signal: controller.signal })).toEqual({
    kind: 'retry',
    reason: 'timeout',
  });
  expect(destination.delivered).toEqual([]);
});

test.each([
  { why: 'never opened', sends: 0, expected: 0 },
  { why: 'opened', sends: 1, expected: 1 },
])('closes what it opened: $why', async ({ sends, expected }) => {
  let closed = 0;
  const transport = createDestinationTransport(aDestination({ close: async () => void closed++ }));
  for (let sent = 0; sent < sends; sent++) await transport.send([entry('a')], options);
  await transport.close();
  expect(closed).toBe(expected);
});

test('a close that fails is told, not thrown', async () => {
  const codes: string[] = [];
  const transport = createDestinationTransport(aDestination({ close: fail }), ({ code }) => codes.push(code));
  await transport.send([entry('a')], options);
  await transport.close();
  expect(codes).toEqual(['destination-close-failed']);
});
