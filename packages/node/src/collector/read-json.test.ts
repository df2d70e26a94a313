import { expect, test } from 'vitest';
import { textOfBytes } from './read-json.ts';

test('half an emoji, cut by somebody, becomes U+FFFD: a warehouse would refuse the whole batch', () => {
  const text = textOfBytes(Buffer.from('{"a":"\\ud83d","b":"\\ud83d\\ude00"}'));
  expect(text).toBe('{"a":"\\ufffd","b":"\\ud83d\\ude00"}');
});

test('a byte order mark is no part of the text', () => {
  expect(textOfBytes(Buffer.from('\ufeff{}'))).toBe('{}');
});
