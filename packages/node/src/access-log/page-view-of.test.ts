import { describe, expect, test } from 'vitest';
import { pageViewOf } from './page-view-of.ts';
import type { AccessLine } from './parse-combined.ts';

const access: AccessLine = {
  address: '203.0.113.9',
  at: Date.parse('2025-10-10T20:55:36Z'),
  method: 'GET',
  target: '/a?utm_source=x',
  status: 200,
  referrer: 'https://x.example/',
  userAgent: 'Mozilla/5.0',
};
const options = { site: 'https://shop.example', ip: 'truncated', visitorSecret: new Uint8Array(16) } as const;
const viewOf = (change: Partial<AccessLine> = {}, line = 'line') =>
  pageViewOf(line, { ...access, ...change }, options) as Record<string, unknown> | undefined;

test('a page that was shown is a page view', () => {
  const page = {
    url: 'https://shop.example/a?utm_source=x',
    path: '/a',
    search: '?utm_source=x',
    referrer: 'https://x.example/',
  };
  expect(viewOf()).toMatchObject({
    type: 'page',
    timestamp: '2025-10-10T20:55:36.000Z',
    properties: page,
    context: { page, ip: '203.0.113.0', userAgent: 'Mozilla/5.0' },
  });
});

describe('what is none', () => {
  test.each<{ why: string; change: Partial<AccessLine> }>([
    { why: 'something that was sent', change: { method: 'POST' } },
    { why: 'a head', change: { method: 'HEAD' } },
    { why: 'elsewhere', change: { status: 302 } },
    { why: 'missing', change: { status: 404 } },
    { why: 'a script', change: { target: '/app.js?v=1' } },
    { why: 'a picture', change: { target: '/a.PNG' } },
    { why: 'no address', change: { target: 'http://[' } },
    { why: 'asked of a proxy that this is not', change: { target: 'http://other.example/' } },
    { why: 'asked of nobody by an address without a host', change: { target: 'about:blank' } },
  ])('$why', ({ change }) => {
    expect(viewOf(change)).toBeUndefined();
  });
});

test.each([
  { why: 'two slashes in front are no other host', target: '//pricing', url: 'https://shop.example//pricing' },
  { why: 'the site by its whole address', target: 'http://shop.example/a', url: 'http://shop.example/a' },
])('$why', ({ target, url }) => {
  expect(viewOf({ target })).toMatchObject({ context: { page: { url, path: new URL(url).pathname } } });
});

test('what a browser had already is a page view too', () => {
  expect(viewOf({ status: 304 })).toBeDefined();
});

test('the same line is the same event; another line is another', () => {
  const idOf = (line: string) => viewOf({}, line)?.messageId;
  expect(idOf('one')).toBe(idOf('one'));
  expect(idOf('one')).not.toBe(idOf('other'));
  expect(String(idOf('one')).length).toBeLessThan(100);
});

test.each<{ why: string; change: Partial<AccessLine>; isSame: boolean }>([
  { why: 'later that day', change: { at: access.at + 3 * 60 * 60_000 }, isSame: true },
  { why: 'the next day', change: { at: access.at + 24 * 60 * 60_000 }, isSame: false },
  { why: 'another address', change: { address: '203.0.113.10' }, isSame: false },
  { why: 'another agent', change: { userAgent: 'curl/8' }, isSame: false },
])('a visitor is an address, an agent and a day: $why', ({ change, isSame }) => {
  expect(viewOf(change)?.anonymousId === viewOf()?.anonymousId).toBe(isSame);
});

test('what may be about a person is taken out of addresses', () => {
  expect(
    JSON.stringify(viewOf({ target: '/a?email=jane@doe.example', referrer: 'https://x.example/?token=abc' })),
  ).not.toMatch(/jane|abc/);
});
