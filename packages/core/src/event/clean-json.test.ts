import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8Length } from '../runtime/utf8.ts';
import { cleanJson, maxCleanDepth, maxCleanValues, type SanitizeReason } from './clean-json.ts';

function clean(value: unknown): { json: unknown; reasons: SanitizeReason[] } {
  const reasons: SanitizeReason[] = [];
  const text = JSON.stringify(cleanJson(value, (reason) => void reasons.push(reason)));
  return { json: text && JSON.parse(text), reasons };
}

const circular: Record<string, unknown> = { name: 'a' };
circular.self = circular;
circular.list = [circular];

const countValues = (json: unknown): number =>
  typeof json === 'object' && json !== null ? Object.values(json).reduce((sum, part) => sum + countValues(part), 1) : 1;

class Money {
  currency = 'EUR';
  #cents = 990;
  get amount(): number {
    return this.#cents / 100;
  }
}

const unreadable = (): never => {
  throw new Error('no');
};

describe('what goes through', () => {
  test.each([
    { why: 'text', value: 'x', json: 'x' },
    { why: 'nothing', value: undefined, json: undefined },
    { why: 'null', value: null, json: null },
    { why: 'false', value: false, json: false },
    { why: 'zero, which in JSON has no sign', value: -0, json: 0 },
    { why: 'undefined is left out', value: { a: undefined, b: 1 }, json: { b: 1 } },
    { why: 'undefined holds its place in an array', value: [undefined, 1], json: [null, 1] },
    { why: 'holes hold theirs', value: new Array(2), json: [null, null] },
    { why: 'a date is ISO 8601', value: { at: new Date(0) }, json: { at: '1970-01-01T00:00:00.000Z' } },
    { why: 'an invalid date is null', value: { at: new Date(Number.NaN) }, json: { at: null } },
    {
      why: 'toJSON is honoured',
      value: { url: new URL('https://shop.example.com/p') },
      json: { url: 'https://shop.example.com/p' },
    },
    { why: 'toJSON knows its key', value: { k: { toJSON: (key: string) => `at ${key}` } }, json: { k: 'at k' } },
    { why: 'a class instance is its own fields', value: new Money(), json: { currency: 'EUR' } },
    { why: 'a map has no fields', value: new Map([['a', 1]]), json: {} },
    {
      why: 'a boxed primitive is an object like any other',
      value: [Object(5), Object('ab')],
      json: [{}, { 0: 'a', 1: 'b' }],
    },
    { why: 'an object without prototype', value: Object.assign(Object.create(null), { a: 1 }), json: { a: 1 } },
    { why: 'inherited keys do not count', value: Object.create({ a: 1 }), json: {} },
    { why: 'symbol keys do not count', value: { [Symbol('s')]: 1, a: 1 }, json: { a: 1 } },
    { why: 'a typed array reads as JSON reads it', value: new Uint8Array([1, 2]), json: { 0: 1, 1: 2 } },
    {
      why: 'the same object twice is no cycle',
      value: { a: { x: 1 }, b: [{ x: 1 }] },
      json: { a: { x: 1 }, b: [{ x: 1 }] },
    },
    { why: 'an object of another realm', value: runInNewContext('({ a: [1] })'), json: { a: [1] } },
  ])('$why', ({ value, json }) => {
    expect(clean(value)).toEqual({ json, reasons: [] });
  });

  test('siblings may share an object', () => {
    const shared = { x: 1 };
    expect(clean([shared, shared, { shared }])).toEqual({ json: [shared, shared, { shared }], reasons: [] });
  });

  test('it is a snapshot', () => {
    const value = { products: [{ price: 1 }] };
    const { json } = clean(value);
    value.products.push({ price: 2 });
    for (const product of value.products) product.price = 3;
    expect(json).toEqual({ products: [{ price: 1 }] });
  });
});

