import { expect, test } from 'vitest';
import { clickIdsOf, clickPlatform } from './click-ids.ts';

test.each([
  { parameter: 'gclid', platform: 'google' },
  { parameter: 'ScCid', platform: 'snapchat' },
  { parameter: '_kx', platform: 'klaviyo' },
  { parameter: 'utm_source', platform: undefined },
  { parameter: 'constructor', platform: undefined },
  { parameter: '', platform: undefined },
])('$parameter belongs to $platform', ({ parameter, platform }) => {
  expect(clickPlatform(parameter)).toBe(platform);
});

test('each id is there once, in lower case, and can stand in a pattern as it is', () => {
  const ids = Object.values(clickIdsOf).flat();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z_]+$/.test(id))).toEqual([]);
});
