import { describe, expect, test } from 'vitest';
import type { ConsentCategory, ConsentPreferences } from '../event/event.ts';
import { createConsent } from './consent.ts';

type Answers = { readonly [category in Exclude<ConsentCategory, 'necessary'>]: boolean | undefined };

/** Where the law asks for a yes first, and where nobody knows which law it is. */
const optIn = undefined;
/** Where a yes is assumed until a no. */
const optOut = true;

const nothingDecided: Answers = { functional: undefined, analytics: undefined, advertising: undefined };

describe('what applies, by region, answer and signal', () => {
  test.each<{
    why: string;
    undecided: true | undefined;
    said?: ConsentPreferences;
    gpc?: boolean;
    expected: Answers;
  }>([
    { why: 'opt-in, nobody was asked: nothing', undecided: optIn, expected: nothingDecided },
    {
      why: 'opt-in, all accepted, under Global Privacy Control: all but advertising',
      undecided: optIn,
      said: { functional: true, analytics: true, advertising: true },
      gpc: true,
      expected: { functional: true, analytics: true, advertising: false },
    },
    {
      why: 'opt-in, analytics only',
      undecided: optIn,
      said: { functional: false, analytics: true, advertising: false },
      expected: { functional: false, analytics: true, advertising: false },
    },
    {
      why: 'opt-in, a banner that asks about analytics alone: the rest stays open, which is no yes',
      undecided: optIn,
      said: { analytics: true },
      expected: { functional: undefined, analytics: true, advertising: undefined },
    },
    {
      why: 'opt-in, the signal alone is no answer about analytics',
      undecided: optIn,
      gpc: true,
      expected: { ...nothingDecided, advertising: false },
    },
    {
      why: 'opt-out, nobody objected: all',
      undecided: optOut,
      expected: { functional: true, analytics: true, advertising: true },
    },
    {
      why: 'opt-out, the signal objects to advertising',
      undecided: optOut,
      gpc: true,
      expected: { functional: true, analytics: true, advertising: false },
    },
    {
      why: 'opt-out, a yes after the signal: the signal stands, stricter than the law asks',
      undecided: optOut,
      said: { functional: true, analytics: true, advertising: true },
      gpc: true,
      expected: { functional: true, analytics: true, advertising: false },
    },
    {
      why: 'opt-out, an objection to analytics',
      undecided: optOut,
      said: { analytics: false },
      expected: { functional: true, analytics: false, advertising: true },
    },
  ])('$why', ({ undecided, said, gpc = false, expected }) => {
    const consent = createConsent({ undecided, gpc, now: () => 7 });
    if (said) consent.set(said);
    const { functional, analytics, advertising } = expected;
    expect({
      functional: consent.allows('functional'),
      analytics: consent.allows('analytics'),
      advertising: consent.allows('advertising'),
    }).toEqual({ functional, analytics, advertising });
    expect(consent.allows('necessary')).toBe(true);
    // What a banner shows: that the signal was seen, and whether a person decided.
    expect(consent.get()).toMatchObject({ gpc, decidedAt: said && 7 });
  });
});
