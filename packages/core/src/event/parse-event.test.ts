import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanJson, maxCleanDepth } from './clean-json.ts';
import type { JsonObject, TrackEvent } from './event.ts';
import { defaultEventLimits, parseEvent } from './parse-event.ts';
import type { Issue } from './result.ts';

const { maxEventBytes, maxDepth, maxKeys } = defaultEventLimits;

const track = {
  type: 'track',
  messageId: 'm1',
  anonymousId: 'a1',
  event: 'Product Added',
  timestamp: '2026-11-20T10:00:00.000Z',
};
const alias = { type: 'alias', messageId: 'm1', userId: 'u2', previousId: 'u1', timestamp: track.timestamp };
const group = { type: 'group', messageId: 'm1', userId: 'u1', groupId: 'g1', timestamp: track.timestamp };
const page = { type: 'page', messageId: 'm1', userId: 'u1', timestamp: track.timestamp };

function issuesOf(input: unknown, limits?: Parameters<typeof parseEvent>[1]): readonly Issue[] {
  const result = parseEvent(input, limits);
  return result.ok ? [] : result.issues;
}

const without = (event: object, key: string): object =>
  Object.fromEntries(Object.entries(event).filter(([name]) => name !== key));
const withContext = (context: unknown): object => ({ ...track, context });
const withProperties = (properties: unknown): object => ({ ...track, properties });
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });
const throwing = (): never => {
  throw new Error('no');
};

describe('a valid event', () => {
  test('is its own parsed value, not a copy', () => {
    const result = parseEvent(track);
    expect(result.ok && result.value).toBe(track);
  });

  test.each([
    { why: 'alias needs no anonymousId', input: alias },
    { why: 'group', input: group },
    { why: 'page without a name', input: page },
    { why: 'page with an empty name', input: { ...page, name: '' } },
    {
      why: 'absent fields may be undefined',
      input: { ...track, userId: undefined, properties: undefined, context: undefined },
    },
    { why: 'undefined inside is absent too', input: withProperties({ a: undefined }) },
    { why: 'objects without prototype', input: Object.assign(Object.create(null), track) },
    { why: 'objects of another realm', input: runInNewContext('JSON.parse(text)', { text: JSON.stringify(track) }) },
    {
      why: 'unknown fields of the Segment Spec pass',
      input: { ...track, channel: 'web', context: { campaign: { name: 'x' }, device: null } },
    },
    { why: 'nulls in properties are the sender’s', input: withProperties({ a: null, b: [null] }) },
    { why: 'a date alone', input: { ...track, timestamp: '2026-11-20' } },
    { why: 'a zone other than UTC', input: { ...track, timestamp: '2026-11-20T12:00:00.123456789+02:00' } },
    { why: 'a leap day', input: { ...track, timestamp: '2028-02-29T00:00:00Z' } },
    { why: 'the longest messageId', input: { ...track, messageId: 'm'.repeat(100) } },
    {
      why: 'the deepest things users send',
      input: {
        ...track,
        properties: { products: [{ variants: [{ options: [{ name: 'size', values: ['M'] }] }] }] },
        context: { userAgentData: { fullVersionList: [{ brand: 'Chromium', version: '156.0.0.0' }] } },
      },
    },
    {
      why: 'an order of a hundred lines',
      input: withProperties({
        products: Array.from({ length: 100 }, (_, position) => ({
          product_id: `p${position}`,
          position,
          price: 9.99,
          quantity: 1,
          category: 'Shoes',
          brand: 'B',
          variant: 'M',
          coupon: '',
          sku: 's',
          name: 'Running shoe',
          url: '/p',
          image_url: '/i',
        })),
      }),
    },
  ])('$why', ({ input }) => {
    expect(parseEvent(input)).toEqual({ ok: true, value: input });
  });
});

