import { describe, expect, test } from 'vitest';
import { parseCombined } from './parse-combined.ts';

const line =
  '203.0.113.9 - frank [10/Oct/2025:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "https://x.example/" "Mozilla/5.0 (X11)"';

test('a line is taken apart', () => {
  expect(parseCombined(line)).toEqual({
    address: '203.0.113.9',
    at: Date.parse('2025-10-10T20:55:36Z'),
    method: 'GET',
    target: '/a?b=1',
    status: 200,
    referrer: 'https://x.example/',
    userAgent: 'Mozilla/5.0 (X11)',
  });
});

test.each([
  { why: 'no bytes', change: ['2326', '-'], expected: { status: 200 } },
  { why: 'nobody told', change: ['"Mozilla/5.0 (X11)"', '"-"'], expected: { referrer: 'https://x.example/' } },
  { why: 'IPv6', change: ['203.0.113.9', '2001:db8::1'], expected: { address: '2001:db8::1' } },
  { why: 'a host that was looked up', change: ['203.0.113.9', 'a.example'], expected: { address: 'a.example' } },
  { why: 'a name of its user', change: [' - frank', ' id frank'], expected: { address: '203.0.113.9' } },
  { why: 'a name with a space', change: ['frank', 'frank n'], expected: { method: 'GET' } },
  { why: 'a quote in the agent', change: ['(X11)', '\\"x\\"'], expected: { userAgent: 'Mozilla/5.0 "x"' } },
  { why: 'bytes in the agent', change: ['(X11)', '\\xc3\\xa4'], expected: { userAgent: 'Mozilla/5.0 ä' } },
  { why: 'what the address has encoded stays so', change: ['/a?b=1', '/%41\\x22'], expected: { target: '/%41"' } },
  { why: 'more behind it', change: ['(X11)"', '(X11)" 0.012 "-"'], expected: { userAgent: 'Mozilla/5.0 (X11)' } },
])('$why', ({ change: [from = '', to = ''], expected }) => {
  expect(parseCombined(line.replace(from, to))).toMatchObject(expected);
});

describe('what is no line is told apart', () => {
  test.each([
    { why: 'nothing', text: '' },
    { why: 'the common format, without agents', text: line.replace(/ "https.*$/, '') },
    { why: 'a month that is none', text: line.replace('Oct', 'Okt') },
    { why: 'no request, as scanners send', text: line.replace('GET /a?b=1 HTTP/1.1', '\\x16\\x03\\x01') },
    { why: 'a quote that never ends', text: line.slice(0, -1) },
    { why: 'the site in front of the address, as Apache writes for several', text: `shop.example:443 ${line}` },
    {
      why: 'the site in front of an IPv6 address',
      text: `shop.example:443 ${line.replace('203.0.113.9', '2001:db8::1')}`,
    },
    { why: 'JSON', text: '{"remote_addr":"203.0.113.9"}' },
  ])('$why', ({ text }) => {
    expect(parseCombined(text)).toBeUndefined();
  });

  test('a line that is made to be slow is not', () => {
    const startedAt = performance.now();
    expect(parseCombined(`a - ${'x '.repeat(30_000)}[${'\\"'.repeat(30_000)}`)).toBeUndefined();
    // Milliseconds, or hours.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});
