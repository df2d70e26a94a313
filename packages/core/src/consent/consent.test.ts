import { describe, expect, test } from 'vitest';
import type { ConsentCategory, ConsentPreferences, Decision } from '../event/event.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { type ConsentState, createConsent, isAllowed } from './consent.ts';

const setUp = (options: Partial<Parameters<typeof createConsent>[0]> = {}) => {
  const clock = createFakeClock(1_000);
  return { clock, consent: createConsent({ now: clock.now, gpc: false, ...options }) };
};

describe('may an event be recorded?', () => {
  test.each<{
    why: string;
    purpose?: ConsentCategory;
    preferences?: ConsentPreferences;
    undecided?: boolean | undefined;
    expected: boolean | undefined;
  }>([
    { why: 'undecided waits', expected: undefined },
    { why: 'a yes is a yes', preferences: { analytics: true }, expected: true },
    { why: 'a no is a no', preferences: { analytics: false }, expected: false },
    { why: 'a yes to something else says nothing', preferences: { advertising: true }, expected: undefined },
    { why: 'a no to something else says nothing', preferences: { advertising: false }, expected: undefined },
    { why: 'what is necessary needs no yes', purpose: 'necessary', expected: true },
    {
      why: 'what is necessary knows no no',
      purpose: 'necessary',
      preferences: { functional: false, analytics: false, advertising: false },
      expected: true,
    },
    { why: 'undecided may be a yes', undecided: true, expected: true },
    { why: 'a no is a no all the same', undecided: true, preferences: { analytics: false }, expected: false },
    { why: 'undecided may be a no', undecided: false, expected: false },
  ])('$why', ({ purpose = 'analytics', preferences = {}, undecided, expected }) => {
    expect(isAllowed(purpose, preferences, undecided)).toBe(expected);
    expect(setUp({ undecided, initial: preferences }).consent.allows(purpose)).toBe(expected);
  });

  test.each([
    { answer: 'yes' },
    { answer: 'false' },
    { answer: '' },
    { answer: 1 },
    { answer: 0 },
    { answer: null },
    { answer: {} },
    { answer: [] },
  ])('an answer that is no boolean is no yes: $answer', ({ answer }) => {
    const preferences = { analytics: answer } as unknown as ConsentPreferences;
    expect(isAllowed('analytics', preferences, undefined)).not.toBe(true);
  });

  test.each(['constructor', '__proto__', 'toString', 'marketing'])(
    'nobody agreed to a purpose called %s',
    (purpose) => {
      expect(isAllowed(purpose as ConsentCategory, {}, undefined)).not.toBe(true);
    },
  );
});

describe('Global Privacy Control', () => {
  test.each<{ why: string; purpose: ConsentCategory; undecided?: boolean | undefined; expected: boolean | undefined }>([
    { why: 'denies advertising, whatever was decided', purpose: 'advertising', expected: false },
    {
      why: 'denies advertising where undecided is a yes',
      purpose: 'advertising',
      undecided: true,
      expected: false,
    },
    { why: 'leaves the decision on analytics', purpose: 'analytics', expected: true },
    { why: 'leaves functional undecided', purpose: 'functional', expected: undefined },
    { why: 'leaves what is necessary', purpose: 'necessary', expected: true },
  ])('$why', ({ purpose, undecided, expected }) => {
    const { consent } = setUp({ gpc: true, undecided, initial: { analytics: true, advertising: true } });
    expect(consent.allows(purpose)).toBe(expected);
  });

  test('outlasts a yes', () => {
    const { consent } = setUp({ gpc: true });
    consent.set({ analytics: true, advertising: true });
    expect(consent.get()).toEqual({
      preferences: { analytics: true, advertising: false },
      gpc: true,
      decidedAt: 1_000,
    });
  });

  test('is in the state from the start, and off unless it is on', () => {
    expect(setUp({ gpc: true }).consent.get()).toMatchObject({ preferences: { advertising: false }, gpc: true });
    expect(setUp().consent.get()).toMatchObject({ preferences: {}, gpc: false });
  });
});

