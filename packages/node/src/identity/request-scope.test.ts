import type { IncomingMessage } from 'node:http';
import { type Device, deviceCookieName, formatDevice } from '@org/track-core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type RequestLike, scopeOfRequest } from './request-scope.ts';

const policy = { vouched: {}, ip: 'truncated' } as const;
const anonymousId = '0190a5c8-7b2e-7c4d-8e5f-1a2b3c4d5e6f';
const sessionId = '0190a5c8-7b2e-7c4d-8e5f-aaaaaaaaaaaa';
const answers = { analytics: true, advertising: true };
const device: Device = {
  consent: [answers, 1_767_225_600_000],
  anonymousId,
  userId: 'u 1|ü',
  session: [sessionId, 1_767_225_600_000, 1_767_225_600_000],
};
const cookie = formatDevice(device);
const headers = {
  cookie: `theme=dark; ${cookie}; lang=de`,
  'user-agent': 'Mozilla/5.0',
  'accept-language': 'de-DE,de;q=0.9,en;q=0.8',
  referer: 'https://shop.example/cart?step=2#pay',
};
const expected = {
  anonymousId,
  userId: 'u 1|ü',
  consent: answers,
  context: {
    session: { id: sessionId },
    ip: '203.0.113.0',
    userAgent: 'Mozilla/5.0',
    locale: 'de-DE',
    page: { url: 'https://shop.example/cart?step=2#pay', path: '/cart', search: '?step=2' },
  },
};

test.each<{ why: string; request: RequestLike }>([
  { why: "Node's", request: { headers, socket: { remoteAddress: '::ffff:203.0.113.7' } } },
  {
    why: 'a framework that judges the address',
    request: { headers, ip: '203.0.113.7', socket: { remoteAddress: '10.0.0.1' } },
  },
  { why: "Fetch's headers", request: { headers: new Headers(headers), ip: '203.0.113.7' } },
])('the same from $why', ({ request }) => {
  expect(scopeOfRequest(request, policy)).toEqual(expected);
});

test('the requests of Fetch and Node fit as they are', () => {
  expectTypeOf<Request>().toExtend<RequestLike>();
  expectTypeOf<IncomingMessage>().toExtend<RequestLike>();
  const request = new Request('https://shop.example/', { headers: { 'user-agent': 'Mozilla/5.0' } });
  expect(scopeOfRequest(request, policy)).toEqual({ consent: {}, context: { userAgent: 'Mozilla/5.0' } });
});

describe('consent', () => {
  test.each([
    {
      why: "the person's own answer beats what is vouched for",
      cookie,
      vouched: { functional: true },
      gpc: undefined,
      answer: answers,
    },
    {
      why: 'undecided: what is vouched for',
      cookie: '',
      vouched: { analytics: true },
      gpc: undefined,
      answer: { analytics: true },
    },
    { why: 'undecided and nothing vouched for', cookie: '', vouched: {}, gpc: undefined, answer: {} },
    {
      why: 'Global Privacy Control beats both',
      cookie,
      vouched: { advertising: true },
      gpc: '1',
      answer: { analytics: true, advertising: false },
    },
    {
      why: 'Global Privacy Control is 1 or nothing',
      cookie,
      vouched: {},
      gpc: 'true',
      answer: answers,
    },
  ])('$why', ({ cookie, vouched, gpc, answer }) => {
    const request = { headers: { cookie, 'sec-gpc': gpc } };
    expect(scopeOfRequest(request, { ...policy, vouched }).consent).toEqual(answer);
  });
});

describe('what a client may put into its cookie', () => {
  const written = (text: string): string => `${deviceCookieName}=1${text}`;
  test.each([
    { why: 'nothing', cookie: '' },
    { why: 'an empty value', cookie: `${deviceCookieName}=` },
    { why: 'a version and nothing else', cookie: written('') },
    { why: 'another version', cookie: cookie.replace('=1', '=2') },
    { why: 'another name that ends the same', cookie: `x${cookie}` },
    { why: 'separators only', cookie: written('|&=.'.repeat(4_000)) },
    { why: 'broken percent codes', cookie: cookie.replaceAll('%', '%%E0%A4') },
    { why: 'half of it', cookie: cookie.slice(0, cookie.length / 2) },
    {
      why: 'an id with markup',
      cookie: formatDevice({ ...device, anonymousId: '<script>alert(1)</script>' }),
    },
    { why: 'an id that is too long', cookie: formatDevice({ ...device, anonymousId: 'a'.repeat(10_000) }) },
    { why: 'a user id that is too long', cookie: formatDevice({ ...device, userId: 'a'.repeat(10_000) }) },
    { why: 'names of every object', cookie: `__proto__=1; constructor=2; ${written('toString')}` },
    {
      why: 'a prototype as a category',
      cookie: formatDevice({ consent: [JSON.parse('{"__proto__":true,"constructor":true}'), 1] }),
    },
    { why: 'JSON', cookie: written('{"anonymousId":"x","__proto__":{"polluted":true}}') },
    { why: 'control characters', cookie: cookie.replaceAll('-', '\u0000\u0007') },
    {
      why: 'times that are none',
      cookie: formatDevice({ ...device, session: [sessionId, Number.NaN, 1e300] }),
    },
  ])('$why: neither throws nor gets through', ({ cookie }) => {
    const {
      anonymousId = 'anonymous-1',
      userId = '',
      consent,
      context,
    } = scopeOfRequest({ headers: { cookie } }, policy);
    expect(anonymousId).toMatch(/^[\w-]{8,64}$/);
    expect(userId.length).toBeLessThanOrEqual(1_000);
    for (const [category, answer] of Object.entries(consent ?? {})) {
      expect(['functional', 'analytics', 'advertising']).toContain(category);
      expect(answer).toBeTypeOf('boolean');
    }
    expect(context?.session?.id ?? sessionId).toBe(sessionId);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('the first of two counts', () => {
    const other = formatDevice({ anonymousId: 'another-one' });
    expect(scopeOfRequest({ headers: { cookie: `${cookie}; ${other}` } }, policy).anonymousId).toBe(anonymousId);
  });
});

describe('headers that do not look right are left out', () => {
  test.each([
    { why: 'any language', headers: { 'accept-language': '*' } },
    { why: 'no language', headers: { 'accept-language': '<b>' } },
    { why: 'no URL', headers: { referer: 'not a url' } },
    { why: 'a URL that runs', headers: { referer: 'javascript:alert(1)' } },
    { why: 'a URL with a user', headers: { referer: 'https://u@shop.example/' } },
    { why: 'a URL with a password', headers: { referer: 'https://u:p@shop.example/' } },
    { why: 'a user agent without end', headers: { 'user-agent': 'x'.repeat(10_000) } },
    { why: 'a header called get', headers: { get: 'x' } },
    { why: 'a proxy nobody vouches for', headers: { 'x-forwarded-for': '198.51.100.1' } },
  ])('$why', ({ headers }) => {
    expect(scopeOfRequest({ headers }, policy).context).toEqual({});
  });

  test.each([
    { why: 'a host name', ip: 'localhost', kept: undefined },
    { why: 'IPv6, its network', ip: '2001:db8:abcd:12::7', kept: '2001:db8:abcd::' },
  ])('an address: $why', ({ ip, kept }) => {
    expect(scopeOfRequest({ headers: {}, ip }, policy).context?.ip).toBe(kept);
  });
});
