import { expect, test } from 'vitest';
import { maskName, maskPath } from './mask.ts';

test.each([
  { why: 'a name', name: 'billing[address][2]', expected: 'billing[address][2]' },
  { why: 'an e-mail in it', name: 'note[ada@example.com]', expected: '[redacted]' },
  { why: 'an escaped e-mail', name: 'ada%40example.com', expected: '[redacted]' },
  { why: 'a phone', name: 'tel-5550100', expected: '[redacted]' },
  { why: 'a year', name: 'income-2026', expected: 'income-2026' },
  { why: 'a long one', name: 'n'.repeat(101), expected: 'n'.repeat(100) },
  { why: 'nothing', name: '', expected: '' },
])('$why', ({ name, expected }) => {
  expect(maskName(name)).toBe(expected);
});

test.each([
  { why: 'no query, no fragment', url: '/send?token=t#x', expected: '/send' },
  { why: 'another site’s', url: 'https://example.com/a/b', expected: '/a/b' },
  { why: 'a person in it', url: '/u/ada@example.com/send', expected: '/u/[redacted]/send' },
  { why: 'this page', url: '', expected: location.pathname },
])('the path of a URL: $why', ({ url, expected }) => {
  expect(maskPath(url)).toBe(expected);
});
