import type { ConsentCategory, EventContext } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { expect, test } from 'vitest';
import { isConsented } from './is-consented.ts';

const said = (answers: unknown, gpc?: boolean): { context: EventContext } => ({
  context: { consent: { categoryPreferences: answers, ...(gpc === undefined ? {} : { gpc }) } } as EventContext,
});

test.each<{ why: string; event: object; categories: ConsentCategory[]; expected: boolean }>([
  { why: 'necessary needs nothing', event: {}, categories: ['necessary'], expected: true },
  { why: 'nothing asked', event: {}, categories: [], expected: true },
  { why: 'a yes', event: said({ analytics: true }), categories: ['analytics'], expected: true },
  { why: 'a no', event: said({ analytics: false }), categories: ['analytics'], expected: false },
  { why: 'undecided', event: said({ functional: true }), categories: ['analytics'], expected: false },
  { why: 'no word on consent', event: {}, categories: ['analytics'], expected: false },
  {
    why: 'an answer that is no answer',
    event: said({ analytics: 'true' }),
    categories: ['analytics'],
    expected: false,
  },
  {
    why: 'an inherited name',
    event: said(Object.create({ analytics: 1 })),
    categories: ['analytics'],
    expected: false,
  },
  { why: 'answers of another shape', event: said(null), categories: ['analytics'], expected: false },
  {
    why: 'all are needed',
    event: said({ analytics: true }),
    categories: ['analytics', 'advertising'],
    expected: false,
  },
  {
    why: 'all are given',
    event: said({ analytics: true, advertising: true }),
    categories: ['analytics', 'advertising'],
    expected: true,
  },
  {
    why: 'Global Privacy Control beats a yes',
    event: said({ advertising: true }, true),
    categories: ['advertising'],
    expected: false,
  },
  {
    why: 'Global Privacy Control leaves analytics',
    event: said({ analytics: true }, true),
    categories: ['analytics'],
    expected: true,
  },
])('$why', ({ event, categories, expected }) => {
  expect(isConsented(aCollectedEvent(event), categories)).toBe(expected);
});
