import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { textOfBody } from './read-json.ts';

const maxBytes = 1_000_000;

test('half an emoji, cut by somebody, becomes U+FFFD: a warehouse would refuse the whole batch', async () => {
  const text = await textOfBody(Buffer.from('{"a":"\\ud83d","b":"\\ud83d\\ude00"}'), undefined, maxBytes);
  expect(text).toBe('{"a":"\\ufffd","b":"\\ud83d\\ude00"}');
});

test('a byte order mark is no part of the text', async () => {
  expect(await textOfBody(Buffer.from('\ufeff{}'), undefined, maxBytes)).toBe('{}');
});

test('what a body is packed with shows in its bytes, whatever its header says', async () => {
  expect(await textOfBody(gzipSync('{"a":1}'), 'identity', maxBytes)).toBe('{"a":1}');
});
