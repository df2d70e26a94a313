import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConsentPreferences } from '../event/event.ts';
import { type Device, deviceCookieName, formatDevice, parseDevice } from './device.ts';

const nobody: Device = { consent: undefined, anonymousId: undefined, userId: undefined, session: undefined };
const word = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-';

const id = fc.string({ unit: fc.constantFrom(...word), minLength: 8, maxLength: 64 });
const at = fc.integer({ min: 1, max: 8.64e15 });
const userId = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });
const preferences: fc.Arbitrary<ConsentPreferences> = fc.record(
  { functional: fc.boolean(), analytics: fc.boolean(), advertising: fc.boolean() },
  { requiredKeys: [] },
);
const device: fc.Arbitrary<Device> = fc.record({
  consent: fc.option(fc.record({ preferences, decidedAt: at }), { nil: undefined }),
  anonymousId: fc.option(id, { nil: undefined }),
  userId: fc.option(userId, { nil: undefined }),
  session: fc.option(fc.record({ id, startedAt: at, lastSeenAt: at }), { nil: undefined }),
});

describe('what was written down', () => {
  test('is read again as it was', () => {
    fc.assert(
      fc.property(device, (known) => {
        expect(parseDevice(formatDevice(known))).toEqual(known);
      }),
    );
  });

  test('goes into a cookie as it is', () => {
    // RFC 6265: no control characters, blanks, quotes, commas, semicolons, backslashes.
    fc.assert(
      fc.property(device, (known) => {
        expect(formatDevice(known)).toMatch(/^[!#-+\--:<-[\]-~]*$/);
      }),
    );
  });

  test('names a no, and is silent where nothing was decided', () => {
    const consent = { preferences: { functional: false, analytics: true }, decidedAt: 5 };
    expect(parseDevice(formatDevice({ consent }))?.consent?.preferences).toEqual({
      functional: false,
      analytics: true,
    });
  });

  test('does not make a no of an answer that is not there', () => {
    const preferences = { analytics: undefined, functional: true } as unknown as ConsentPreferences;
    expect(parseDevice(formatDevice({ consent: { preferences, decidedAt: 5 } }))?.consent?.preferences).toEqual({
      functional: true,
    });
  });

  test('may be nothing at all', () => {
    expect(parseDevice(formatDevice({}))).toEqual(nobody);
  });

  test('is a small cookie: well within the 4 KB a browser keeps', () => {
    const known: Device = {
      consent: {
        preferences: { functional: true, analytics: false, advertising: false },
        decidedAt: 1_767_225_600_000,
      },
      anonymousId: '3f333df6-90a4-4fda-8dd3-9485d27cee36',
      userId: 'u'.repeat(64),
      session: {
        id: '019b76da-a800-7000-8000-000000000000',
        startedAt: 1_767_225_600_000,
        lastSeenAt: 1_767_225_600_000,
      },
    };
    expect(`${deviceCookieName}=${formatDevice(known)}`.length).toBeLessThan(400);
  });
});

describe('what somebody else wrote', () => {
  test.each([
    { why: 'nothing', text: '' },
    { why: 'no query string', text: '{"v":1}' },
    { why: 'no format', text: 'a=anonymous-1' },
    { why: 'another format', text: 'v=2&a=anonymous-1' },
    { why: 'a format that only begins like ours', text: 'v=10&a=anonymous-1' },
    { why: 'broken escapes', text: 'v=%E0%A4%A&a=%' },
  ])('is not ours: $why', ({ text }) => {
    expect(parseDevice(text)).toBeUndefined();
  });

  const yes = { preferences: { analytics: true }, decidedAt: 5 };
  test.each<{ why: string; text: string; expected: Device }>([
    { why: 'an id that is too short', text: 'v=1&a=short', expected: {} },
    { why: 'an id that is too long', text: `v=1&a=${'a'.repeat(65)}`, expected: {} },
    { why: 'an id with markup', text: 'v=1&a=%3Cscript%3Ealert(1)', expected: {} },
    { why: 'an id with a line break', text: 'v=1&a=anonymous-1%0D%0ASet-Cookie', expected: {} },
    { why: 'an id with a line break at its end', text: 'v=1&a=anonymous-1%0A', expected: {} },
    { why: 'an id with letters that look like ours', text: 'v=1&a=аnonymous-1', expected: {} },
    { why: 'an id with half an escape', text: 'v=1&a=anonymous-%E0%A4', expected: {} },
    { why: 'an empty user', text: 'v=1&u=', expected: {} },
    {
      why: 'a user that is too long is cut',
      text: `v=1&u=${'u'.repeat(5_000)}`,
      expected: { userId: 'u'.repeat(256) },
    },
    {
      why: 'a key said twice: the first holds',
      text: 'v=1&a=anonymous-1&a=anonymous-2',
      expected: { anonymousId: 'anonymous-1' },
    },
    { why: 'keys that are not ours', text: 'v=1&__proto__=x&constructor=y&toString=z', expected: {} },
    { why: 'a visit without an id', text: 'v=1&s=.5.5', expected: {} },
    { why: 'a visit with a bad id', text: 'v=1&s=%3Cb%3Esession.5.5', expected: {} },
    { why: 'a visit without times', text: 'v=1&s=session-1', expected: {} },
    { why: 'a visit without its last event', text: 'v=1&s=session-1.5', expected: {} },
    { why: 'a visit at no time', text: 'v=1&s=session-1.soon.later', expected: {} },
    { why: 'a visit before time', text: 'v=1&s=session-1.-5.5', expected: {} },
    { why: 'a visit without end', text: 'v=1&s=session-1.Infinity.Infinity', expected: {} },
    { why: 'a visit beyond time', text: 'v=1&s=session-1.1e300.1e300', expected: {} },
    {
      why: 'a visit and more',
      text: 'v=1&s=session-1.5.6.7.8',
      expected: { session: { id: 'session-1', startedAt: 5, lastSeenAt: 6 } },
    },
    { why: 'consent that was never decided', text: 'v=1&c=analytics', expected: {} },
    { why: 'consent decided at no time', text: 'v=1&c=analytics&t=yesterday', expected: {} },
    { why: 'consent decided before time', text: 'v=1&c=analytics&t=-5', expected: {} },
    { why: 'consent decided at no end', text: 'v=1&c=analytics&t=Infinity', expected: {} },
    { why: 'consent decided beyond time', text: 'v=1&c=analytics&t=1e300', expected: {} },
    {
      why: 'categories that are not ours',
      text: 'v=1&c=analytics.necessary.marketing.__proto__&t=5',
      expected: { consent: yes },
    },
    {
      why: 'a category inside a word',
      text: 'v=1&c=nonanalytics.advertisings.analytics&t=5',
      expected: { consent: yes },
    },
    {
      why: 'a decision about nothing',
      text: 'v=1&c=&t=5',
      expected: { consent: { preferences: {}, decidedAt: 5 } },
    },
  ])('leaves out what does not look right: $why', ({ text, expected }) => {
    expect(parseDevice(text)).toEqual({ ...nobody, ...expected });
  });

  test('never throws, and whatever comes through is fit for use', () => {
    const fields = fc.constantFrom('v', 'c', 't', 'a', 'u', 's', 'x', '__proto__');
    const nasty = fc.constantFrom(
      'Infinity',
      '1e300',
      '-1',
      'NaN',
      'session-1.Infinity.5',
      'session-1.5.1e300',
      'analytics',
    );
    const values = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), id, at.map(String), nasty);
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(fc.tuple(fields, values)).map((pairs) => `v=1&${new URLSearchParams(pairs)}`),
      fc.array(fc.tuple(fields, values)).map((pairs) => `v=1&${pairs.map((pair) => pair.join('=')).join('&')}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseDevice(text);
        if (read === undefined) return;
        const { anonymousId = 'anonymous-1', userId = 'u', session, consent } = read;
        expect(anonymousId).toMatch(/^[\w-]{8,64}$/);
        expect(userId.length).toBeGreaterThan(0);
        expect(userId.length).toBeLessThanOrEqual(256);
        expect(session?.id ?? 'session-1').toMatch(/^[\w-]{8,64}$/);
        for (const time of [session?.startedAt, session?.lastSeenAt, consent?.decidedAt]) {
          if (time !== undefined) expect(new Date(time).getTime()).toBeGreaterThanOrEqual(0);
        }
        for (const [category, answer] of Object.entries(consent?.preferences ?? {})) {
          expect(['functional', 'analytics', 'advertising']).toContain(category);
          expect(answer).toBeTypeOf('boolean');
        }
        expect(parseDevice(formatDevice(read))).toEqual(read);
      }),
    );
  });
});
