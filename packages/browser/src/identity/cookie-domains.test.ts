import { describe, expect, test } from 'vitest';
import { domainsOf, expireElsewhere } from './cookie-domains.ts';

describe('domains that a cookie may name, the widest first', () => {
  test.each([
    { why: 'a site', hostname: 'example.com', expected: ['example.com'] },
    { why: 'a host of it', hostname: 'www.example.com', expected: ['example.com', 'www.example.com'] },
    { why: 'a suffix of two', hostname: 'app.shop.co.uk', expected: ['co.uk', 'shop.co.uk', 'app.shop.co.uk'] },
    { why: 'a name on this machine', hostname: 'app.localhost', expected: ['app.localhost'] },
    { why: 'a label that begins with digits', hostname: '1.2.3.4com', expected: ['3.4com', '2.3.4com', '1.2.3.4com'] },
    { why: 'this machine', hostname: 'localhost', expected: [] },
    { why: 'a single label', hostname: 'intranet', expected: [] },
    { why: 'an IPv4 address', hostname: '127.0.0.1', expected: [] },
    { why: 'an IPv6 address', hostname: '[2001:db8::1]', expected: [] },
    { why: 'an IPv6 address that ends like a name', hostname: '[::ffff:c000:201]', expected: [] },
    { why: 'no host, as in a file', hostname: '', expected: [] },
  ])('$why: $hostname', ({ hostname, expected }) => {
    expect(domainsOf(hostname)).toEqual(expected);
  });
});

test('what is removed is gone, also in a DOM of tests', () => {
  // biome-ignore lint/suspicious/noDocumentCookie: as pages write it
  document.cookie = 'jn=1; Path=/';
  expect(document.cookie).toContain('jn=1');
  expireElsewhere();
  expect(document.cookie).not.toContain('jn');
});
