import { createMemoryOutbox, type Entry, envelopeBody, type SendOutcome, utf8Length } from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compressed } from './compressed.ts';
import type { CarryFirst } from './delivery-part.ts';
import type { PageSendOptions, PageTransport } from './page-transport.ts';

const { signal } = new AbortController();
const first: PageSendOptions = { attempt: 0, exit: false, signal };
const large = [anEntry({ id: 'a', value: JSON.stringify({ messageId: 'a', text: 'ü'.repeat(3_000) }), bytes: 6_030 })];
const small = [anEntry({ id: 'b', bytes: 2_047 })];
const delivered: SendOutcome = { kind: 'delivered' };

let clock: FakeClock;
/** What the part in front handed on. */
let sent: { readonly entries: readonly Entry[]; readonly options: PageSendOptions }[];
let answers: (SendOutcome | 'broken')[]; // one after another; afterwards all is delivered

beforeEach(() => {
  clock = createFakeClock();
  sent = [];
  answers = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function create(): PageTransport {
  const next: PageTransport = {
    async send(entries, options) {
      sent.push({ entries, options });
      const answer = answers.shift() ?? delivered;
      if (answer === 'broken') throw new TypeError('Failed to fetch');
      return answer;
    },
  };
  const page = { endpoint: '/api/j', writeKey: 'shop', clock, outbox: createMemoryOutbox(), allow: () => true };
  return (compressed() as CarryFirst)(next, page);
}

/** Sends a batch, and lets it be packed: for real, whatever the clock says. */
async function send(transport: PageTransport, options = first, entries = large): Promise<SendOutcome | 'broken'> {
  const outcome = transport.send(entries, options).catch(() => 'broken' as const);
  await clock.advance(0);
  return outcome;
}

const isPacked = ({ options }: { options: PageSendOptions }): boolean => options.body !== undefined;

async function unpacked(body: unknown): Promise<string> {
  const stream = new Blob([body as Uint8Array<ArrayBuffer>]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream('gzip'))).text();
}

test('a batch worth it travels as gzip of its envelope, and its real bytes are what counts', async () => {
  await send(create());
  const [{ entries, options } = expect.fail('nothing was sent')] = sent;
  expect(entries).toBe(large);
  expect(options.body).toBeInstanceOf(Uint8Array);
  expect(options.bytes).toBe((options.body as Uint8Array).length);
  expect(options.bytes).toBeLessThan(600);
  expect(options).toMatchObject(first);
  const envelope = JSON.parse(await unpacked(options.body));
  expect(envelope).toEqual({
    sentAt: expect.any(String),
    writeKey: 'shop',
    batch: [JSON.parse(large[0]?.value ?? '')],
  });
});

test('it is packed in a task of its own, not in that of who asks', async () => {
  const stream = vi.fn(CompressionStream);
  vi.stubGlobal('CompressionStream', stream);
  const outcome = create().send(large, first);
  await clock.settle();
  expect(stream).not.toHaveBeenCalled();
  await clock.advance(0);
  expect(stream).toHaveBeenCalledTimes(1);
  await outcome;
  expect(sent.map(isPacked)).toEqual([true]);
});

const incompressible = (): Entry => {
  const bytes = crypto.getRandomValues(new Uint16Array(4_000));
  const text = String.fromCharCode(...bytes.map((code) => (code & 0x3fff) + 0x4e00));
  return anEntry({ value: JSON.stringify({ text }), bytes: 2_100 });
};

test.each([
  { why: 'a small batch', entries: small },
  { why: 'a second try', options: { ...first, attempt: 1 } },
  { why: 'the page ends', options: { ...first, exit: true } },
  { why: 'the page is hidden', isHidden: true },
])('plain, and at once: $why', ({ entries = large, options = first, isHidden = false }) => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(isHidden);
  void create().send(entries, options);
  expect(sent).toEqual([{ entries, options }]);
  expect(clock.timers).toBe(0);
});

test('plain, if packing makes it no smaller', async () => {
  await send(create(), first, [incompressible()]);
  expect(sent.map(isPacked)).toEqual([false]);
});

