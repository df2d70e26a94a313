import { expect, test } from 'vitest';
import { clientAddress, keptAddress, limitedSender } from './client-address.ts';

test.each([
  { why: 'IPv4', address: '203.0.113.77', kept: '203.0.113.0' },
  { why: 'IPv6', address: '2001:db8:abcd:12:34::9', kept: '2001:db8:abcd::' },
  { why: 'IPv6, written out', address: '2001:0db8:0001:0002:0003:0004:0005:0006', kept: '2001:db8:1::' },
  { why: 'IPv6, zeros in the network', address: '2001:db8::1', kept: '2001:db8::' },
  { why: 'IPv4 in IPv6', address: '::ffff:198.51.100.23', kept: '198.51.100.0' },
  { why: 'link-local', address: 'fe80::1', kept: 'fe80::' },
  { why: 'a zone', address: 'fe80::1%eth0', kept: 'fe80::' },
  { why: 'brackets', address: '[2001:db8:abcd:12::9]:443', kept: '2001:db8:abcd::' },
  { why: 'IPv4 with a port, as some proxies write it', address: '203.0.113.77:51234', kept: '203.0.113.0' },
  { why: 'loopback', address: '::1', kept: '::' },
  { why: 'no address', address: 'not-an-ip', kept: undefined },
  { why: 'empty', address: '', kept: undefined },
  { why: 'what some proxies say', address: 'unknown', kept: undefined },
])('truncated: $why', ({ address, kept }) => {
  expect(keptAddress(address, 'truncated')).toBe(kept);
});

test('kept in full, or not at all, where told so', () => {
  expect(keptAddress('203.0.113.77', 'full')).toBe('203.0.113.77');
  expect(keptAddress('203.0.113.77', 'none')).toBeUndefined();
});

test.each([
  { why: 'nobody is trusted: what the header says counts for nothing', trustedProxies: 0, expected: '10.0.0.1' },
  { why: 'one proxy: what it saw', trustedProxies: 1, expected: '192.0.2.7' },
  { why: 'two proxies: what the farther one saw', trustedProxies: 2, expected: '203.0.113.9' },
  { why: 'more trust than hops: the farthest there is', trustedProxies: 9, expected: '203.0.113.9' },
])('$why', ({ trustedProxies, expected }) => {
  expect(clientAddress('10.0.0.1', '203.0.113.9, 192.0.2.7', trustedProxies)).toBe(expected);
});

test.each([
  { why: 'an IPv4 address is a sender', address: '203.0.113.77', expected: '203.0.113.77' },
  { why: 'an IPv6 household is a sender', address: '2001:db8:abcd:12:34::9', expected: '2001:db8:abcd:12::' },
  { why: 'its neighbour is another', address: '2001:db8:abcd:13:34::9', expected: '2001:db8:abcd:13::' },
  { why: 'this machine', address: '127.0.0.1', expected: undefined },
  { why: 'this machine by IPv6', address: '::1', expected: undefined },
  { why: 'a proxy in our own network', address: '10.1.2.3', expected: undefined },
  { why: 'the last of 172.16/12', address: '172.31.255.255', expected: undefined },
  { why: 'the first after it', address: '172.32.0.0', expected: '172.32.0.0' },
  { why: 'a unique local address', address: 'fd00::1', expected: undefined },
  { why: 'a link-local address', address: 'fe80::1', expected: undefined },
  { why: 'nobody knows', address: undefined, expected: undefined },
])('who is limited: $why', ({ address, expected }) => {
  expect(limitedSender(address)).toBe(expected);
});