describe('a decision', () => {
  test('is known by when it was made', async () => {
    const { clock, consent } = setUp();
    expect(consent.get().decidedAt).toBeUndefined();
    await clock.advance(500);
    consent.set({ analytics: true });
    expect(consent.get()).toEqual({ preferences: { analytics: true }, gpc: false, decidedAt: 1_500 });
  });

  test('made earlier keeps its time', () => {
    const { consent } = setUp({ store: { load: () => ({ consent: [{ analytics: false }, 7] }) } });
    expect(consent.get()).toEqual({ preferences: { analytics: false }, gpc: false, decidedAt: 7 });
  });

  test('that the device remembers comes before what the host says', () => {
    const { consent } = setUp({
      initial: { analytics: true, functional: true },
      store: { load: () => ({ consent: [{ analytics: false }, 7] }) },
    });
    expect(consent.get().preferences).toEqual({ analytics: false });
  });

  test('leaves the answers it does not name', () => {
    const { consent } = setUp({ initial: { analytics: true, functional: false } });
    consent.set({ functional: true });
    expect(consent.get().preferences).toEqual({ analytics: true, functional: true });
  });

  describe('of two tabs', () => {
    const twoTabs = () => {
      let stored: { readonly consent: Decision } | undefined;
      let now = 1_000;
      const tab = (isStoring: boolean) => {
        const store = { load: () => stored };
        const consent = createConsent({ now: () => now, gpc: false, initial: { analytics: true }, store });
        consent.onChange(({ preferences, decidedAt = 0 }) => {
          if (isStoring) stored = { consent: [preferences, decidedAt] };
        });
        return consent;
      };
      const heard: ConsentState[] = [];
      const here = tab(true);
      here.onChange((state) => heard.push(state));
      const later = () => {
        now += 500;
      };
      return { here, there: tab(true), mute: tab(false), heard, later };
    };

    test('keeps the no that was said in the other one meanwhile', () => {
      const { here, there, heard, later } = twoTabs();
      here.set({ functional: true });
      later();
      there.set({ analytics: false });
      later();
      here.set({ advertising: false });
      const preferences = { analytics: false, functional: true, advertising: false };
      expect(heard.at(-1)).toEqual({ preferences, gpc: false, decidedAt: 2_000 });
    });

    test('says the last word of what it names', () => {
      const { here, there, later } = twoTabs();
      there.set({ analytics: false });
      later();
      here.set({ analytics: true });
      expect(here.get().preferences).toEqual({ analytics: true });
    });

    test('keeps its own no where that could not be stored', () => {
      const { there, mute, later } = twoTabs();
      there.set({ functional: true });
      later();
      mute.set({ functional: false, analytics: false });
      later();
      mute.set({ advertising: true });
      expect(mute.get().preferences).toEqual({ analytics: false, functional: false, advertising: true });
    });
  });

  test.each(['yes', 7, null, {}, [], [null], [7, 'late'], ['text']])('that cannot be read is none: %j', (consent) => {
    const store = { load: () => ({ consent: consent as unknown as Decision }) };
    const { consent: read } = setUp({ store });
    expect(read.allows('analytics')).toBeUndefined();
    read.set({ analytics: true });
    expect(read.allows('analytics')).toBe(true);
  });

  test.each([
    { why: 'undefined is no answer', choice: { advertising: false, analytics: undefined } },
    { why: 'also beside what JSON cannot say', choice: { advertising: false, circular: {} } },
    { why: 'nothing at all', choice: undefined },
  ])('keeps a no it does not take back: $why', ({ choice }) => {
    if (choice?.circular) Object.assign(choice.circular, { choice });
    const { consent } = setUp({ undecided: true, initial: { analytics: false } });
    consent.set(choice as ConsentPreferences);
    expect(consent.get().preferences.analytics).toBe(false);
    expect(consent.allows('analytics')).toBe(false);
    expect(consent.allows('advertising')).toBe(choice === undefined);
  });

  test('may be taken back', () => {
    const { consent } = setUp({ initial: { analytics: true } });
    consent.set({ analytics: false });
    expect(consent.allows('analytics')).toBe(false);
  });

  test('does not change with the object it came in', () => {
    const choice = { analytics: false };
    const { consent } = setUp();
    const { consent: begun } = setUp({ initial: choice });
    consent.set(choice);
    choice.analytics = true;
    expect(consent.allows('analytics')).toBe(false);
    expect(begun.allows('analytics')).toBe(false);
  });
});

describe('listeners', () => {
  test('hear every change, in order, with the new state in force', () => {
    const { consent } = setUp();
    const heard: unknown[] = [];
    const hear =
      (name: string) =>
      ({ preferences }: ConsentState): void => {
        heard.push([name, preferences.analytics, consent.allows('analytics')]);
      };
    consent.onChange(hear('first'));
    consent.onChange(hear('second'));
    consent.set({ analytics: true });
    consent.set({ analytics: false });
    expect(heard).toEqual([
      ['first', true, true],
      ['second', true, true],
      ['first', false, false],
      ['second', false, false],
    ]);
  });

  test('hear nothing once they stopped; the others still do', () => {
    const { consent } = setUp();
    const heard: string[] = [];
    consent.onChange(() => heard.push('first'));
    const stop = consent.onChange(() => heard.push('second'));
    consent.onChange(() => heard.push('third'));
    stop();
    consent.set({ analytics: true });
    expect(heard).toEqual(['first', 'third']);
  });

  test('may stop twice: the second time takes nobody else along', () => {
    const { consent } = setUp();
    const heard: string[] = [];
    const stop = consent.onChange(() => heard.push('first'));
    consent.onChange(() => heard.push('second'));
    stop();
    stop();
    consent.set({ analytics: true });
    expect(heard).toEqual(['second']);
  });

  test('may stop while they are told: the next one is told all the same', () => {
    const { consent } = setUp();
    const heard: string[] = [];
    const stop = consent.onChange(() => {
      heard.push('once');
      stop();
    });
    consent.onChange(() => heard.push('always'));
    consent.set({ analytics: true });
    consent.set({ analytics: false });
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  test('that throw cost neither the caller nor the next one anything', () => {
    const { consent } = setUp();
    const heard: string[] = [];
    consent.onChange(() => {
      throw new Error('the host is broken');
    });
    consent.onChange(() => heard.push('second'));
    expect(() => consent.set({ analytics: false })).not.toThrow();
    expect(heard).toEqual(['second']);
  });
});