describe('what is changed or left out, and why', () => {
  test.each<{ why: string; value: unknown; json: unknown; reasons: SanitizeReason[] }>([
    { why: 'a function', value: { a: 1, f: unreadable }, json: { a: 1 }, reasons: ['function'] },
    { why: 'a function in an array', value: [unreadable, 1], json: [null, 1], reasons: ['function'] },
    { why: 'a symbol', value: { s: Symbol('s') }, json: {}, reasons: ['symbol'] },
    { why: 'a BigInt', value: { n: 2n ** 64n }, json: { n: '18446744073709551616' }, reasons: ['bigint'] },
    { why: 'NaN', value: { n: Number.NaN }, json: { n: null }, reasons: ['not-a-number'] },
    { why: 'infinity', value: [-Infinity], json: [null], reasons: ['not-a-number'] },
    { why: 'cycles', value: circular, json: { name: 'a', list: [null] }, reasons: ['circular', 'circular'] },
    {
      why: 'a getter that throws',
      value: {
        get a() {
          return unreadable();
        },
        b: 1,
      },
      json: { b: 1 },
      reasons: ['unreadable'],
    },
    {
      why: 'a toJSON that throws',
      value: { a: { toJSON: unreadable }, b: 1 },
      json: { b: 1 },
      reasons: ['unreadable'],
    },
    {
      why: 'a proxy that throws',
      value: { a: new Proxy({}, { ownKeys: unreadable }), b: 1 },
      json: { b: 1 },
      reasons: ['unreadable'],
    },
    {
      why: 'forbidden keys',
      value: JSON.parse('{"__proto__":{"x":1},"constructor":1,"prototype":1,"a":1}'),
      json: { a: 1 },
      reasons: ['forbidden-key', 'forbidden-key', 'forbidden-key'],
    },
    { why: 'everything', value: unreadable, json: undefined, reasons: ['function'] },
  ])('$why', ({ value, json, reasons }) => {
    expect(clean(value)).toEqual({ json, reasons });
  });

  test('a forbidden key does not reach the prototype of the copy', () => {
    const { json } = clean(JSON.parse('{"__proto__":{"isAdmin":true}}'));
    expect(json).not.toHaveProperty('isAdmin');
  });

  test('a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(clean({ proxy, a: 1 })).toEqual({ json: { a: 1 }, reasons: ['unreadable'] });
  });

  test('objects nested too deeply', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'end' : { in: nested(levels - 1) });
    expect(clean(nested(maxCleanDepth))).toEqual({ json: nested(maxCleanDepth), reasons: [] });
    const { json, reasons } = clean(nested(maxCleanDepth + 1));
    expect(JSON.stringify(json)).toBe(`${'{"in":'.repeat(maxCleanDepth - 1)}{}${'}'.repeat(maxCleanDepth - 1)}`);
    expect(reasons).toEqual(['too-deep']);
  });

  test('an array a million levels deep', () => {
    let deep: unknown = [];
    for (let level = 0; level < 1_000_000; level++) deep = [deep];
    expect(clean(deep).reasons).toEqual(['too-deep']);
  });

  test.each([
    { why: 'an array', value: Array.from({ length: 2 * maxCleanValues }, () => 1) },
    { why: 'an array that claims four billion values', value: new Array(2 ** 32 - 1) },
    { why: 'an object', value: Object.fromEntries(Array.from({ length: 2 * maxCleanValues }, (_, n) => [`k${n}`, 1])) },
    { why: 'many small ones', value: Array.from({ length: maxCleanValues }, () => [{ a: 1 }]) },
  ])('more values than may be, told once: $why', ({ value }) => {
    const { json, reasons } = clean(value);
    expect(reasons).toEqual(['too-large']);
    const placeholder = 1; // for the first value of an array that had no room
    expect(countValues(json)).toBeLessThanOrEqual(maxCleanValues + placeholder);
  });

  test('as many values as may be', () => {
    const value = Array.from({ length: maxCleanValues - 1 }, () => 1);
    expect(clean(value)).toEqual({ json: value, reasons: [] });
  });
});

describe('for any value', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
    withBoxedValues: true,
  });

  test('never throws, and nothing is left in it that JSON cannot say', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { json } = clean(value);
        expect(clean(json)).toStrictEqual({ json, reasons: [] });
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is JSON already goes through as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(text));
        const json = JSON.parse(text);
        expect(clean(json)).toStrictEqual({ json, reasons: [] });
      }),
    );
  });

  test('lone surrogates travel as escapes: the text is well-formed and weighed exactly', () => {
    const unit = fc.constantFrom('a', '\ud800', '\udfff', '😀', '"');
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (key, value) => {
        const text = JSON.stringify(clean({ [`k${key}`]: value }).json);
        expect(text).toBe(Buffer.from(text).toString());
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });
});
