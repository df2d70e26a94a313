import { expect, test } from 'vitest';
import { plainBody } from './read-json.ts';
import { Refusal } from './refusal.ts';

test.each([
  { why: 'plain letters', text: '{"a":"b"}' },
  { why: 'letters of all the world', text: '{"a":"bé 漢 😀"}' },
  { why: 'escapes that are whole', text: '{"a":"\\ud83d\\ude00\\u00e9"}' },
])('is kept as it came: $why', ({ text }) => {
  const bytes = Buffer.from(text);
  expect(plainBody(bytes)).toEqual({ text, bytes });
});

test('half an emoji, cut by somebody, becomes U+FFFD: a warehouse would refuse the whole batch', () => {
  const body = plainBody(Buffer.from('{"a":"\\ud83d","b":"\\ud83d\\ude00"}'));
  expect(body).toEqual({ text: '{"a":"\\ufffd","b":"\\ud83d\\ude00"}' });
});

test('a byte order mark is no part of the text', () => {
  expect(plainBody(Buffer.from('\ufeff{}'))).toEqual({ text: '{}' });
});

test('what is no UTF-8 is refused', () => {
  expect(plainBody(Buffer.from([0x7b, 0xff, 0x7d]))).toBeInstanceOf(Refusal);
});
