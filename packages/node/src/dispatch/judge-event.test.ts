import type { CollectedEvent, Destination } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { judgeEvent } from './judge-event.ts';

const agreedTo = (...categories: string[]): object => ({
  context: { consent: { categoryPreferences: Object.fromEntries(categories.map((category) => [category, true])) } },
});

const now = Date.UTC(2026, 0, 1, 1);

function judge(overrides: Partial<Destination>, event: object, purpose: 'analytics' | 'necessary' = 'analytics') {
  const failures: string[] = [];
  const destination: Destination = {
    name: 'ga4',
    requires: [],
    idempotency: 'none',
    deliver: async () => ({ kind: 'delivered' }),
    ...overrides,
  };
  const judged = judgeEvent(destination, aCollectedEvent(event), {
    purpose,
    ageOf: (at) => now - at,
    isSuppressed: ({ userId }) => userId === 'gone',
    onFailed: (code, error) => failures.push(`${code}: ${(error as Error).message}`),
  });
  return { judged, failures };
}

const fail = (): never => {
  throw new Error('bug');
};
const lookedAt: string[] = [];
const looks = (event: CollectedEvent): boolean => lookedAt.push(event.messageId) > 0;

test.each<{ why: string; destination?: Partial<Destination>; event: object; purpose?: 'necessary'; expected: unknown }>(
  [
    { why: 'consented', event: agreedTo('analytics'), expected: 'wanted' },
    { why: 'no word on consent', destination: { accepts: looks }, event: {}, expected: 'consent' },
    { why: 'its purpose needs none', event: {}, purpose: 'necessary', expected: 'wanted' },
    {
      why: 'what the destination requires counts beside the purpose',
      destination: { requires: ['advertising'], accepts: looks },
      event: agreedTo('analytics'),
      expected: 'consent',
    },
    {
      why: 'both are given',
      destination: { requires: ['advertising'] },
      event: agreedTo('analytics', 'advertising'),
      expected: 'wanted',
    },
    {
      why: 'somebody of whom nothing may be carried on',
      destination: { accepts: looks },
      event: { ...agreedTo('analytics'), userId: 'gone' },
      expected: 'suppressed',
    },
    {
      why: 'addressed elsewhere',
      destination: { accepts: looks },
      event: { ...agreedTo('analytics'), integrations: { ga4: false } },
      expected: 'filtered',
    },
    { why: 'not wanted', destination: { accepts: () => false }, event: agreedTo('analytics'), expected: 'filtered' },
    {
      why: 'a filter that throws',
      destination: { accepts: fail },
      event: agreedTo('analytics'),
      expected: 'filter-failed',
    },
    {
      why: 'a mapping that throws',
      destination: { map: fail },
      event: agreedTo('analytics'),
      expected: 'mapping-failed',
    },
    {
      why: 'as old as may be',
      destination: { maxAgeMs: 3_600_000 },
      event: agreedTo('analytics'),
      expected: 'wanted',
    },
    {
      why: 'too old, but nothing it has words for',
      destination: { maxAgeMs: 1, map: () => ({ kind: 'dropped', reason: 'no_such_event' }) },
      event: agreedTo('analytics'),
      expected: 'no_such_event',
    },
    { why: 'too old', destination: { maxAgeMs: 3_599_999 }, event: agreedTo('analytics'), expected: 'too_old' },
    {
      why: 'of a time nobody can read',
      destination: { maxAgeMs: 3_600_000 },
      event: { ...agreedTo('analytics'), timestamp: 'soon' },
      expected: 'too_old',
    },
  ],
)('$why', ({ destination = {}, event, purpose, expected }) => {
  const { judged } = judge(destination, event, purpose);
  expect(judged.kind === 'wanted' ? judged.kind : judged.reason).toBe(expected);
});

test('what must not go out is not shown to the destination either', () => {
  expect(lookedAt).toEqual([]);
});

test("what the destination's own code threw is told", () => {
  expect([judge({ accepts: fail }, agreedTo('analytics')), judge({ map: fail }, agreedTo('analytics'))]).toMatchObject([
    { failures: ['destination-filter-failed: bug'] },
    { failures: ['destination-mapping-failed: bug'] },
  ]);
});

const personal = {
  properties: { email: 'ada@example.com', items: [{ sku: 'a', email: 'ada@example.com' }, { sku: 'b' }], price: 1 },
};

test.each([
  {
    why: 'without that consent the fields are gone, lists are walked through',
    event: { ...agreedTo('analytics'), ...personal },
    expected: { items: [{ sku: 'a' }, { sku: 'b' }], price: 1 },
  },
  {
    why: 'with it they are there',
    event: { ...agreedTo('analytics', 'advertising'), ...personal },
    expected: personal.properties,
  },
])('fields that need one consent more: $why', ({ event, expected }) => {
  const withheld = { advertising: ['properties.email', 'properties.items.email', 'context.ip', 'traits.email.deep'] };
  const seen: unknown[] = [];
  const map: Destination['map'] = (shown) => {
    seen.push((shown as { properties?: unknown }).properties);
    return { kind: 'mapped', items: ['{}'] };
  };
  judge({ withheld, map }, event);
  expect(seen).toEqual([expected]);
});

test('the stored event is not touched by what is withheld', () => {
  const event = aCollectedEvent({ ...agreedTo('analytics'), ...personal });
  const before = structuredClone(event);
  judge({ withheld: { advertising: ['properties.email'] } }, event);
  expect(event).toEqual(before);
});
