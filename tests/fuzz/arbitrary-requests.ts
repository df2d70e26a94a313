import zlib from 'node:zlib';
import fc from 'fast-check';
import { type ArbitraryEvent, eventsOf } from './arbitrary-events.ts';
import { browserKey, type ExpectedVerdict, type FuzzRequest, serverKey } from './request.ts';

/** How a body travels. The first is the header, which some senders get wrong. */
const packings: readonly (readonly [encoding: string, pack: (text: Buffer) => Uint8Array])[] = [
  ['', (text) => text],
  ['identity', (text) => text],
  ['gzip', (text) => zlib.gzipSync(text, { level: 1 })],
  ['', (text) => zlib.gzipSync(text, { level: 1 })],
  ['deflate', (text) => zlib.deflateSync(text)],
  ['deflate', (text) => zlib.deflateRawSync(text)],
  ['br', (text) => zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ...('zstdCompressSync' in zlib ? [['zstd', (text: Buffer) => zlib.zstdCompressSync(text)] as const] : []),
];

const contentTypes = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=UTF-8',
];

const basic = (key: string): string => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;

/** Ways to say who sends: header, body, address. */
type Credentials = 'basic' | 'bearer' | 'basic without a colon';

function authorization(credentials: Credentials): string {
  if (credentials === 'bearer') return `Bearer ${serverKey}`;
  if (credentials === 'basic') return basic(serverKey);
  return `Basic ${Buffer.from(serverKey).toString('base64')}`;
}

const credentials = fc.constantFrom<Credentials>('basic', 'bearer', 'basic without a colon');
const packing = fc.constantFrom(...packings);
const contentType = fc.constantFrom(...contentTypes);

/** Batches as Segment's, RudderStack's and our own senders write them. */
const batches: fc.Arbitrary<FuzzRequest> = fc
  .record({
    events: eventsOf({ maxLength: 6 }),
    packing,
    contentType,
    credentials,
    path: fc.constantFrom('/', '/v1/batch', '/v1/b', '/v1/import', '/api/j/v1/batch'),
    sentAt: fc.constantFrom(undefined, '2026-11-25T10:00:00.000Z', 'yesterday', 7, null),
    extra: fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }),
  })
  .map(({ events, packing: [encoding, pack], contentType: type, credentials: by, path, sentAt, extra }) => ({
    what: `batch of ${events.map(({ what }) => what).join(', ')}`,
    method: 'POST',
    path,
    headers: {
      authorization: authorization(by),
      'content-type': type,
      ...(encoding === '' ? {} : { 'content-encoding': encoding }),
    },
    body: pack(
      Buffer.from(
        `{"sentAt":${JSON.stringify(sentAt ?? null)},"extra":${JSON.stringify(extra ?? 0)},"batch":[${events.map(({ json }) => json).join()}]}`,
      ),
    ),
    verdicts: verdictsOf(events),
  }));

/** One event at the address of its type. */
const singles: fc.Arbitrary<FuzzRequest> = fc
  .record({ events: eventsOf({ minLength: 1, maxLength: 1 }), packing, contentType, credentials })
  .map(({ events, packing: [encoding, pack], contentType: type, credentials: by }) => {
    const [event] = events as [ArbitraryEvent];
    return {
      what: `alone: ${event.what}`,
      method: 'POST',
      path: '/v1/track',
      headers: {
        authorization: authorization(by),
        'content-type': type,
        ...(encoding === '' ? {} : { 'content-encoding': encoding }),
      },
      body: pack(Buffer.from(event.json)),
      ...(event.needsBatch ? {} : { verdicts: verdictsOf(events) }),
    };
  });

/** As a page that goes away sends it: the public key in the address, no header that needs a pre-flight. */
const beacons: fc.Arbitrary<FuzzRequest> = eventsOf({ maxLength: 4 }).map((events) => ({
  what: `beacon of ${events.map(({ what }) => what).join(', ')}`,
  method: 'POST',
  path: `/beacon/v1/batch?writeKey=${browserKey}`,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from(`{"batch":[${events.map(({ json }) => json).join()}]}`),
  verdicts: verdictsOf(events),
}));