describe('an invalid event', () => {
  test.each<{ why: string; input: unknown; issues: Issue[] }>([
    { why: 'nothing', input: undefined, issues: [{ path: '', code: 'not-an-object' }] },
    { why: 'null', input: null, issues: [{ path: '', code: 'not-an-object' }] },
    { why: 'text', input: 'track', issues: [{ path: '', code: 'not-an-object' }] },
    { why: 'an array', input: [track], issues: [{ path: '', code: 'not-an-object' }] },
    {
      why: 'a class instance',
      input: new (class Event {
        type = 'track';
      })(),
      issues: [{ path: '', code: 'not-an-object' }],
    },
    { why: 'inherited fields', input: Object.create(track), issues: [{ path: '', code: 'not-an-object' }] },
    { why: 'no type', input: without(track, 'type'), issues: [{ path: 'type', code: 'missing' }] },
    { why: 'an unknown type', input: { ...track, type: 'purchase' }, issues: [{ path: 'type', code: 'unknown-type' }] },
    {
      why: 'a type that every object has',
      input: { ...track, type: 'constructor' },
      issues: [{ path: 'type', code: 'unknown-type' }],
    },
    { why: 'nobody', input: without(track, 'anonymousId'), issues: [{ path: 'anonymousId', code: 'missing' }] },
    { why: 'an empty user', input: { ...track, userId: '' }, issues: [{ path: 'userId', code: 'empty' }] },
    { why: 'a null user', input: { ...track, userId: null }, issues: [{ path: 'userId', code: 'not-a-string' }] },
    {
      why: 'an endless id',
      input: { ...track, anonymousId: 'a'.repeat(513) },
      issues: [{ path: 'anonymousId', code: 'too-long' }],
    },
    {
      why: 'an endless messageId',
      input: { ...track, messageId: 'm'.repeat(101) },
      issues: [{ path: 'messageId', code: 'too-long' }],
    },
    {
      why: 'an endless name',
      input: { ...track, event: 'e'.repeat(201) },
      issues: [{ path: 'event', code: 'too-long' }],
    },
    { why: 'alias of nobody', input: without(alias, 'userId'), issues: [{ path: 'userId', code: 'missing' }] },
    { why: 'alias to nobody', input: without(alias, 'previousId'), issues: [{ path: 'previousId', code: 'missing' }] },
    { why: 'group without group', input: without(group, 'groupId'), issues: [{ path: 'groupId', code: 'missing' }] },
    { why: 'properties of text', input: withProperties('x'), issues: [{ path: 'properties', code: 'not-an-object' }] },
    { why: 'traits of a list', input: { ...group, traits: [] }, issues: [{ path: 'traits', code: 'not-an-object' }] },
    { why: 'a page named 5', input: { ...page, name: 5 }, issues: [{ path: 'name', code: 'not-a-string' }] },
    {
      why: 'integrations null',
      input: { ...track, integrations: null },
      issues: [{ path: 'integrations', code: 'not-an-object' }],
    },
    { why: 'context null', input: withContext(null), issues: [{ path: 'context', code: 'not-an-object' }] },
    {
      why: 'a page that is no object',
      input: withContext({ page: '/' }),
      issues: [{ path: 'context.page', code: 'not-an-object' }],
    },
    {
      why: 'a title that is no text',
      input: withContext({ page: { title: 1 } }),
      issues: [{ path: 'context.page.title', code: 'not-a-string' }],
    },
    {
      why: 'a session without id',
      input: withContext({ session: {} }),
      issues: [{ path: 'context.session.id', code: 'missing' }],
    },
    {
      why: 'consent without answers',
      input: withContext({ consent: {} }),
      issues: [{ path: 'context.consent.categoryPreferences', code: 'missing' }],
    },
    {
      why: 'consent that says "false"',
      input: withContext({ consent: { categoryPreferences: { analytics: 'false' } } }),
      issues: [{ path: 'context.consent.categoryPreferences.analytics', code: 'not-a-boolean' }],
    },
    {
      why: 'gpc that says 1',
      input: withContext({ consent: { categoryPreferences: {}, gpc: 1 } }),
      issues: [{ path: 'context.consent.gpc', code: 'not-a-boolean' }],
    },
    {
      why: 'a function',
      input: withProperties({ list: [throwing] }),
      issues: [{ path: 'properties.list.0', code: 'not-json' }],
    },
    {
      why: 'a symbol',
      input: withProperties({ s: Symbol('s') }),
      issues: [{ path: 'properties.s', code: 'not-json' }],
    },
    { why: 'a BigInt', input: withProperties({ n: 1n }), issues: [{ path: 'properties.n', code: 'not-json' }] },
    { why: 'NaN', input: withProperties({ n: Number.NaN }), issues: [{ path: 'properties.n', code: 'not-json' }] },
    {
      why: 'a date',
      input: withProperties({ at: new Date(0) }),
      issues: [{ path: 'properties.at', code: 'not-json' }],
    },
    { why: 'a map', input: withProperties({ m: new Map() }), issues: [{ path: 'properties.m', code: 'not-json' }] },
    {
      why: 'a hole',
      input: withProperties({ list: new Array(1) }),
      issues: [{ path: 'properties.list.0', code: 'not-json' }],
    },
    {
      why: '__proto__',
      input: JSON.parse(JSON.stringify(track).replace('{', '{"properties":{"a":{"__proto__":{}}},')),
      issues: [{ path: 'properties.a.__proto__', code: 'forbidden-key' }],
    },
    {
      why: '__proto__ at the top',
      input: JSON.parse(JSON.stringify(track).replace('{', '{"__proto__":{},')),
      issues: [{ path: '__proto__', code: 'forbidden-key' }],
    },
    {
      why: 'constructor',
      input: withContext({ constructor: { prototype: {} } }),
      issues: [
        { path: 'context.constructor', code: 'forbidden-key' },
        { path: 'context.constructor.prototype', code: 'forbidden-key' },
      ],
    },
    {
      why: 'a getter that throws',
      input: withProperties({
        get a() {
          return throwing();
        },
      }),
      issues: [{ path: '', code: 'unreadable' }],
    },
    {
      why: 'a proxy that throws',
      input: new Proxy(track, { ownKeys: throwing }),
      issues: [{ path: '', code: 'unreadable' }],
    },
    {
      why: 'several at once',
      input: { type: 'track', userId: 5, context: [] },
      issues: [
        { path: 'messageId', code: 'missing' },
        { path: 'userId', code: 'not-a-string' },
        { path: 'timestamp', code: 'missing' },
        { path: 'event', code: 'missing' },
        { path: 'context', code: 'not-an-object' },
      ],
    },
  ])('$why', ({ input, issues }) => {
    expect(issuesOf(input)).toEqual(issues);
  });

  test.each([
    '',
    'now',
    '2026',
    '2026-13-01',
    '2026-00-10',
    '2026-02-29',
    '0000-01-01',
    '2026-11-20T12:00Z',
    '2026-04-31',
    '2026-11-20T25:00:00Z',
    '2026-11-20T10:60:00Z',
    '2026-11-20T10:00:00',
    '2026-11-20 10:00:00Z',
    ' 2026-11-20',
    '2026-11-20T10:00:00.000Z\n',
    '+002026-11-20T10:00:00Z',
    'Fri, 20 Nov 2026 10:00:00 GMT',
  ])('a timestamp of "%s"', (timestamp) => {
    expect(issuesOf({ ...track, timestamp })).toEqual([{ path: 'timestamp', code: 'not-a-date' }]);
  });

  test('tells ten issues and no more', () => {
    expect(issuesOf(withProperties(Array.from({ length: 50 }, () => Number.NaN)))).toHaveLength(10);
  });

  test('cuts an endless path', () => {
    const [issue] = issuesOf(withProperties({ ['k'.repeat(5_000)]: Number.NaN }));
    expect(issue?.path).toHaveLength(200);
  });
});

