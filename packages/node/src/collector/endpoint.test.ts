import { expect, test } from 'vitest';
import { endpointOf, keyOfAddress } from './endpoint.ts';

test.each([
  { path: '/', expected: { kind: 'events' } },
  { path: '/api/t', expected: { kind: 'events' } },
  { path: '/v1/batch', expected: { kind: 'events' } },
  { path: '/api/j/v1/b/', expected: { kind: 'events' } },
  { path: '/v1/import', expected: { kind: 'events' } },
  { path: '/v1/t', expected: { kind: 'events', type: 'track' } },
  { path: '/v1/identify', expected: { kind: 'events', type: 'identify' } },
  { path: '/v1/m', expected: { kind: 'metrics' } },
  { path: '/v1/projects/k/settings', expected: { kind: 'segment-settings', key: 'k' } },
  { path: '/api/j/v1/projects/k/settings/', expected: { kind: 'segment-settings', key: 'k' } },
  { path: '/sourceConfig/', expected: { kind: 'rudderstack-settings' } },
  { path: '/api/j/sourceConfig', expected: { kind: 'rudderstack-settings' } },
  { path: '/v1/pixel/track', expected: { kind: 'pixel', type: 'track' } },
  { path: '/pixel/v1/page', expected: { kind: 'pixel', type: 'page' } },
  { path: '/v1/pixel/batch', expected: { kind: 'unknown' } },
  { path: '/beacon/v1/batch', expected: { kind: 'events' } },
  { path: '/v1/nothing', expected: { kind: 'unknown' } },
  { path: '/v1/constructor', expected: { kind: 'unknown' } },
])('$path is for $expected.kind', ({ path, expected }) => {
  expect(endpointOf(path)).toEqual(expected);
});

test.each([
  { why: 'a beacon cannot set headers', path: '/beacon/v1/batch', query: 'writeKey=k', key: 'k' },
  { why: 'nor can a picture', path: '/api/j/v1/pixel/track', query: 'a=b&writeKey=k', key: 'k' },
  {
    why: 'elsewhere a key has no place in an address, which ends up in log files',
    path: '/v1/batch',
    query: 'writeKey=k',
    key: undefined,
  },
  { why: 'there is none', path: '/beacon/v1/batch', query: '', key: undefined },
])('the key of an address: $why', ({ path, query, key }) => {
  expect(keyOfAddress(path, query)).toBe(key);
});