/** A picture in a mail. */
const pixels: fc.Arbitrary<FuzzRequest> = fc
  .record({ events: eventsOf({ minLength: 1, maxLength: 1 }), isUrlSafe: fc.boolean() })
  .map(({ events, isUrlSafe }) => {
    const [event] = events as [ArbitraryEvent];
    const data = Buffer.from(event.json).toString(isUrlSafe ? 'base64url' : 'base64');
    // Addresses have an end: Node takes 16 KiB of head.
    const fits = data.length < 8_000;
    return {
      what: `pixel: ${event.what}`,
      method: 'GET',
      path: `/pixel/v1/track?writeKey=${browserKey}&data=${fits ? encodeURIComponent(data) : '%%%'}`,
      headers: {},
      ...(fits && !event.needsBatch ? { verdicts: verdictsOf(events) } : {}),
    };
  });

const spelledPixels: fc.Arbitrary<FuzzRequest> = fc
  .dictionary(fc.string({ maxLength: 12 }), fc.string({ maxLength: 20 }), { maxKeys: 6 })
  .map((fields) => ({
    what: 'spelled pixel',
    method: 'GET',
    path: `/v1/pixel/page?writeKey=${browserKey}&${new URLSearchParams(fields)}`,
    headers: {},
  }));

/** Bodies of which nobody can say what they are: all that is asked is an answer, and no 5xx. */
const unreadable: fc.Arbitrary<FuzzRequest> = fc
  .record({
    body: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from('['.repeat(depth))),
      fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from(`{"batch":[${'{"a":'.repeat(depth)}`)),
    ),
    path: fc.oneof(
      fc.constantFrom('/', '/v1/batch', '/v1/t', '/v1/m', '/beacon/v1/batch', '/v1/nothing', '/v1/pixel/track'),
      fc.webPath(),
    ),
    encoding: fc.constantFrom(undefined, 'gzip', 'deflate', 'br', 'zstd', 'compress', 'gzip, br', 'x'.repeat(500)),
    credentials: fc.option(credentials, { nil: undefined }),
  })
  .map(({ body, path, encoding, credentials: by }) => ({
    what: 'bytes',
    method: 'POST',
    path: path === '' ? '/' : path,
    headers: {
      ...(by === undefined ? {} : { authorization: authorization(by) }),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    },
    body,
  }));

/** Good bodies with a few bytes wrong, or cut short. */
const damaged: fc.Arbitrary<FuzzRequest> = fc
  .record({
    request: batches,
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
    keptShare: fc.double({ min: 0, max: 1, noNaN: true }),
    isCut: fc.boolean(),
  })
  .map(({ request: { verdicts: _verdicts, ...request }, flips, keptShare, isCut }) => {
    const body = Buffer.from(request.body ?? []);
    for (const [at, bits] of flips) {
      const place = at % Math.max(1, body.length);
      body[place] = (body[place] ?? 0) ^ bits;
    }
    return {
      ...request,
      what: `damaged ${request.what}`,
      body: isCut ? body.subarray(0, Math.floor(body.length * keptShare)) : body,
    };
  });

function verdictsOf(events: readonly ArbitraryEvent[]): ReadonlyMap<string, ExpectedVerdict> {
  return new Map(events.map(({ messageId, verdict }) => [messageId, verdict]));
}

export const requests: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { arbitrary: batches, weight: 8 },
  { arbitrary: singles, weight: 3 },
  { arbitrary: beacons, weight: 2 },
  { arbitrary: pixels, weight: 2 },
  { arbitrary: spelledPixels, weight: 1 },
  { arbitrary: unreadable, weight: 4 },
  { arbitrary: damaged, weight: 4 },
);