describe('limits', () => {
  test.each([
    { why: 'ASCII', fill: 'x', bytes: 1 },
    { why: 'two bytes a unit', fill: 'é', bytes: 2 },
    { why: 'three bytes a unit', fill: '漢', bytes: 3 },
    { why: 'six bytes a unit', fill: '\u0001', bytes: 6 },
    { why: 'a lone surrogate, six bytes', fill: '\ud800', bytes: 6 },
  ])('bytes are those of the JSON in UTF-8: $why', ({ fill, bytes }) => {
    const sized = (size: number): object => {
      const empty = Buffer.byteLength(JSON.stringify(withProperties({ text: '' })));
      const filled = Math.floor((size - empty) / bytes);
      return withProperties({ text: fill.repeat(filled) + 'x'.repeat(size - empty - filled * bytes) });
    };
    expect(Buffer.byteLength(JSON.stringify(sized(maxEventBytes)))).toBe(maxEventBytes);
    expect(issuesOf(sized(maxEventBytes))).toEqual([]);
    expect(issuesOf(sized(maxEventBytes + 1))).toEqual([{ path: '', code: 'too-large' }]);
    expect(issuesOf(sized(2_000), { maxEventBytes: 1_999 })).toEqual([{ path: '', code: 'too-large' }]);
  });

  test.each([
    { why: 'short numbers weigh more than they are', list: new Array(15_000).fill(0), codes: [] },
    { why: 'too many of them', list: new Array(16_500).fill(0), codes: ['too-large'] },
    {
      why: 'long numbers weigh less than they are',
      list: new Array(1_400).fill(-1.2345678901234567e-100),
      codes: ['too-large'],
    },
    { why: 'few enough of them', list: new Array(1_200).fill(-1.2345678901234567e-100), codes: [] },
  ])('bytes of numbers: $why', ({ list, codes }) => {
    expect(issuesOf(withProperties({ list })).map(({ code }) => code)).toEqual(codes);
  });

  test('the verdict on bytes is exact, whatever the event is made of', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 150, max: 600 }), (value, limit) => {
        const event = withProperties({
          value: JSON.parse(JSON.stringify(value).replaceAll(/__proto__|constructor|prototype/g, 'k')),
        });
        const isTooLarge = Buffer.byteLength(JSON.stringify(event)) > limit;
        expect(issuesOf(event, { maxEventBytes: limit }).some(({ code }) => code === 'too-large')).toBe(isTooLarge);
      }),
      { numRuns: 1_000 },
    );
  });

  test('depth', () => {
    expect(issuesOf(withProperties(nested(maxDepth - 1)))).toEqual([]);
    const deepest = ['properties', ...Array.from({ length: maxDepth - 1 }, () => 'in')].join('.');
    expect(issuesOf(withProperties(nested(maxDepth)))).toEqual([{ path: deepest, code: 'too-deep' }]);
    expect(issuesOf(withProperties({ a: {} }), { maxDepth: 2 })).toEqual([{ path: 'properties.a', code: 'too-deep' }]);
  });

  test('keys of one object', () => {
    const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]));
    expect(issuesOf(withProperties(keys(maxKeys)))).toEqual([]);
    expect(issuesOf(withProperties(keys(maxKeys + 1)))).toEqual([{ path: 'properties', code: 'too-many-keys' }]);
  });

  test('a cycle is too deep', () => {
    const circular: Record<string, unknown> = {};
    for (let key = 0; key < 500; key++) circular[`k${key}`] = circular;
    expect(issuesOf(withProperties(circular)).map(({ code }) => code)).toContain('too-deep');
  });

  test('an array a million levels deep', () => {
    const text = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    let deep: unknown = [];
    for (let level = 0; level < text.length / 2; level++) deep = [deep];
    expect(issuesOf(withProperties({ deep })).map(({ code }) => code)).toEqual(['too-deep']);
  });

  test('an array that claims four billion values', () => {
    expect(issuesOf(withProperties({ list: new Array(2 ** 32 - 1) })).at(-1)?.code).toBe('not-json');
    expect(issuesOf(withProperties({ list: new Array(100_000).fill(0) }))).toEqual([{ path: '', code: 'too-large' }]);
  });

  test('a polluted Object.prototype costs no event', () => {
    const event = withProperties({ a: { b: 1 } });
    Object.assign(Object.prototype, { polluted: () => 1 });
    const issues = issuesOf(event);
    Reflect.deleteProperty(Object.prototype, 'polluted');
    expect(issues).toEqual([]);
  });
});

