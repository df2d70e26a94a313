import { describe, expect, test } from 'vitest';
import { type CookieReading, createIdentityCookie, identityOf, isIdentityOptions } from './identity-cookie.ts';

const day = 24 * 3_600_000;
const start = Date.UTC(2026, 0, 1);
const [oldKey, newKey] = ['old-'.repeat(8), 'new-'.repeat(8)];
const browserId = '0190a5c8-7b2e-4c4d-8e5f-1a2b3c4d5e6f';
const decidedAt = start - 1_000;

let now = start;
const cookie = createIdentityCookie({ keys: [newKey] }, () => now);

/** What a browser sends back of a `Set-Cookie` header. */
const pairOf = (setCookie: string): string => setCookie.split(';')[0] as string;
const first = identityOf('none', { browserId, decidedAt });
if (first === undefined) throw new Error('Nobody was recognized.');
const pair = pairOf(cookie.write(first));

const readAt = (ageMs: number, cookies: string, reader = cookie): CookieReading => {
  now = start + ageMs;
  const reading = reader.read(cookies);
  now = start;
  return reading;
};

test('what is written is read, and only servers and secure connections see it', () => {
  expect(cookie.write(first)).toMatch(/^__Host-jn=[\w.-]+; Max-Age=34128000; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  expect(cookie.read(`theme=dark; ${pair}; jn=1`)).toEqual({ ...first, isStale: false });
  expect(pair.length).toBeLessThan(130);
});

test('with a domain its subdomains share it, under a name that allows that', () => {
  const shared = createIdentityCookie({ keys: [newKey], domain: 'shop.example' }, () => now);
  expect(shared.write(first)).toMatch(/^__Secure-jn=.*; Domain=shop\.example$/);
  // Signed for one name it is not signed for the other.
  expect(shared.read(pair.replace('__Host-', '__Secure-'))).toBe('tampered');
});

test.each([
  { why: 'a day old', ageMs: day, expected: { ...first, isStale: false } },
  { why: 'older: to be written again', ageMs: day + 1_000, expected: { ...first, isStale: true } },
  { why: '13 months old', ageMs: 395 * day, expected: { ...first, isStale: true } },
  { why: 'older than it may be: gone, and nobody tampered with it', ageMs: 395 * day + 1_000, expected: 'none' },
])('age: $why', ({ ageMs, expected }) => {
  expect(readAt(ageMs, pair)).toEqual(expected);
});

describe('keys', () => {
  const signedBy = (...keys: string[]): string => pairOf(createIdentityCookie({ keys }, () => now).write(first));
  const readBy = (...keys: string[]) => createIdentityCookie({ keys }, () => now).read(signedBy(oldKey));

  test('an older one is believed, and to be replaced', () => {
    expect(readBy(newKey, oldKey)).toEqual({ ...first, isStale: true });
  });
  test('the first one signs', () => {
    expect(signedBy(newKey, oldKey)).toBe(signedBy(newKey));
  });
  test('one that is taken away is not believed any more', () => {
    expect(readBy(newKey)).toBe('tampered');
  });
});

describe('what somebody did to it', () => {
  const [, id = '', tag, decision, written, signed] = pair.replace('__Host-jn=', '').split('.');
  const forged = (parts: readonly (string | undefined)[]): string => `__Host-jn=${parts.join('.')}`;
  const other = 'another-visitor-of-the-shop';

  test.each([
    { why: 'another id', cookies: forged(['1', other, tag, decision, written, signed]) },
    { why: 'another tag', cookies: forged(['1', id, 'AAAAAAAA', decision, written, signed]) },
    { why: 'another decision', cookies: forged(['1', id, tag, 'zzzz', written, signed]) },
    { why: 'another time', cookies: forged(['1', id, tag, decision, '1', signed]) },
    { why: 'no signature', cookies: forged(['1', id, tag, decision, written, '']) },
    { why: 'half of a signature', cookies: forged(['1', id, tag, decision, written, signed?.slice(0, 21)]) },
    { why: 'another version', cookies: forged(['2', id, tag, decision, written, signed]) },
    { why: 'nothing in it', cookies: '__Host-jn=' },
    { why: 'something else in it', cookies: '__Host-jn={"id":"x"}' },
    { why: 'something behind it', cookies: `${pair}x` },
    { why: 'many of them', cookies: `${'__Host-jn=x; '.repeat(5_000)}${pair}` },
  ])('$why: never believed', ({ cookies }) => {
    expect(cookie.read(cookies)).toBe('tampered');
  });

  test('one beside ours changes nothing', () => {
    expect(cookie.read(`__Host-jn=${other}; ${pair}`)).toMatchObject({ id: browserId });
  });

  test.each([{ cookies: undefined }, { cookies: '' }, { cookies: 'jn=1' }, { cookies: `x${pair}` }])(
    'no cookie of that name: $cookies',
    ({ cookies }) => {
      expect(cookie.read(cookies)).toBe('none');
    },
  );
});

describe('who it is', () => {
  const known = { ...first, isStale: false };
  const later = 'another-browser-id';

  test.each<{ why: string; reading: CookieReading; browserId?: string; decidedAt?: number; expected: unknown }>([
    { why: 'a new browser keeps its own id', reading: 'none', browserId, expected: { id: browserId, isStale: true } },
    { why: 'what was tampered with counts as none', reading: 'tampered', browserId, expected: { id: browserId } },
    { why: 'the same browser', reading: known, browserId, decidedAt, expected: { id: browserId, isStale: false } },
    {
      why: 'the same browser, another decision: that is remembered',
      reading: known,
      browserId,
      decidedAt: start,
      expected: { id: browserId, decidedAt: start, isStale: true },
    },
    {
      why: 'a browser that lost its id, and asked for consent again',
      reading: known,
      browserId: later,
      decidedAt: start,
      expected: { id: browserId, isStale: true },
    },
    {
      why: 'a browser that lost its id, where the host vouches for consent',
      reading: { ...known, decidedAt: 0 },
      browserId: later,
      expected: { id: browserId },
    },
    {
      why: 'a person who asked to be forgotten: the decision is the old one',
      reading: known,
      browserId: later,
      decidedAt,
      expected: { id: later, isStale: true },
    },
    { why: 'a client without an id of its own', reading: known, expected: { id: browserId, isStale: false } },
    { why: 'nobody', reading: 'none', expected: undefined },
    { why: 'an id that no cookie can hold', reading: 'none', browserId: 'a; Domain=evil.example', expected: undefined },
  ])('$why', ({ reading, browserId, decidedAt, expected }) => {
    const identity = identityOf(reading, { browserId, decidedAt });
    if (expected === undefined) expect(identity).toBeUndefined();
    else expect(identity).toMatchObject(expected as object);
  });

  test.each([
    { why: 'a date that stands for none', decidedAt: Date.parse('0001-01-01T00:00:00Z') },
    { why: 'a date that stands for ever', decidedAt: Date.parse('9999-12-31T23:59:59.999Z') },
    { why: 'the last date there is', decidedAt: 8.64e15 },
    { why: 'a part of a millisecond', decidedAt: start + 0.5 },
  ])('whatever is said of the decision, the cookie can be read: $why', ({ decidedAt }) => {
    const found = identityOf('none', { browserId, decidedAt }) ?? first;
    const again = cookie.read(pairOf(cookie.write(found)));
    expect(again).toMatchObject({ id: browserId });
    expect(identityOf(again, { browserId, decidedAt })).toBe(again);
  });

  test('the browser that lost its id is recognized by its new one from then on', () => {
    const found = identityOf(known, { browserId: later, decidedAt: start });
    expect(identityOf(found ?? 'none', { browserId: later, decidedAt: start })).toBe(found);
  });
});

test.each<{ why: string; options: unknown }>([
  { why: 'no keys', options: {} },
  { why: 'an empty list', options: { keys: [] } },
  { why: 'a short key', options: { keys: ['secret'] } },
  { why: 'a key that is not set', options: { keys: [undefined] } },
  { why: 'a domain with an attribute', options: { keys: [newKey], domain: 'a.example; SameSite=None' } },
  { why: 'an option nobody knows', options: { keys: [newKey], maxAge: 5 } },
  { why: 'a text', options: newKey },
])('refused at set-up: $why', ({ options }) => {
  expect(isIdentityOptions(options)).toBe(false);
});
