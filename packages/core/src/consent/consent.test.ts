import { describe, expect, test } from 'vitest';
import type { ConsentCategory, ConsentPreferences } from '../event/event.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { type ConsentDecision, type ConsentModel, type ConsentState, createConsent, decideConsent } from './consent.ts';

const setUp = (options: Partial<Parameters<typeof createConsent>[0]> = {}) => {
  const clock = createFakeClock(1_000);
  return { clock, consent: createConsent({ now: clock.now, ...options }) };
};

describe('may an event be recorded?', () => {
  test.each<{
    why: string;
    purpose?: ConsentCategory;
    preferences?: ConsentPreferences;
    model?: ConsentModel;
    expected: ConsentDecision;
  }>([
    { why: 'undecided waits', expected: 'pending' },
    { why: 'a yes is a yes', preferences: { analytics: true }, expected: 'granted' },
    { why: 'a no is a no', preferences: { analytics: false }, expected: 'denied' },
    { why: 'a yes to something else says nothing', preferences: { advertising: true }, expected: 'pending' },
    { why: 'a no to something else says nothing', preferences: { advertising: false }, expected: 'pending' },
    { why: 'what is necessary needs no yes', purpose: 'necessary', expected: 'granted' },
    {
      why: 'what is necessary knows no no',
      purpose: 'necessary',
      preferences: { functional: false, analytics: false, advertising: false },
      expected: 'granted',
    },
    { why: 'opt-out: undecided is a yes', model: 'opt-out', expected: 'granted' },
    { why: 'opt-out: a no is a no', model: 'opt-out', preferences: { analytics: false }, expected: 'denied' },
    { why: 'opt-in is the same as saying nothing', model: 'opt-in', expected: 'pending' },
  ])('$why', ({ purpose = 'analytics', preferences = {}, model, expected }) => {
    expect(decideConsent(purpose, preferences, model)).toBe(expected);
    expect(setUp({ model, initial: preferences }).consent.decide(purpose)).toBe(expected);
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
    expect(decideConsent('analytics', preferences)).not.toBe('granted');
  });

  test.each(['constructor', '__proto__', 'toString', 'marketing'])(
    'nobody agreed to a purpose called %s',
    (purpose) => {
      expect(decideConsent(purpose as ConsentCategory, {})).not.toBe('granted');
    },
  );
});

describe('Global Privacy Control', () => {
  test.each<{ why: string; purpose: ConsentCategory; model?: ConsentModel; expected: ConsentDecision }>([
    { why: 'denies advertising, whatever was decided', purpose: 'advertising', expected: 'denied' },
    {
      why: 'denies advertising under opt-out',
      purpose: 'advertising',
      model: 'opt-out',
      expected: 'denied',
    },
    { why: 'leaves the decision on analytics', purpose: 'analytics', expected: 'granted' },
    { why: 'leaves functional undecided', purpose: 'functional', expected: 'pending' },
    { why: 'leaves what is necessary', purpose: 'necessary', expected: 'granted' },
  ])('$why', ({ purpose, model, expected }) => {
    const { consent } = setUp({ gpc: true, model, initial: { analytics: true, advertising: true } });
    expect(consent.decide(purpose)).toBe(expected);
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
    const { consent } = setUp({ remembered: [{ analytics: false }, 7] });
    expect(consent.get()).toEqual({ preferences: { analytics: false }, gpc: false, decidedAt: 7 });
  });

  test('that the device remembers comes before what the host says', () => {
    const { consent } = setUp({
      initial: { analytics: true, functional: true },
      remembered: [{ analytics: false }, 7],
    });
    expect(consent.get().preferences).toEqual({ analytics: false });
  });

  test('leaves the answers it does not name', () => {
    const { consent } = setUp({ initial: { analytics: true, functional: false } });
    consent.set({ functional: true });
    expect(consent.get().preferences).toEqual({ analytics: true, functional: true });
  });

  test('may be taken back', () => {
    const { consent } = setUp({ initial: { analytics: true } });
    consent.set({ analytics: false });
    expect(consent.decide('analytics')).toBe('denied');
  });

  test('does not change with the object it came in', () => {
    const choice = { analytics: false };
    const { consent } = setUp();
    const { consent: begun } = setUp({ initial: choice });
    consent.set(choice);
    choice.analytics = true;
    expect(consent.decide('analytics')).toBe('denied');
    expect(begun.decide('analytics')).toBe('denied');
  });
});

describe('listeners', () => {
  test('hear every change, in order, with the new state in force', () => {
    const { consent } = setUp();
    const heard: unknown[] = [];
    const hear =
      (name: string) =>
      ({ preferences }: ConsentState): void => {
        heard.push([name, preferences.analytics, consent.decide('analytics')]);
      };
    consent.onChange(hear('first'));
    consent.onChange(hear('second'));
    consent.set({ analytics: true });
    consent.set({ analytics: false });
    expect(heard).toEqual([
      ['first', true, 'granted'],
      ['second', true, 'granted'],
      ['first', false, 'denied'],
      ['second', false, 'denied'],
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
