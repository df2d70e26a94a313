import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Length } from './utf8.ts';

const encodedLength = (text: string): number => Buffer.from(text, 'utf8').length;

test.each([
  { why: 'nothing', text: '', bytes: 0 },
  { why: 'ASCII', text: 'track', bytes: 5 },
  { why: 'two bytes', text: 'é', bytes: 2 },
  { why: 'three bytes', text: '漢', bytes: 3 },
  { why: 'a surrogate pair', text: '😀', bytes: 4 },
  { why: 'a high surrogate alone', text: '\ud83d', bytes: 3 },
  { why: 'a low surrogate alone', text: '\ude00', bytes: 3 },
  { why: 'a pair the wrong way round', text: '\ude00\ud83d', bytes: 6 },
  { why: 'a long text', text: 'x'.repeat(10_000), bytes: 10_000 },
  { why: 'a long text that ends in a pair', text: `${'x'.repeat(4_093)}😀`, bytes: 4_097 },
])('$why: $bytes bytes', ({ text, bytes }) => {
  expect(utf8Length(text)).toBe(bytes);
});

test('agrees with the encoder on every string, lone surrogates included', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      (text) => {
        expect(utf8Length(text)).toBe(encodedLength(text));
      },
    ),
  );
});

test('agrees with the encoder on long texts', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4_080, max: 4_100 }), fc.string({ unit: 'grapheme' }), (padding, tail) => {
      const text = 'x'.repeat(padding) + tail.repeat(20);
      expect(utf8Length(text)).toBe(encodedLength(text));
    }),
  );
});
