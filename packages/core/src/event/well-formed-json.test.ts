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

// Values only: Node 24's own JSON.parse reads the key `\"` as `\` once it has read an object with that key.
test('says the same as the encoder would have made of it', () => {
  const unit = fc.constantFrom('a', '\\', 'u', 'd800', '"', '\n', '\ud83d', '\ude00', '😀');
  fc.assert(
    fc.property(fc.array(fc.string({ unit })), (texts) => {
      const expected = texts.map((text) => Buffer.from(text).toString());
      expect(JSON.parse(wellFormedJson(JSON.stringify(texts)))).toEqual(expected);
    }),
  );
});
