import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConsentPreferences, Decision } from '../event/event.ts';
import { type Device, deviceCookieName, formatDevice, readDevice } from './device.ts';
import { parseDevice } from './parse-device.ts';

const word = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-';

const id = fc.string({ unit: fc.constantFrom(...word), minLength: 8, maxLength: 64 });
const at = fc.integer({ min: 1, max: 8.64e15 });
const userId = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });
const preferences: fc.Arbitrary<ConsentPreferences> = fc.record(
  { functional: fc.boolean(), analytics: fc.boolean(), advertising: fc.boolean() },
  { requiredKeys: [] },
);
const device: fc.Arbitrary<Device> = fc.record({
  consent: fc.option(fc.tuple(preferences, at), { nil: undefined }),
  anonymousId: fc.option(id, { nil: undefined }),
  userId: fc.option(userId, { nil: undefined }),
  session: fc.option(fc.tuple(id, at, at), { nil: undefined }),
});

/** The cookies of a request, ours among them. */
const cookies = (ours: string): string => `x${deviceCookieName}=12; ${ours}; theme=dark`;

describe('what was written down', () => {
  test('is read again as it was', () => {
    fc.assert(
      fc.property(device, (known) => {
        expect(parseDevice(cookies(formatDevice(known)))).toEqual(known);
      }),
    );
  });

  test('is read by the device itself just so', () => {
    fc.assert(
      fc.property(device, (known) => {
        expect(readDevice(cookies(formatDevice(known)))).toEqual(known);
      }),
    );
  });

  test('goes into a cookie as it is', () => {
    // RFC 6265: no control characters, blanks, quotes, commas, semicolons, backslashes.
    fc.assert(
      fc.property(device, (known) => {
        const [name, value, ...rest] = formatDevice(known).split('=');
        expect([name, ...rest]).toEqual([deviceCookieName]);
        expect(value).toMatch(/^[!#-+\--:<-[\]-~]*$/);
      }),
    );
  });

  test('names a no, and is silent where nothing was decided', () => {
    const consent: Decision = [{ functional: false, analytics: true }, 5];
    expect(parseDevice(cookies(formatDevice({ consent }))).consent).toEqual(consent);
  });

  test('does not make a no of an answer that is not there', () => {
    const preferences = { analytics: undefined, functional: true } as unknown as ConsentPreferences;
    const [answers] = parseDevice(cookies(formatDevice({ consent: [preferences, 5] }))).consent ?? [];
    expect(answers).toEqual({ functional: true });
  });

  test('may be nothing at all', () => {
    expect(parseDevice(cookies(formatDevice({})))).toEqual({});
  });

  test('is the same however the cookies are set apart', () => {
    const text = formatDevice({ userId: 'u1' });
    for (const all of [text, `a=b;${text};c=d`, `a=b;  ${text} ; c=d`])
      expect(parseDevice(all)).toEqual({ userId: 'u1' });
  });

  test.each([
    { length: 20, expected: 350 },
    { length: 64, expected: 400 },
  ])('is a small cookie: below $expected bytes with a user id of $length', ({ length, expected }) => {
    const known: Device = {
      consent: [{ functional: true, analytics: false, advertising: false }, 1_767_225_600_000],
      anonymousId: '3f333df6-90a4-4fda-8dd3-9485d27cee36',
      userId: 'u'.repeat(length),
      session: ['019b76da-a800-7000-8000-000000000000', 1_767_225_600_000, 1_767_225_600_000],
    };
    expect(formatDevice(known).length).toBeLessThan(expected);
  });
});

describe('what somebody else wrote', () => {
  const named = (value: string): string => `${deviceCookieName}=${value}`;
  const escaped = (fields: unknown): string => encodeURIComponent(JSON.stringify(fields));
  const written = (fields: unknown): string => named(`1${escaped(fields)}`);

  test.each([
    { why: 'nothing', text: '' },
    { why: 'an empty value', text: named('') },
    { why: 'no JSON', text: named('1userId=u1') },
    { why: 'null', text: written(null) },
    { why: 'a number', text: written(1) },
    { why: 'a text', text: written('userId') },
    { why: 'a list', text: written(['u1']) },
    { why: 'no version', text: named(escaped({ userId: 'u1' })) },
    { why: 'another version', text: named(`2${escaped({ userId: 'u1' })}`) },
    { why: 'a version that only begins like ours', text: named(`12${escaped({ userId: 'u1' })}`) },
    { why: 'broken escapes', text: named('1%E0%A4%A') },
  ])('says nothing where it is not ours: $why', ({ text }) => {
    expect(parseDevice(cookies(text))).toEqual({});
  });

  const yes: Decision = [{ analytics: true }, 5];
  test.each<{ why: string; fields: object; expected: Device }>([
    { why: 'an id that is too short', fields: { anonymousId: 'short' }, expected: {} },
    { why: 'an id that is too long', fields: { anonymousId: 'a'.repeat(65) }, expected: {} },
    { why: 'an id with markup', fields: { anonymousId: '<script>alert(1)' }, expected: {} },
    { why: 'an id with a line break', fields: { anonymousId: 'anonymous-1\r\nSet-Cookie' }, expected: {} },
    { why: 'an id with a line break at its end', fields: { anonymousId: 'anonymous-1\n' }, expected: {} },
    { why: 'an id with letters that look like ours', fields: { anonymousId: '\u0430nonymous-1' }, expected: {} },
    { why: 'an id that is no text', fields: { anonymousId: 123456789 }, expected: {} },
    { why: 'an id in a list', fields: { anonymousId: ['anonymous-1'] }, expected: {} },
    { why: 'an empty user', fields: { userId: '' }, expected: {} },
    { why: 'a user that is no text', fields: { userId: { id: 'u1' } }, expected: {} },
    {
      why: 'a user that is too long is cut',
      fields: { userId: 'u'.repeat(5_000) },
      expected: { userId: 'u'.repeat(256) },
    },
    { why: 'keys that are not ours', fields: JSON.parse('{"__proto__":"x","constructor":"y"}'), expected: {} },
    { why: 'a visit that is none', fields: { session: 5 }, expected: {} },
    { why: 'a visit without an id', fields: { session: [null, 5, 5] }, expected: {} },
    { why: 'a visit with a bad id', fields: { session: ['<b>session', 5, 5] }, expected: {} },
    { why: 'a visit without times', fields: { session: ['session-1'] }, expected: {} },
    { why: 'a visit without its last event', fields: { session: ['session-1', 5] }, expected: {} },
    { why: 'a visit at no time', fields: { session: ['session-1', 'soon', 'later'] }, expected: {} },
    { why: 'a visit before time', fields: { session: ['session-1', -5, 5] }, expected: {} },
    { why: 'a visit beyond time', fields: { session: ['session-1', 1e300, 1e300] }, expected: {} },
    {
      why: 'a visit and more',
      fields: { session: ['session-1', 5, 6, 7, 8] },
      expected: { session: ['session-1', 5, 6] },
    },
    { why: 'consent that was never decided', fields: { consent: [{ analytics: true }] }, expected: {} },
    { why: 'consent decided at no time', fields: { consent: [{ analytics: true }, 'yesterday'] }, expected: {} },
    { why: 'consent decided before time', fields: { consent: [{ analytics: true }, -5] }, expected: {} },
    { why: 'consent decided beyond time', fields: { consent: [{ analytics: true }, 1e300] }, expected: {} },
    {
      why: 'categories that are not ours',
      fields: { consent: [JSON.parse('{"analytics":true,"necessary":true,"marketing":true,"__proto__":true}'), 5] },
      expected: { consent: yes },
    },
    {
      why: 'answers that are none',
      fields: { consent: [{ analytics: true, advertising: 1, functional: 'yes' }, 5] },
      expected: { consent: yes },
    },
    { why: 'a decision about nothing', fields: { consent: [null, 5] }, expected: { consent: [{}, 5] } },
    {
      why: 'a decision that is none',
      fields: { consent: [7, 5] },
      expected: { consent: [{}, 5] },
    },
    { why: 'a decision of another kind', fields: { consent: 7 }, expected: {} },
    { why: 'a decision that is no list', fields: { consent: { 0: {}, 1: 5 } }, expected: {} },
  ])('leaves out what does not look right: $why', ({ fields, expected }) => {
    expect(parseDevice(cookies(written(fields)))).toEqual(expected);
  });

  test('never throws, and whatever comes through is fit for use', () => {
    const value = fc.oneof(fc.jsonValue(), id, at, fc.array(fc.oneof(id, at, fc.jsonValue(), preferences)));
    const names = fc.constantFrom('consent', 'anonymousId', 'userId', 'session', 'x', '__proto__');
    const fields = fc.dictionary(names, value);
    const texts = fc.oneof(
      fc.string(),
      fc.string().map(named),
      fc.string({ unit: 'binary' }).map(named),
      fc.json().map(named),
      fields.map(written),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseDevice(cookies(text));
        const { anonymousId = 'anonymous-1', userId = 'u', session, consent } = read;
        const [sessionId = 'session-1', ...times] = session ?? [];
        expect(anonymousId).toMatch(/^[\w-]{8,64}$/);
        expect(userId.length).toBeGreaterThan(0);
        expect(userId.length).toBeLessThanOrEqual(256);
        expect(sessionId).toMatch(/^[\w-]{8,64}$/);
        for (const time of [...times, consent?.[1]]) {
          if (time !== undefined) expect(new Date(time).getTime()).toBeGreaterThanOrEqual(0);
        }
        for (const [category, answer] of Object.entries(consent?.[0] ?? {})) {
          expect(['functional', 'analytics', 'advertising']).toContain(category);
          expect(answer).toBeTypeOf('boolean');
        }
        expect(parseDevice(cookies(formatDevice(read)))).toEqual(read);
      }),
    );
  });
});