const text = fc.string({ minLength: 1, maxLength: 40 });
const object: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.string({ maxLength: 10 }).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
  fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 5 }),
  ),
  { maxKeys: 8, noNullPrototype: true },
);
const optional: { requiredKeys: [] } = { requiredKeys: [] };
const context = fc.record(
  {
    library: fc.record({ name: text, version: text }),
    page: fc.record({ url: fc.webUrl(), path: text, title: fc.string() }, optional),
    session: fc.record({ id: fc.uuid({ version: 7 }), isNew: fc.boolean() }),
    consent: fc.record({
      categoryPreferences: fc.record({ analytics: fc.boolean(), advertising: fc.boolean() }, optional),
      gpc: fc.boolean(),
    }),
    locale: text,
    traits: object,
  },
  optional,
);
const shared = {
  messageId: fc.uuid({ version: 7 }),
  anonymousId: fc.uuid({ version: 4 }),
  timestamp: fc
    .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  context,
};
const validEvent = fc.oneof(
  fc.record({ ...shared, type: fc.constant('track'), event: text, properties: object }),
  fc.record({
    ...shared,
    type: fc.constantFrom('page', 'screen'),
    name: fc.string(),
    category: fc.string(),
    properties: object,
  }),
  fc.record({ ...shared, type: fc.constant('identify'), userId: text, traits: object }),
  fc.record({
    ...shared,
    type: fc.constant('group'),
    groupId: text,
    traits: object,
    integrations: fc.constant({ All: true }),
  }),
  fc.record({ ...shared, type: fc.constant('alias'), userId: text, previousId: text }),
) as fc.Arbitrary<TrackEvent>;

