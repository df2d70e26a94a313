import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wellFormedJson } from './well-formed-json.ts';

test.each([
  { why: 'no surrogates', json: '{"a":"\\u00e9\\n"}', text: '{"a":"\\u00e9\\n"}' },
  { why: 'a pair in plain text', json: '"😀"', text: '"😀"' },
  { why: 'an escaped pair, as Python writes it', json: '"\\ud83d\\ude00"', text: '"\\ud83d\\ude00"' },
  { why: 'a high surrogate alone', json: '"\\ud83d"', text: '"\\ufffd"' },
  { why: 'a low surrogate alone, in capitals', json: '"\\uDE00x"', text: '"\\ufffdx"' },
  { why: 'two high ones, the second of a pair', json: '"\\ud83d\\ud83d\\ude00"', text: '"\\ufffd\\ud83d\\ude00"' },
  { why: 'a pair the wrong way round', json: '"\\ude00\\ud83d"', text: '"\\ufffd\\ufffd"' },
  { why: 'in a key', json: '{"\\ud83d":1}', text: '{"\\ufffd":1}' },
  { why: 'a backslash before the letters', json: '"\\\\ud83d"', text: '"\\\\ud83d"' },
  { why: 'a backslash before an escape', json: '"\\\\\\ud83d"', text: '"\\\\\\ufffd"' },
])('$why', ({ json, text }) => {
  expect(wellFormedJson(json)).toBe(text);
});

test('says the same as the encoder would have made of it', () => {
  const unit = fc.constantFrom('a', '\\', 'u', 'd800', '"', '\n', '\ud83d', '\ude00', '😀');
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit }), fc.string({ unit })), (value) => {
      const wellFormed = (text: string): string => Buffer.from(text).toString();
      const expected = Object.entries(value).map((pair) => pair.map(wellFormed));
      expect(Object.entries(JSON.parse(wellFormedJson(JSON.stringify(value))))).toEqual(
        Object.entries(Object.fromEntries(expected)),
      );
    }),
  );
});
