import type { JsonObject } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { isAddressedTo } from './is-addressed-to.ts';

test.each<{ why: string; integrations: JsonObject | null | undefined; expected: boolean }>([
  { why: 'nothing said', integrations: undefined, expected: true },
  { why: 'null', integrations: null, expected: true },
  { why: 'others named', integrations: { other: false }, expected: true },
  { why: 'all off', integrations: { All: false }, expected: false },
  { why: 'all on', integrations: { All: true }, expected: true },
  { why: 'named off', integrations: { ga4: false }, expected: false },
  { why: 'named on beats all off', integrations: { All: false, ga4: true }, expected: true },
  { why: 'named off beats all on', integrations: { All: true, ga4: false }, expected: false },
  { why: 'its own options are a yes', integrations: { All: false, ga4: { clientId: 'c' } }, expected: true },
])('$why', ({ integrations, expected }) => {
  const event = {
    ...aCollectedEvent(),
    ...(integrations === undefined ? {} : { integrations: integrations as JsonObject }),
  };
  expect(isAddressedTo(event, 'ga4')).toBe(expected);
});

test('a destination may be called like something every object has', () => {
  expect(isAddressedTo(aCollectedEvent({ integrations: { All: false } }), 'constructor')).toBe(false);
});
