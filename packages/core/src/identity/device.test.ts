import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConsentPreferences } from '../event/event.ts';
import { type Device, deviceCookieName, formatDevice, readDevice } from './device.ts';
import { parseDevice } from './parse-device.ts';

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

  test('is read by the device itself just so', () => {
    fc.assert(
      fc.property(device, (known) => {
        expect(readDevice(formatDevice(known))).toEqual(known);
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
  const written = (fields: object): string => encodeURIComponent(JSON.stringify({ v: 1, ...fields }));

  test.each([
    { why: 'nothing', text: '' },
    { why: 'no JSON', text: 'v=1&a=anonymous-1' },
    { why: 'no object', text: 'null' },
    { why: 'a list', text: '[1]' },
    { why: 'no format', text: '{"a":"anonymous-1"}' },
    { why: 'another format', text: written({ v: 2, a: 'anonymous-1' }) },
    { why: 'a format that only looks like ours', text: written({ v: '1', a: 'anonymous-1' }) },
    { why: 'broken escapes', text: '%E0%A4%A' },
  ])('is not ours: $why', ({ text }) => {
    expect(parseDevice(text)).toBeUndefined();
  });

  const yes = { preferences: { analytics: true }, decidedAt: 5 };
  test.each<{ why: string; fields: object; expected: Device }>([
    { why: 'an id that is too short', fields: { a: 'short' }, expected: {} },
    { why: 'an id that is too long', fields: { a: 'a'.repeat(65) }, expected: {} },
    { why: 'an id with markup', fields: { a: '<script>alert(1)' }, expected: {} },
    { why: 'an id with a line break', fields: { a: 'anonymous-1\r\nSet-Cookie' }, expected: {} },
    { why: 'an id with a line break at its end', fields: { a: 'anonymous-1\n' }, expected: {} },
    { why: 'an id with letters that look like ours', fields: { a: '\u0430nonymous-1' }, expected: {} },
    { why: 'an id that is no text', fields: { a: 123456789 }, expected: {} },
    { why: 'an id in a list', fields: { a: ['anonymous-1'] }, expected: {} },
    { why: 'an empty user', fields: { u: '' }, expected: {} },
    { why: 'a user that is no text', fields: { u: { id: 'u1' } }, expected: {} },
    { why: 'a user that is too long is cut', fields: { u: 'u'.repeat(5_000) }, expected: { userId: 'u'.repeat(256) } },
    { why: 'keys that are not ours', fields: JSON.parse('{"__proto__":"x","constructor":"y"}'), expected: {} },
    { why: 'a visit that is none', fields: { s: 5 }, expected: {} },
    { why: 'a visit without an id', fields: { s: [null, 5, 5] }, expected: {} },
    { why: 'a visit with a bad id', fields: { s: ['<b>session', 5, 5] }, expected: {} },
    { why: 'a visit without times', fields: { s: ['session-1'] }, expected: {} },
    { why: 'a visit without its last event', fields: { s: ['session-1', 5] }, expected: {} },
    { why: 'a visit at no time', fields: { s: ['session-1', 'soon', 'later'] }, expected: {} },
    { why: 'a visit before time', fields: { s: ['session-1', -5, 5] }, expected: {} },
    { why: 'a visit beyond time', fields: { s: ['session-1', 1e300, 1e300] }, expected: {} },
    {
      why: 'a visit and more',
      fields: { s: ['session-1', 5, 6, 7, 8] },
      expected: { session: { id: 'session-1', startedAt: 5, lastSeenAt: 6 } },
    },
    { why: 'consent that was never decided', fields: { c: { analytics: true } }, expected: {} },
    { why: 'consent decided at no time', fields: { c: { analytics: true }, t: 'yesterday' }, expected: {} },
    { why: 'consent decided before time', fields: { c: { analytics: true }, t: -5 }, expected: {} },
    { why: 'consent decided beyond time', fields: { c: { analytics: true }, t: 1e300 }, expected: {} },
    {
      why: 'categories that are not ours',
      fields: { c: JSON.parse('{"analytics":true,"necessary":true,"marketing":true,"__proto__":true}'), t: 5 },
      expected: { consent: yes },
    },
    {
      why: 'answers that are none',
      fields: { c: { analytics: true, advertising: 1, functional: 'yes' }, t: 5 },
      expected: { consent: yes },
    },
    { why: 'a decision about nothing', fields: { t: 5 }, expected: { consent: { preferences: {}, decidedAt: 5 } } },
    {
      why: 'a decision that is none',
      fields: { c: 7, t: 5 },
      expected: { consent: { preferences: {}, decidedAt: 5 } },
    },
  ])('leaves out what does not look right: $why', ({ fields, expected }) => {
    expect(parseDevice(written(fields))).toEqual({ ...nobody, ...expected });
  });

  test('never throws, and whatever comes through is fit for use', () => {
    const value = fc.oneof(fc.jsonValue(), id, at, fc.array(fc.oneof(id, at, fc.jsonValue())), preferences);
    const fields = fc.dictionary(fc.constantFrom('c', 't', 'a', 'u', 's', 'x', '__proto__'), value);
    const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), fields.map(written));
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