describe('when the page may end while a batch is being packed', () => {
  test.each([
    { why: 'hidden', isHidden: true, moment: new Event('visibilitychange') },
    { why: 'left', isHidden: false, moment: new Event('pagehide') },
    { why: 'frozen', isHidden: false, moment: new Event('freeze') },
  ])('$why: it leaves plain, as the page’s last', async ({ isHidden, moment }) => {
    const transport = create();
    const outcome = transport.send(large, first);
    await clock.advance(0);
    expect(sent).toEqual([]);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(isHidden);
    dispatchEvent(moment);
    await clock.settle();
    expect(sent).toEqual([{ entries: large, options: { ...first, exit: true } }]);
    await new Promise((resolve) => setTimeout(resolve, 20)); // packing goes on
    expect(sent).toHaveLength(1);
    expect(await outcome).toEqual(delivered);
    expect(clock.timers).toBe(0);
  });

  test('the page becoming visible does nothing', async () => {
    const outcome = create().send(large, first);
    dispatchEvent(new Event('visibilitychange'));
    await clock.settle();
    expect(sent).toEqual([]);
    await clock.advance(0);
    await outcome;
    expect(sent.map(isPacked)).toEqual([true]);
  });

  test('nobody listens or waits any longer than that', async () => {
    const added = vi.spyOn(window, 'addEventListener');
    await send(create());
    const signals = added.mock.calls.map(([, , options]) => (options as AddEventListenerOptions).signal);
    expect(signals.length).toBeGreaterThan(0);
    expect(signals.every((one) => one?.aborted)).toBe(true);
    expect(clock.timers).toBe(0);
  });
});

/** A stream that turns whatever comes into `bytes`. */
const turningInto = (...bytes: readonly number[]) =>
  class extends TransformStream {
    constructor() {
      super({
        transform() {},
        flush: (controller) => void (bytes[0] === undefined || controller.enqueue(new Uint8Array(bytes))),
      });
    }
  };

const lengthInGzip = new Uint8Array(new Uint32Array([utf8Length(envelopeBody(large, 0, 'shop'))]).buffer);

const endless = class extends TransformStream {
  constructor() {
    super({ flush: () => new Promise(() => {}) });
  }
};

const throwing = class {
  constructor() {
    throw new TypeError('patched');
  }
};

const breaking = class extends TransformStream {
  constructor() {
    super({ flush: (controller) => controller.error(new Error('broken')) });
  }
};

test.each([
  { why: 'it is missing', stream: undefined },
  { why: 'it throws', stream: throwing },
  { why: 'it breaks off', stream: breaking },
  { why: 'it never ends', stream: endless },
  { why: 'nothing comes out', stream: turningInto() },
  { why: 'what comes out does not begin as gzip does', stream: turningInto(0, 0, ...lengthInGzip) },
  { why: 'what comes out is cut off', stream: turningInto(0x1f, 0x8b, 0, 0, 0, 0) },
])('where compression does not work all is plain, for the rest of the page: $why', async ({ stream }) => {
  vi.stubGlobal('CompressionStream', stream);
  const transport = create();
  const outcome = send(transport);
  if (stream === endless) await clock.advance(1_000);
  expect(await outcome).toEqual(delivered);
  expect(sent).toEqual([{ entries: large, options: first }]);
  vi.unstubAllGlobals(); // it works now, and is not asked again
  void transport.send(large, first);
  expect(sent).toHaveLength(2);
  expect(sent.map(isPacked)).toEqual([false, false]);
  expect(clock.timers).toBe(0);
});

describe('when a packed batch is not taken', () => {
  const refused: SendOutcome = { kind: 'dead', reason: 'http-400' };
  const failed: SendOutcome = { kind: 'retry', reason: 'http-502' };
  const resting: SendOutcome = { kind: 'retry', reason: 'http-429', retryAfterMs: 1_000 };
  const tooLarge: SendOutcome = { kind: 'dead', reason: 'too-large' };

  test('one that is refused goes plain at once, and no event is lost to packing', async () => {
    answers = [refused];
    const transport = create();
    expect(await send(transport)).toEqual(delivered);
    expect(await send(transport)).toEqual(delivered);
    expect(sent.map(isPacked)).toEqual([true, false, false]);
  });

  test('one that is refused plain as well is refused', async () => {
    answers = [refused, refused];
    expect(await send(create())).toEqual(refused);
    expect(sent.map(isPacked)).toEqual([true, false]);
  });

  test.each([
    { why: 'a failure is the queue’s to retry', answers: [failed], expected: [true, true, true] },
    {
      why: 'two failures in a row: all is plain from then on',
      answers: [failed, failed],
      expected: [true, true, false],
    },
    { why: 'so with no answer at all', answers: ['broken', 'broken'] as const, expected: [true, true, false] },
    { why: 'one that arrived in between', answers: [failed, delivered, failed], expected: [true, true, true, true] },
    {
      why: 'a rest has been asked for by name',
      answers: [resting, resting, resting],
      expected: [true, true, true, true],
    },
    { why: 'a smaller batch has been asked for', answers: [tooLarge, tooLarge], expected: [true, true, true] },
  ])('$why', async ({ answers: given, expected }) => {
    answers = [...given];
    const transport = create();
    for (const outcome of given) expect(await send(transport)).toEqual(outcome);
    while (sent.length < expected.length) await send(transport);
    expect(sent.map(isPacked)).toEqual(expected);
  });
});