describe('for any valid event', () => {
  test('it is taken, and taken again after it has travelled', () => {
    fc.assert(
      fc.property(validEvent, (event) => {
        expect(parseEvent(event)).toEqual({ ok: true, value: event });
        expect(parseEvent(JSON.parse(JSON.stringify(event))).ok).toBe(true);
      }),
    );
  });

  test.each<{ path: string; code: string; mutate: (event: Record<string, unknown>) => void }>([
    { path: 'type', code: 'missing', mutate: (event) => delete event.type },
    { path: 'type', code: 'unknown-type', mutate: (event) => Object.assign(event, { type: 'Track' }) },
    { path: 'messageId', code: 'missing', mutate: (event) => delete event.messageId },
    { path: 'messageId', code: 'empty', mutate: (event) => Object.assign(event, { messageId: '' }) },
    { path: 'messageId', code: 'not-a-string', mutate: (event) => Object.assign(event, { messageId: 1 }) },
    { path: 'anonymousId', code: 'not-a-string', mutate: (event) => Object.assign(event, { anonymousId: {} }) },
    { path: 'timestamp', code: 'missing', mutate: (event) => delete event.timestamp },
    { path: 'timestamp', code: 'not-a-string', mutate: (event) => Object.assign(event, { timestamp: 0 }) },
    { path: 'timestamp', code: 'not-a-date', mutate: (event) => Object.assign(event, { timestamp: 'soon' }) },
    { path: 'context', code: 'not-an-object', mutate: (event) => Object.assign(event, { context: 1 }) },
    { path: 'context.ip', code: 'not-a-string', mutate: (event) => Object.assign(event, { context: { ip: 1 } }) },
    { path: 'integrations', code: 'not-an-object', mutate: (event) => Object.assign(event, { integrations: [] }) },
    { path: 'extra.deep.0', code: 'not-json', mutate: (event) => Object.assign(event, { extra: { deep: [1n] } }) },
    {
      path: 'extra.prototype',
      code: 'forbidden-key',
      mutate: (event) => Object.assign(event, { extra: { prototype: 1 } }),
    },
    { path: '', code: 'too-large', mutate: (event) => Object.assign(event, { extra: 'x'.repeat(maxEventBytes) }) },
  ])('one fault and it is refused for that: $path $code', ({ path, code, mutate }) => {
    fc.assert(
      fc.property(validEvent, (event) => {
        const broken: Record<string, unknown> = structuredClone({ ...event });
        mutate(broken);
        expect(issuesOf(broken)).toEqual([{ path, code }]);
      }),
      { numRuns: 30 },
    );
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
    withBoxedValues: true,
  });

  test('never throws, and tells path and code', () => {
    fc.assert(
      fc.property(anything, anything, (input, properties) => {
        for (const value of [input, withProperties(properties), withContext(properties)]) {
          for (const issue of issuesOf(value))
            expect(issue).toEqual({ path: expect.any(String), code: expect.any(String) });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what a tracker made fit for JSON is within depth and keys, and is JSON', () => {
    fc.assert(
      fc.property(anything, (properties) => {
        const event: unknown = JSON.parse(
          JSON.stringify(cleanJson({ ...track, properties: { properties } }, () => undefined)),
        );
        expect(issuesOf(event, { maxEventBytes: Number.MAX_SAFE_INTEGER })).toEqual([]);
      }),
      { numRuns: 500 },
    );
    expect(issuesOf(cleanJson(withProperties(nested(maxCleanDepth + 5)), () => undefined))).toEqual([]);
  });
});
