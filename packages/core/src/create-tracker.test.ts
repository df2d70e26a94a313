import { describe, expect, test } from 'vitest';
import { type ConsentOptions, createConsent } from './consent/consent.ts';
import { createTracker, maxBuffered, maxEventBytes, type TrackerParts } from './create-tracker.ts';
import type { Verdict } from './event/entry.ts';
import type { ConsentCategory, TrackEvent } from './event/event.ts';
import { parseEvent } from './event/parse-event.ts';
import type { Device, DeviceStore } from './identity/device.ts';
import { createIdentity } from './identity/identity.ts';
import { createMemoryOutbox } from './outbox/memory-outbox.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { Plugin } from './plugin/plugin.ts';
import { createQueue, type QueueLimits } from './queue/queue.ts';
import type { Diagnostic } from './runtime/diagnostics.ts';
import { createIds } from './runtime/ids.ts';
import { utf8Length } from './runtime/utf8.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createScriptedTransport, type ScriptedAnswer, type SentBatch } from './testing/scripted-transport.ts';
import type { Receipt, Scope, Stats, Tracker } from './tracker.ts';

const start = Date.UTC(2026, 0, 1);
const startText = '2026-01-01T00:00:00.000Z';
const library = { name: 'test', version: '1.2.3' };
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

interface Given extends Partial<Omit<TrackerParts, 'consent'>> {
  readonly consent?: Partial<ConsentOptions>;
  readonly outbox?: Outbox;
  readonly limits?: Partial<QueueLimits>;
  readonly script?: readonly ScriptedAnswer[] | ((batch: SentBatch, index: number) => ScriptedAnswer);
  /** What the device remembers. */
  readonly device?: Device;
  /** A server: calls and scopes say whom they are about. */
  readonly isServer?: boolean;
}

const agreed: Partial<ConsentOptions> = { store: { load: () => ({ consent: [{ analytics: true }, start] }) } };
const undecided: Partial<ConsentOptions> = { initial: {} };

function setUp({
  consent: said = agreed,
  outbox = createMemoryOutbox(),
  limits,
  script,
  device,
  isServer,
  ...given
}: Given = {}) {
  const clock = createFakeClock(start);
  const { now } = clock;
  const ids = createIds({ now });
  const told: Diagnostic[] = [];
  const transport = createScriptedTransport(script);
  const consent = createConsent({ now, gpc: false, ...said });
  const allow = ({ purpose }: { readonly purpose: ConsentCategory }): boolean => !!consent.allows(purpose);
  const queue = createQueue({
    outbox,
    transport,
    clock,
    random: () => 0.5,
    limits: limits ?? {},
    ...(isServer ? {} : { allow }),
  });
  const saved: Device[] = [];
  const store: DeviceStore = { load: () => saved.at(-1) ?? device, save: (changed) => void saved.push(changed) };
  const mayStore = (): boolean => allow({ purpose: 'analytics' });
  const identity = isServer ? undefined : createIdentity({ ids, now, store, mayStore });
  const onDiagnostic = (diagnostic: Diagnostic): void => void told.push(diagnostic);
  const tracker = createTracker({ queue, clock, ids, consent, identity, library, onDiagnostic, ...given });

  /** All that was sent so far, as the far end reads it. */
  const sent = (): readonly Sent[] =>
    transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value) as Sent));
  /** Sends what waits. Returns all that was ever sent. */
  const flushed = async (): Promise<readonly Sent[]> => {
    await tracker.flush();
    return sent();
  };
  return { tracker, clock, consent, outbox, saved, transport, told, sent, flushed };
}

/** An event, read without knowing which. */
type Sent = TrackEvent & {
  readonly event?: string;
  readonly name?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly traits?: Readonly<Record<string, unknown>>;
};

/** A tracker as JavaScript sees it: anything goes in. */
interface LooseTracker {
  track(...given: readonly unknown[]): Receipt;
  page(...given: readonly unknown[]): Receipt;
  screen(...given: readonly unknown[]): Receipt;
  identify(...given: readonly unknown[]): Receipt;
  group(...given: readonly unknown[]): Receipt;
  alias(...given: readonly unknown[]): Receipt;
  with(scope: unknown): LooseTracker;
}
const loose = (tracker: Tracker): LooseTracker => tracker as unknown as LooseTracker;

const sumOf = (losses: { readonly [reason: string]: number }): number =>
  Object.values(losses).reduce((sum, count) => sum + count, 0);

function expectBalance({ accepted, delivered, dropped, dead, pending }: Stats): void {
  expect(delivered + sumOf(dropped) + sumOf(dead) + pending).toBe(accepted);
}

function expectEvent(event: unknown): void {
  expect(parseEvent(event)).toEqual({ ok: true, value: event });
}

const throwing =
  (error: unknown = new TypeError('broken')) =>
  (): never => {
    throw error;
  };

const open = 'no answer yet';

/** What a receipt answers by now. */
async function answersOf({ queued, durable, delivered }: Receipt): Promise<readonly unknown[]> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return Promise.all([queued, durable, delivered].map((promise) => Promise.race([promise, Promise.resolve(open)])));
}

describe('the six calls make the events of the Segment Spec', () => {
  const common = {
    messageId: expect.stringMatching(uuid7),
    anonymousId: expect.stringMatching(uuid4),
    timestamp: startText,
    context: {
      library,
      session: expect.objectContaining({ id: expect.stringMatching(uuid7) }),
      consent: { categoryPreferences: { analytics: true }, gpc: false, decidedAt: startText },
    },
  };

  test.each<{ why: string; call: (tracker: Tracker) => Receipt; expected: Readonly<Record<string, unknown>> }>([
    {
      why: 'track',
      call: (tracker) => tracker.track('Product Added', { product_id: 'p1', price: 9.9 }),
      expected: { type: 'track', event: 'Product Added', properties: { product_id: 'p1', price: 9.9 } },
    },
    {
      why: 'track without properties',
      call: (tracker) => tracker.track('Cart Viewed'),
      expected: { type: 'track', event: 'Cart Viewed' },
    },
    {
      why: 'page',
      call: (tracker) => tracker.page('Home', { title: 'Shop' }),
      expected: { type: 'page', name: 'Home', properties: { title: 'Shop' } },
    },
    { why: 'page without a name', call: (tracker) => tracker.page(), expected: { type: 'page' } },
    {
      why: 'screen',
      call: (tracker) => tracker.screen('Start', { variant: 'a' }),
      expected: { type: 'screen', name: 'Start', properties: { variant: 'a' } },
    },
    {
      why: 'identify',
      call: (tracker) => tracker.identify('u1', { tier: 'pro' }),
      expected: { type: 'identify', userId: 'u1', traits: { tier: 'pro' } },
    },
    {
      why: 'group',
      call: (tracker) => tracker.group('acme', { plan: 'team' }),
      expected: { type: 'group', groupId: 'acme', traits: { plan: 'team' } },
    },
    {
      why: 'alias',
      call: (tracker) => tracker.alias('u2', 'u1'),
      expected: { type: 'alias', userId: 'u2', previousId: 'u1' },
    },
  ])('$why', async ({ call, expected }) => {
    const { tracker, flushed } = setUp();
    const receipt = call(tracker);
    const events = await flushed();
    expect(events).toEqual([{ ...common, ...expected }]);
    expect(events[0]?.messageId).toBe(receipt.messageId);
    expectEvent(events[0]);
  });

  test('alias takes who this person was until now for the previous one', async () => {
    const { tracker, flushed } = setUp();
    tracker.page();
    tracker.alias('u1');
    const [page, alias] = await flushed();
    expect(alias).toMatchObject({ type: 'alias', userId: 'u1', previousId: page?.anonymousId });
    const known = setUp({ device: { anonymousId: 'anonymous-1', userId: 'u0' } });
    known.tracker.alias('u1');
    expect(await known.flushed()).toMatchObject([{ type: 'alias', userId: 'u1', previousId: 'u0' }]);
  });

  test('alias in a scope takes the scope’s person for the previous one', async () => {
    const { tracker, flushed } = setUp({ isServer: true });
    tracker.with({ anonymousId: 'anonymous-1' }).alias('u1');
    tracker.with({ anonymousId: 'anonymous-1', userId: 'u0' }).alias('u1');
    expect(await flushed()).toMatchObject([{ previousId: 'anonymous-1' }, { previousId: 'u0' }]);
  });

  test.each<{ why: string; call: (tracker: Tracker) => Receipt }>([
    { why: 'track', call: (tracker) => tracker.track('a') },
    { why: 'page', call: (tracker) => tracker.page() },
    { why: 'identify', call: (tracker) => tracker.identify('u1') },
    { why: 'alias', call: (tracker) => tracker.alias('u1') },
  ])('the first event of a visit says so, and no other: $why', async ({ call }) => {
    const { tracker, flushed } = setUp();
    call(tracker);
    tracker.track('Next');
    const sessions = (await flushed()).map(({ context }) => context?.session);
    expect(sessions).toEqual([{ id: expect.stringMatching(uuid7), isNew: true }, { id: sessions[0]?.id }]);
  });

  test('a new event has a new id, and ids sort by time', async () => {
    const { tracker, flushed } = setUp();
    for (let count = 0; count < 100; count++) tracker.track(`Event ${count}`);
    const ids = (await flushed()).map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(100);
    expect([...ids].sort()).toEqual(ids);
  });

  test('an event is as it was when the call was made', async () => {
    const { tracker, flushed } = setUp();
    const products = [{ price: 1 }];
    tracker.track('Order Completed', { products });
    products.push({ price: 2 });
    expect(await flushed()).toMatchObject([{ properties: { products: [{ price: 1 }] } }]);
  });
});

describe('options of one call', () => {
  test('say when it happened', async () => {
    const { tracker, flushed } = setUp();
    tracker.track('a', {}, { timestamp: new Date(0) });
    tracker.track('b', {}, { timestamp: '2026-01-02T03:04:05+01:00' });
    expect(await flushed()).toMatchObject([
      { timestamp: '1970-01-01T00:00:00.000Z' },
      { timestamp: '2026-01-02T02:04:05.000Z' },
    ]);
  });

  test('give it an id, and destinations', async () => {
    const { tracker, flushed } = setUp();
    const receipt = tracker.track('a', {}, { messageId: 'order-1', integrations: { All: false } });
    expect(receipt.messageId).toBe('order-1');
    expect(await flushed()).toMatchObject([{ messageId: 'order-1', integrations: { All: false } }]);
  });

  test('add to its context, key by key: platform, then scope, then call', async () => {
    const context = () => ({ locale: 'de', timezone: 'UTC', userAgent: 'platform' });
    const { tracker, flushed } = setUp({ context });
    tracker
      .with({ context: { timezone: 'CET', campaign: { name: 'spring' }, ip: '192.0.2.1' } })
      .track('a', {}, { context: { ip: '192.0.2.2', locale: 'fr' } });
    const [event] = await flushed();
    expect(event?.context).toMatchObject({
      library,
      locale: 'fr',
      timezone: 'CET',
      userAgent: 'platform',
      campaign: { name: 'spring' },
      ip: '192.0.2.2',
    });
    expect(event?.context?.session?.id).toMatch(uuid7);
    expectEvent(event);
  });

  test('do not change what it is', async () => {
    const { tracker, flushed } = setUp();
    loose(tracker).track('a', { a: 1 }, { type: 'identify', event: 'b', properties: { b: 2 } });
    expect(await flushed()).toMatchObject([{ type: 'track', event: 'a', properties: { a: 1 } }]);
  });

  test('the platform’s context is asked for each event', async () => {
    let asked = 0;
    const { tracker, flushed } = setUp({ context: () => ({ count: ++asked }) });
    tracker.page();
    tracker.page();
    expect((await flushed()).map(({ context }) => context?.count)).toEqual([1, 2]);
  });
});

describe('who it is about', () => {
  const device: Device = { anonymousId: 'anonymous-device', userId: 'user-device' };

  test.each<{ why: string; scope: Scope; options: Scope; expected: readonly [string, string] }>([
    { why: 'the device', scope: {}, options: {}, expected: ['anonymous-device', 'user-device'] },
    {
      why: 'the scope before the device',
      scope: { anonymousId: 'anonymous-scope', userId: 'user-scope' },
      options: {},
      expected: ['anonymous-scope', 'user-scope'],
    },
    {
      why: 'the call before the scope',
      scope: { anonymousId: 'anonymous-scope', userId: 'user-scope' },
      options: { anonymousId: 'anonymous-call', userId: 'user-call' },
      expected: ['anonymous-call', 'user-call'],
    },
    {
      why: 'the call before the device',
      scope: {},
      options: { userId: 'user-call' },
      expected: ['anonymous-device', 'user-call'],
    },
    {
      why: 'each field by itself',
      scope: { anonymousId: 'anonymous-scope' },
      options: { userId: 'user-call' },
      expected: ['anonymous-scope', 'user-call'],
    },
    {
      why: 'a field that is not there says nothing',
      scope: { userId: undefined } as unknown as Scope,
      options: { userId: undefined, anonymousId: undefined } as unknown as Scope,
      expected: ['anonymous-device', 'user-device'],
    },
  ])('$why', async ({ scope, options, expected }) => {
    const { tracker, flushed } = setUp({ device });
    tracker.with(scope).track('a', {}, options);
    const [event] = await flushed();
    expect([event?.anonymousId, event?.userId]).toEqual(expected);
  });

  test('nobody: it is dropped, and counted', async () => {
    const { tracker, told, flushed } = setUp({ isServer: true });
    tracker.track('a');
    tracker.page('Home');
    tracker.track('b', {}, { userId: 'u1' });
    expect((await flushed()).map(({ event }) => event)).toEqual(['b']);
    expect(tracker.stats()).toMatchObject({ accepted: 3, dropped: { 'no-identity': 2 } });
    expect(told).toEqual([
      { code: 'no-identity', detail: 'track' },
      { code: 'no-identity', detail: 'page' },
    ]);
  });

  test('a user, from identify on until reset', async () => {
    const { tracker, flushed } = setUp();
    tracker.page();
    tracker.identify('u1');
    tracker.page();
    tracker.reset();
    tracker.page();
    const [before, , known, after] = await flushed();
    expect(before?.userId).toBeUndefined();
    expect(known).toMatchObject({ userId: 'u1', anonymousId: before?.anonymousId });
    expect(after?.userId).toBeUndefined();
    expect(after?.anonymousId).not.toBe(before?.anonymousId);
    expect(after?.context?.session?.id).not.toBe(before?.context?.session?.id);
  });

  test('an alias is the same person: the anonymous id and the visit go on', async () => {
    const { tracker, flushed } = setUp({ device });
    tracker.page();
    tracker.alias('u2');
    tracker.page();
    const [before, alias, after] = await flushed();
    expect(alias).toMatchObject({ previousId: 'user-device', userId: 'u2', anonymousId: before?.anonymousId });
    expect(after).toMatchObject({ userId: 'u2', anonymousId: before?.anonymousId });
    expect(after?.context?.session?.id).toBe(before?.context?.session?.id);
  });
});

describe('bad input never throws, and costs nothing else', () => {
  const circular: Record<string, unknown> = { name: 'a' };
  circular.self = circular;
  const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), 1);
  const forbidden = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}},"a":1}');

  test.each<{ why: string; call: (tracker: LooseTracker) => Receipt; detail: string }>([
    { why: 'track without a name', call: (tracker) => tracker.track(), detail: 'event' },
    { why: 'track with an empty name', call: (tracker) => tracker.track(''), detail: 'event' },
    { why: 'track with a number for a name', call: (tracker) => tracker.track(42), detail: 'event' },
    { why: 'track with a symbol for a name', call: (tracker) => tracker.track(Symbol('a')), detail: 'event' },
    { why: 'identify without a user', call: (tracker) => tracker.identify(), detail: 'userId' },
    { why: 'identify with an empty user', call: (tracker) => tracker.identify(''), detail: 'userId' },
    { why: 'identify with traits alone', call: (tracker) => tracker.identify({ tier: 'pro' }), detail: 'userId' },
    { why: 'group without an id', call: (tracker) => tracker.group(null), detail: 'groupId' },
    { why: 'alias without a user', call: (tracker) => tracker.alias(), detail: 'userId' },
    { why: 'alias with an empty previous id', call: (tracker) => tracker.alias('u2', ''), detail: 'previousId' },
  ])('dropped as invalid: $why', async ({ call, detail }) => {
    const { tracker, told, flushed } = setUp();
    const receipt = call(loose(tracker));
    tracker.track('Next');
    expect((await flushed()).map(({ event }) => event)).toEqual(['Next']);
    expect(tracker.stats()).toMatchObject({ accepted: 2, delivered: 1, dropped: { invalid: 1 } });
    expect(told).toEqual([{ code: 'invalid', detail }]);
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'invalid' });
  });

  test('a user that is none is not remembered', async () => {
    const { tracker, flushed } = setUp();
    loose(tracker).identify(42);
    loose(tracker).alias('');
    tracker.page();
    expect((await flushed())[0]?.userId).toBeUndefined();
  });

  const getter = {
    get a(): never {
      return throwing()();
    },
    b: 1,
  };
  test.each<{ why: string; properties: unknown; reason: string; expected: unknown }>([
    { why: 'circular', properties: circular, reason: 'circular', expected: { name: 'a' } },
    { why: 'a BigInt', properties: { n: 2n ** 64n }, reason: 'bigint', expected: { n: '18446744073709551616' } },
    { why: 'a function', properties: { f: throwing(), b: 1 }, reason: 'function', expected: { b: 1 } },
    { why: 'a symbol', properties: { s: Symbol('s'), b: 1 }, reason: 'symbol', expected: { b: 1 } },
    { why: 'not a number', properties: { n: Number.NaN }, reason: 'not-a-number', expected: { n: null } },
    { why: 'a getter that throws', properties: getter, reason: 'unreadable', expected: { b: 1 } },
    { why: 'forbidden keys', properties: forbidden, reason: 'forbidden-key', expected: { a: 1 } },
    {
      why: 'a huge list',
      properties: { list: Array(1e6).fill(7) },
      reason: 'too-large',
      expected: { list: expect.arrayContaining([7]) },
    },
    {
      why: 'a deep nest',
      properties: { a: 1, deep },
      reason: 'too-deep',
      expected: { a: 1, deep: expect.anything() },
    },
  ])('sanitised: $why', async ({ properties, reason, expected }) => {
    const { tracker, flushed } = setUp();
    loose(tracker).track('Product Added', properties);
    tracker.track('Next');
    const [event, next] = await flushed();
    expect(event).toMatchObject({ event: 'Product Added', properties: expected });
    expectEvent(event);
    expect(next?.event).toBe('Next');
    expect(tracker.stats()).toMatchObject({ delivered: 2, dropped: {}, sanitized: { [reason]: expect.any(Number) } });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  test.each<{ why: string; properties: unknown }>([
    { why: 'text', properties: 'red' },
    { why: 'empty text', properties: '' },
    { why: 'a number', properties: 42 },
    { why: 'true', properties: true },
    { why: 'a list', properties: ['red'] },
    { why: 'a BigInt', properties: 42n },
    { why: 'a date', properties: new Date(0) },
    { why: 'an object that is text in JSON', properties: { toJSON: () => 'red' } },
    { why: 'a function', properties: throwing() },
    { why: 'a symbol', properties: Symbol('red') },
    { why: 'a proxy that throws', properties: new Proxy({}, { ownKeys: throwing(), get: throwing() }) },
  ])(
    'properties and traits that are no object are left out, or cost the call, with a reason: $why',
    async ({ properties }) => {
      const { tracker, flushed } = setUp();
      const calls = loose(tracker);
      calls.track('a', properties);
      calls.page('a', properties);
      calls.screen('a', properties);
      calls.identify('u1', properties);
      calls.group('g1', properties);
      tracker.track('Next');
      const events = await flushed();
      expect(events.at(-1)?.event).toBe('Next');
      for (const event of events) expectEvent(event);
      const { dropped, sanitized } = tracker.stats();
      expect(sumOf(dropped) + sumOf(sanitized)).toBeGreaterThanOrEqual(5);
    },
  );

  test('null stands for no properties', async () => {
    const { tracker, flushed } = setUp();
    loose(tracker).track('a', null);
    loose(tracker).identify('u1', null);
    const events = await flushed();
    expect(events).toHaveLength(2);
    for (const event of events) expectEvent(event);
  });

  test.each<{ why: string; timestamp: unknown }>([
    { why: 'an invalid date', timestamp: new Date(Number.NaN) },
    { why: 'words', timestamp: 'yesterday' },
    { why: 'an object', timestamp: {} },
    { why: 'null', timestamp: null },
    { why: 'a symbol', timestamp: Symbol('now') },
    { why: 'beyond the four digits of a year', timestamp: new Date(8.64e15) },
    { why: 'before the first year', timestamp: new Date(-8.64e15) },
  ])('a timestamp that is none is now: $why', async ({ timestamp }) => {
    const { tracker, flushed } = setUp();
    loose(tracker).track('a', {}, { timestamp });
    const [event] = await flushed();
    expect(event?.timestamp).toBe(startText);
  });

  const unreadable = {
    get messageId(): never {
      return throwing()();
    },
  };
  test.each<{ why: string; call: (tracker: LooseTracker) => unknown }>([
    { why: 'options that are null', call: (tracker) => tracker.track('a', {}, null) },
    { why: 'options that are text', call: (tracker) => tracker.track('a', {}, 'now') },
    { why: 'options that cannot be read', call: (tracker) => tracker.track('a', {}, unreadable) },
    { why: 'a context that is text', call: (tracker) => tracker.track('a', {}, { context: 'red' }) },
    { why: 'a scope that is not there', call: (tracker) => tracker.with(undefined).track('a') },
    { why: 'a scope that is null', call: (tracker) => tracker.with(null).track('a') },
  ])('$why: no exception, and the books balance', async ({ call }) => {
    const { tracker, flushed } = setUp();
    expect(() => call(loose(tracker))).not.toThrow();
    tracker.track('Next');
    expect((await flushed()).map(({ event }) => event)).toContain('Next');
    expect(tracker.stats().accepted).toBe(2);
    expectBalance(tracker.stats());
  });

  test.each([
    { what: 'an error', error: new TypeError('broken') },
    { what: 'an object without a name', error: Object.create(null) },
    { what: 'a symbol', error: Symbol('broken') },
  ])('a platform that throws $what costs its event, and no more', async ({ error }) => {
    let isBroken = true;
    const context = () => (isBroken ? throwing(error)() : {});
    const { tracker, flushed } = setUp({ context });
    expect(() => tracker.track('a')).not.toThrow();
    isBroken = false;
    tracker.track('Next');
    expect((await flushed()).map(({ event }) => event)).toEqual(['Next']);
    expect(tracker.stats()).toMatchObject({ accepted: 2, dropped: { invalid: 1 } });
  });

  test('a listener to diagnostics that throws costs nothing', async () => {
    const { tracker, flushed } = setUp({ onDiagnostic: throwing() });
    loose(tracker).track();
    tracker.track('Next');
    expect(await flushed()).toHaveLength(1);
    expect(tracker.stats().dropped).toEqual({ invalid: 1 });
  });

  test.each<{ why: string; call: (tracker: LooseTracker) => Receipt }>([
    { why: 'properties', call: (tracker) => tracker.track('a', { list: Array(5_000).fill(1) }) },
    {
      why: 'properties of many keys',
      call: (tracker) =>
        tracker.track('a', Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, 1]))),
    },
    {
      why: 'properties in a scope',
      call: (tracker) => tracker.with({ context: { ip: '192.0.2.1' } }).track('a', { list: Array(5_000).fill(1) }),
    },
    { why: 'a context', call: (tracker) => tracker.track('a', {}, { context: { list: Array(5_000).fill(1) } }) },
    {
      why: 'integrations',
      call: (tracker) => tracker.track('a', {}, { integrations: { list: Array(5_000).fill(1) } }),
    },
    {
      why: 'the context of a scope',
      call: (tracker) => tracker.with({ context: { list: Array(5_000).fill(1) } }).track('a'),
    },
  ])('never cost an event what makes it one: too large $why', async ({ call }) => {
    const { tracker, flushed } = setUp();
    const receipt = call(loose(tracker));
    const [event] = await flushed();
    expect(event).toMatchObject({
      type: 'track',
      event: 'a',
      messageId: receipt.messageId,
      anonymousId: expect.stringMatching(uuid4),
      timestamp: startText,
      context: { library, consent: { categoryPreferences: { analytics: true } } },
    });
    expectEvent(event);
    expect(tracker.stats().sanitized['too-large']).toBeGreaterThan(0);
    expect(await receipt.delivered).toEqual({ kind: 'delivered' });
  });
});

describe('too large events', () => {
  test('are dropped, counted, and the next one goes on', async () => {
    const { tracker, told, flushed } = setUp();
    const receipt = tracker.track('Huge', { texts: Array(10).fill('x'.repeat(8_000)) });
    tracker.track('Next');
    expect((await flushed()).map(({ event }) => event)).toEqual(['Next']);
    expect(tracker.stats()).toMatchObject({ accepted: 2, delivered: 1, dropped: { 'too-large': 1 } });
    expect(told.map(({ code }) => code)).toEqual(['too-large']);
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'too-large' });
  });

  test('are measured in bytes of UTF-8, to the byte', async () => {
    const properties = { text: 'ü🛒'.repeat(50) };
    const measured = setUp();
    measured.tracker.track('a', properties);
    const [value] = (await measured.flushed()).map((event) => JSON.stringify(event));
    const bytes = utf8Length(`${value}`);
    expect(measured.transport.sent[0]?.entries[0]?.bytes).toBe(bytes);
    const room = maxEventBytes - bytes;
    for (const [more, count] of [
      [room, 1],
      [room + 1, 0],
    ] as const) {
      const { tracker, flushed } = setUp();
      tracker.track('a', { text: properties.text + 'x'.repeat(more) });
      expect(await flushed()).toHaveLength(count);
    }
  });

  test('may be up to 32 KiB, as the collector has it', async () => {
    const { tracker, flushed } = setUp();
    for (let length = 31_000; length < 33_000; length += 50) {
      const texts = Array(4).fill('x'.repeat(length / 4));
      tracker.track('a', { texts });
    }
    const events = await flushed();
    for (const event of events) expectEvent(event);
    const { delivered, dropped } = tracker.stats();
    expect(delivered).toBeGreaterThan(10);
    expect(dropped['too-large']).toBeGreaterThan(10);
  });

  test('include those that a plugin made too large', async () => {
    const grow: Plugin = {
      name: 'grow',
      process: (event) => ({ ...event, context: { ...event.context, text: 'x'.repeat(40_000) } }),
    };
    const { tracker, flushed } = setUp({ plugins: [grow] });
    tracker.track('a');
    expect(await flushed()).toEqual([]);
    expect(tracker.stats().dropped).toEqual({ 'too-large': 1 });
  });
});

describe('a scope', () => {
  test('may nest: the inner one wins, key by key', async () => {
    const { tracker, flushed } = setUp({ isServer: true });
    tracker
      .with({
        userId: 'u1',
        anonymousId: 'anonymous-1',
        context: { ip: '192.0.2.1', locale: 'de' },
        consent: { analytics: true },
      })
      .with({ userId: 'u2', context: { locale: 'fr' } })
      .track('a');
    expect(await flushed()).toMatchObject([
      { userId: 'u2', anonymousId: 'anonymous-1', context: { ip: '192.0.2.1', locale: 'fr' } },
    ]);
  });

  test('leaves the tracker it came from as it is', async () => {
    const { tracker, flushed } = setUp();
    const outer = tracker.with({ userId: 'u1', context: { locale: 'de' } });
    outer.with({ userId: 'u2', context: { locale: 'fr' }, consent: { analytics: false } });
    outer.track('a');
    tracker.track('b');
    const [a, b] = await flushed();
    expect(a).toMatchObject({ userId: 'u1', context: { locale: 'de' } });
    expect(b?.userId).toBeUndefined();
    expect(b?.context?.locale).toBeUndefined();
  });

  test('has the same queue and the same books', async () => {
    const { tracker, transport } = setUp();
    const scoped = tracker.with({ userId: 'u1' });
    tracker.track('a');
    scoped.track('b');
    expect(scoped.stats()).toEqual(tracker.stats());
    expect(await scoped.flush()).toMatchObject({ accepted: 2, delivered: 2 });
    expect(transport.sent).toHaveLength(1);
    await scoped.shutdown();
    tracker.track('c');
    expect(tracker.stats().dropped).toEqual({ shutdown: 1 });
  });

  test.each<{ why: string; consent?: Partial<ConsentOptions>; scope: Scope; isSent: boolean }>([
    {
      why: 'its yes is a yes',
      consent: { initial: { analytics: false } },
      scope: { consent: { analytics: true } },
      isSent: true,
    },
    { why: 'its no is a no', consent: agreed, scope: { consent: { analytics: false } }, isSent: false },
    { why: 'where it is undecided, it is a no', consent: agreed, scope: { consent: {} }, isSent: false },
    { why: 'undecided is a no where others may wait', consent: undecided, scope: { consent: {} }, isSent: false },
    {
      why: 'undecided is a no where that is a yes for others',
      consent: { undecided: true },
      scope: { consent: { advertising: true } },
      isSent: false,
    },
    { why: 'without consent of its own it has the tracker’s', consent: agreed, scope: { userId: 'u1' }, isSent: true },
  ])('its own consent counts: $why', async ({ consent = agreed, scope, isSent }) => {
    const { tracker, flushed } = setUp({ isServer: true, consent });
    tracker.with({ userId: 'u1', ...scope }).track('a');
    expect(await flushed()).toHaveLength(isSent ? 1 : 0);
    expect(tracker.stats()).toMatchObject({ pending: 0, dropped: isSent ? {} : { consent: 1 } });
  });

  test('its own consent travels with its events', async () => {
    const { tracker, flushed } = setUp({ isServer: true });
    tracker.with({ userId: 'u1', consent: { analytics: true, advertising: false } }).track('a');
    const [event] = await flushed();
    expect(event?.context?.consent).toEqual({ categoryPreferences: { analytics: true, advertising: false } });
    expect(event).not.toHaveProperty('consent');
    expectEvent(event);
  });

  test('keeps its consent in scopes within, unless they have their own', async () => {
    const { tracker, flushed } = setUp({ isServer: true, consent: undecided });
    const outer = tracker.with({ userId: 'u1', consent: { analytics: true } });
    outer.with({ context: { locale: 'de' } }).track('a');
    outer.with({ consent: { analytics: false } }).track('b');
    expect((await flushed()).map(({ event }) => event)).toEqual(['a']);
  });
});

describe('while consent is pending', () => {
  test('nothing reaches the outbox, nor the far end', async () => {
    const { tracker, outbox, clock, transport } = setUp({ consent: undecided });
    tracker.track('a');
    tracker.page();
    await tracker.flush();
    await clock.advance(3_600_000);
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
    expect(transport.sent).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 2, pending: 2, dropped: {} });
  });

  test('what is necessary goes on', async () => {
    const { tracker, flushed } = setUp({ consent: undecided });
    tracker.track('a', {}, { purpose: 'necessary' });
    tracker.track('b');
    expect((await flushed()).map(({ event }) => event)).toEqual(['a']);
  });

  test('a yes lets them go on, in order, with the time at which they happened', async () => {
    const { tracker, clock, consent, flushed } = setUp({ consent: undecided });
    tracker.track('a');
    await clock.advance(60_000);
    tracker.track('b');
    await clock.advance(60_000);
    consent.set({ analytics: true });
    tracker.track('c');
    const events = await flushed();
    expect(events.map(({ event, timestamp }) => [event, timestamp])).toEqual([
      ['a', '2026-01-01T00:00:00.000Z'],
      ['b', '2026-01-01T00:01:00.000Z'],
      ['c', '2026-01-01T00:02:00.000Z'],
    ]);
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
    for (const event of events) {
      expect(event.context?.consent).toEqual({
        categoryPreferences: { analytics: true },
        gpc: false,
        decidedAt: '2026-01-01T00:02:00.000Z',
      });
    }
    expect(tracker.stats()).toMatchObject({ accepted: 3, delivered: 3, pending: 0 });
  });

  test('a no drops them', async () => {
    const { tracker, consent, told, flushed } = setUp({ consent: undecided });
    const receipt = tracker.track('a');
    tracker.page();
    consent.set({ analytics: false });
    expect(await flushed()).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 2, pending: 0, dropped: { consent: 2 } });
    expect(told.map(({ code }) => code)).toEqual(['consent', 'consent']);
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'consent' });
  });

  test('a decision on something else leaves them waiting', async () => {
    const { tracker, consent, flushed } = setUp({ consent: undecided });
    tracker.track('a');
    tracker.track('b', {}, { purpose: 'advertising' });
    tracker.track('c');
    consent.set({ advertising: true });
    expect((await flushed()).map(({ event }) => event)).toEqual(['b']);
    consent.set({ analytics: true });
    expect((await flushed()).map(({ event }) => event)).toEqual(['b', 'a', 'c']);
  });

  test('only so many wait: the oldest are dropped, and counted', async () => {
    const { tracker, consent, told, flushed } = setUp({ consent: undecided });
    const names = Array.from({ length: maxBuffered + 2 }, (_, index) => `e${index}`);
    for (const name of names) tracker.track(name);
    const dropped = { 'outbox-full': 2 };
    expect(tracker.stats()).toMatchObject({ accepted: names.length, pending: maxBuffered, dropped });
    expect(told.map(({ code }) => code)).toEqual(['outbox-full', 'outbox-full']);
    consent.set({ analytics: true });
    expect((await flushed()).map(({ event }) => event)).toEqual(names.slice(2));
  });

  test('none waits where undecided is a no', () => {
    const { tracker } = setUp({ consent: { undecided: false } });
    tracker.track('a');
    expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 0, dropped: { consent: 1 } });
  });

  test('a plugin does not see them yet', () => {
    const seen: TrackEvent[] = [];
    const watch: Plugin = {
      name: 'watch',
      process(event) {
        seen.push(event);
        return event;
      },
    };
    const { tracker, consent } = setUp({ consent: undecided, plugins: [watch] });
    tracker.track('a');
    expect(seen).toEqual([]);
    consent.set({ analytics: true });
    expect(seen).toMatchObject([{ event: 'a', context: { consent: { categoryPreferences: { analytics: true } } } }]);
  });

  test('one that fails at the yes costs neither the others nor the banner', async () => {
    const unfit: Plugin = {
      name: 'unfit',
      process: (event) => ({ ...event, context: { ...event.context, count: event.type === 'page' ? 1n : 1 } }),
    };
    const { tracker, consent, flushed } = setUp({ consent: undecided, plugins: [unfit] });
    tracker.track('a');
    tracker.page();
    tracker.track('b');
    expect(() => consent.set({ analytics: true })).not.toThrow();
    expect((await flushed()).map(({ event }) => event)).toEqual(['a', 'b']);
    expect(tracker.stats()).toMatchObject({ accepted: 3, delivered: 2, pending: 0 });
    expectBalance(tracker.stats());
  });
});

describe('consent', () => {
  test('denied: nothing is recorded', async () => {
    const { tracker, flushed } = setUp({ consent: { initial: { analytics: false } } });
    tracker.track('a');
    expect(await flushed()).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 0, dropped: { consent: 1 } });
  });

  test('taken back sweeps what waits, and spares what it does not cover', async () => {
    const { tracker, clock, consent, outbox, flushed } = setUp({
      consent: { initial: { analytics: true, functional: true } },
    });
    const receipt = tracker.track('a');
    tracker.track('b', {}, { purpose: 'functional' });
    tracker.track('c', {}, { purpose: 'necessary' });
    consent.set({ analytics: false });
    await clock.settle();
    expect(outbox.depth().waiting).toBe(tracker.stats().pending);
    expect(tracker.stats().dropped).toEqual({ consent: 1 });
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'consent' });
    expect((await flushed()).map(({ event }) => event)).toEqual(['b', 'c']);
  });

  test('taken back sweeps what waits for its next try', async () => {
    const { tracker, clock, consent, sent } = setUp({ script: [{ kind: 'retry', reason: 'network' }] });
    tracker.track('a');
    await clock.advance(2_000);
    consent.set({ analytics: false });
    await clock.advance(600_000);
    expect(sent()).toHaveLength(1);
    expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 0, dropped: { consent: 1 } });
  });

  test('is written in each event as it was when the event was let through', async () => {
    const { tracker, clock, consent, flushed } = setUp({ consent: { ...agreed, gpc: true } });
    tracker.track('a');
    await clock.advance(1_000);
    consent.set({ functional: true });
    tracker.track('b');
    expect((await flushed()).map(({ context }) => context?.consent)).toEqual([
      { categoryPreferences: { analytics: true, advertising: false }, gpc: true, decidedAt: startText },
      {
        categoryPreferences: { analytics: true, functional: true, advertising: false },
        gpc: true,
        decidedAt: '2026-01-01T00:00:01.000Z',
      },
    ]);
  });

  test('does not name a time while nothing was decided', async () => {
    const { tracker, flushed } = setUp({ consent: undecided });
    tracker.track('a', {}, { purpose: 'necessary' });
    expect((await flushed())[0]?.context?.consent).toEqual({
      categoryPreferences: { necessary: true },
      gpc: false,
    });
  });

  test('cannot be claimed by a call', async () => {
    const { tracker, flushed } = setUp();
    const context = { consent: { categoryPreferences: { advertising: true } } };
    tracker.with({ context }).track('a', {}, { context });
    expect((await flushed())[0]?.context?.consent?.categoryPreferences).toEqual({ analytics: true });
  });

  test('that is not the host’s to give is not in the event under opt-in', async () => {
    const { tracker, flushed } = setUp({ consent: { initial: { analytics: true }, gpc: true } });
    tracker.track('a', {}, { purpose: 'advertising' });
    expect(await flushed()).toEqual([]);
    expect(tracker.stats().dropped).toEqual({ consent: 1 });
  });

  test('where undecided is a yes, an event that was let through says so to everyone after', async () => {
    const { tracker, flushed } = setUp({ consent: { undecided: true } });
    tracker.track('a');
    const [event] = await flushed();
    expect(event?.context?.consent?.categoryPreferences.analytics).toBe(true);
  });

  test('decided is remembered by the device: with its ids after a yes, alone after a no', async () => {
    const { tracker, clock, consent, saved, flushed } = setUp({ consent: undecided });
    tracker.identify('u1');
    expect(saved).toEqual([]);
    consent.set({ analytics: true });
    const yes = [{ analytics: true }, start];
    const [event] = await flushed();
    expect(saved.at(-1)).toMatchObject({ consent: yes, anonymousId: event?.anonymousId, userId: 'u1' });
    await clock.advance(1_000);
    consent.set({ analytics: false });
    expect(saved.at(-1)).toEqual({
      consent: [{ analytics: false }, start + 1_000],
    });
  });

  test('is the tracker’s to set', async () => {
    const { tracker, flushed } = setUp({ consent: undecided });
    tracker.track('a');
    tracker.consent.set({ analytics: true });
    expect(await flushed()).toHaveLength(1);
  });
});

describe('what an event is for', () => {
  const asked: unknown[] = [];
  const purposeOf = (event: string | undefined): ConsentCategory => {
    asked.push(event);
    return event === 'Order Completed' ? 'necessary' : 'advertising';
  };

  test.each<{ why: string; call: (tracker: Tracker) => Receipt; expected: ConsentCategory }>([
    { why: 'as planned', call: (tracker) => tracker.track('Order Completed'), expected: 'necessary' },
    { why: 'as planned for the rest', call: (tracker) => tracker.track('Ad Seen'), expected: 'advertising' },
    {
      why: 'the call says otherwise',
      call: (tracker) => tracker.track('Order Completed', {}, { purpose: 'functional' }),
      expected: 'functional',
    },
  ])('$why', async ({ call, expected }) => {
    const all = { functional: true, analytics: true, advertising: true };
    const { tracker, transport } = setUp({ purposeOf, consent: { initial: all } });
    call(tracker);
    await tracker.flush();
    expect(transport.sent.flatMap(({ entries }) => entries.map(({ purpose }) => purpose))).toEqual([expected]);
  });

  test('is asked by the event’s name; other calls have none', () => {
    asked.length = 0;
    const { tracker } = setUp({ purposeOf });
    tracker.track('Order Completed');
    tracker.page('Home');
    expect(asked).toEqual(['Order Completed', undefined]);
  });

  test('is analytics where nobody says', async () => {
    const { tracker, transport } = setUp();
    tracker.track('a');
    tracker.page();
    await tracker.flush();
    expect(transport.sent.flatMap(({ entries }) => entries.map(({ purpose }) => purpose))).toEqual([
      'analytics',
      'analytics',
    ]);
  });

  test('stays with us: the event does not carry it', async () => {
    const { tracker, flushed } = setUp();
    tracker.track('a', {}, { purpose: 'analytics' });
    expect((await flushed())[0]).not.toHaveProperty('purpose');
  });
});

describe('plugins', () => {
  const naming = (name: string): Plugin => ({
    name,
    process: (event) => ({ ...event, event: `${(event as Sent).event} ${name}` }) as TrackEvent,
  });

  test('see each event in turn, and may change it', async () => {
    const { tracker, flushed } = setUp({ plugins: [naming('a'), naming('b')] });
    tracker.track('e');
    expect(await flushed()).toMatchObject([{ event: 'e a b' }]);
  });

  test('may drop it: it is counted', async () => {
    const { tracker, told, flushed } = setUp({
      plugins: [{ name: 'no pages', process: (event) => (event.type === 'page' ? null : event) }],
    });
    const receipt = tracker.page();
    tracker.track('a');
    expect((await flushed()).map(({ type }) => type)).toEqual(['track']);
    expect(tracker.stats()).toMatchObject({ accepted: 2, delivered: 1, dropped: { 'no pages': 1 } });
    expect(told).toEqual([{ code: 'no pages', detail: 'page' }]);
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'no pages' });
  });

  test('that throw are passed over, and named', async () => {
    const { tracker, told, flushed } = setUp({
      plugins: [naming('a'), { name: 'bad', process: throwing() }, naming('b')],
    });
    tracker.track('e');
    expect(await flushed()).toMatchObject([{ event: 'e a b' }]);
    expect(told).toEqual([{ code: 'plugin-failed', detail: expect.stringContaining('bad') }]);
    expect(tracker.stats()).toMatchObject({ delivered: 1, dropped: {} });
  });

  test('that make an event unfit for JSON cost that event, and no more', async () => {
    const unfit: Plugin = {
      name: 'unfit',
      process: (event) => ({ ...event, context: { ...event.context, count: event.type === 'page' ? 1n : 1 } }),
    };
    const { tracker, flushed } = setUp({ plugins: [unfit] });
    expect(() => tracker.page()).not.toThrow();
    tracker.track('a');
    expect((await flushed()).map(({ type }) => type)).toEqual(['track']);
    expect(tracker.stats()).toMatchObject({ accepted: 2, delivered: 1, dropped: { invalid: 1 } });
  });

  test('get a tracker that works, at once', async () => {
    const capture: Plugin = {
      name: 'capture',
      setup(tracker) {
        tracker.page('Landing');
        return () => {};
      },
    };
    const { flushed } = setUp({ plugins: [capture] });
    expect(await flushed()).toMatchObject([{ type: 'page', name: 'Landing' }]);
  });

  test('that throw at set-up cost the tracker nothing', async () => {
    const { tracker, flushed } = setUp({ plugins: [{ name: 'bad', setup: throwing() }] });
    tracker.track('a');
    expect(await flushed()).toHaveLength(1);
  });
});

describe('receipts', () => {
  const delivered: Verdict = { kind: 'delivered' };
  const dropped = (reason: string): Verdict => ({ kind: 'dropped', reason });
  const dead = (reason: string): Verdict => ({ kind: 'dead', reason });
  type Stage = ReturnType<typeof setUp>;

  const fates: readonly {
    readonly why: string;
    readonly given?: Given;
    readonly before?: (stage: Stage) => unknown;
    readonly call?: (tracker: LooseTracker) => Receipt;
    readonly after?: (stage: Stage) => unknown;
    readonly expected: readonly unknown[];
  }[] = [
    { why: 'delivered', expected: [true, true, delivered] },
    {
      why: 'refused by the far end',
      given: { script: [{ kind: 'dead', reason: 'http-400' }] },
      expected: [true, false, dead('http-400')],
    },
    {
      why: 'no room in the outbox',
      given: { outbox: createMemoryOutbox({ maxEvents: 1 }) },
      after: ({ tracker }) => tracker.track('Next'),
      expected: [true, false, dropped('outbox-full')],
    },
    {
      why: 'consent denied',
      given: { consent: { initial: { analytics: false } } },
      expected: [false, false, dropped('consent')],
    },
    {
      why: 'consent denied after a while',
      given: { consent: undecided },
      after: ({ consent }) => consent.set({ analytics: false }),
      expected: [false, false, dropped('consent')],
    },
    {
      why: 'consent given after a while',
      given: { consent: undecided },
      after: ({ consent }) => consent.set({ analytics: true }),
      expected: [true, true, delivered],
    },
    {
      why: 'consent taken back',
      after: ({ consent }) => consent.set({ analytics: false }),
      expected: [true, false, dropped('consent')],
    },
    {
      why: 'no room to wait for consent',
      given: { consent: undecided },
      after: ({ tracker }) => {
        for (let count = 0; count < maxBuffered; count++) tracker.track('Next');
      },
      expected: [false, false, dropped('outbox-full')],
    },
    { why: 'no name', call: (tracker) => tracker.track(), expected: [false, false, dropped('invalid')] },
    {
      why: 'properties that are no object',
      call: (tracker) => tracker.track('Order Completed', ['p1']),
      expected: [false, false, dropped('invalid')],
    },
    {
      why: 'no properties',
      call: (tracker) => tracker.track('Order Completed', null),
      expected: [true, true, delivered],
    },
    { why: 'nobody', given: { isServer: true }, expected: [false, false, dropped('no-identity')] },
    {
      why: 'a plugin',
      given: { plugins: [{ name: 'no', process: () => null }] },
      expected: [false, false, dropped('no')],
    },
    {
      why: 'too large',
      call: (tracker) => tracker.track('a', { text: 'x'.repeat(maxEventBytes) }),
      expected: [false, false, dropped('too-large')],
    },
    {
      why: 'too late',
      before: ({ tracker }) => tracker.shutdown(),
      expected: [false, false, dropped('shutdown')],
    },
    {
      why: 'the end, while it waited for consent',
      given: { consent: undecided },
      after: ({ tracker }) => tracker.shutdown(),
      expected: [false, false, dropped('shutdown')],
    },
    {
      why: 'the end, while nobody answered',
      given: { script: () => 'hang' },
      after: ({ tracker }) => void tracker.shutdown({ deadlineMs: 100 }),
      expected: [true, false, dropped('shutdown')],
    },
  ];

  test.each(fates)('asked early: $why', async ({ given = {}, before, call, after, expected }) => {
    const stage = setUp(given);
    await before?.(stage);
    const { queued, durable, delivered: fate } = (call ?? ((tracker) => tracker.track('a')))(loose(stage.tracker));
    after?.(stage);
    await stage.clock.advance(60_000);
    expect(await Promise.all([queued, durable, fate])).toEqual(expected);
  });

  test.each(fates)('asked late: $why', async ({ given = {}, before, call, after, expected }) => {
    const stage = setUp({ ...given, ...(given.outbox ? { outbox: createMemoryOutbox({ maxEvents: 1 }) } : {}) });
    await before?.(stage);
    const receipt = (call ?? ((tracker) => tracker.track('a')))(loose(stage.tracker));
    after?.(stage);
    await stage.clock.advance(60_000);
    expect(await answersOf(receipt)).toEqual(expected);
  });

  test('tell each level when it is reached, and no sooner', async () => {
    let store = (_isDurable: boolean): void => {};
    const memory = createMemoryOutbox();
    const outbox: Outbox = {
      ...memory,
      add(entries) {
        void memory.add(entries);
        return new Promise((resolve) => {
          store = resolve;
        });
      },
    };
    const { tracker, clock, consent, transport } = setUp({ consent: undecided, outbox, script: ['hang'] });
    const receipt = tracker.track('a');
    expect(await answersOf(receipt)).toEqual([open, open, open]);
    consent.set({ analytics: true });
    expect(await answersOf(receipt)).toEqual([true, open, open]);
    store(true);
    expect(await answersOf(receipt)).toEqual([true, true, open]);
    await clock.advance(2_000);
    expect(await answersOf(receipt)).toEqual([true, true, open]);
    transport.answer({ kind: 'delivered' });
    expect(await answersOf(receipt)).toEqual([true, true, delivered]);
  });

  test('do not say durable of what could not be stored', async () => {
    const memory = createMemoryOutbox();
    const outbox: Outbox = {
      ...memory,
      add(entries) {
        void memory.add(entries);
        return Promise.resolve(false);
      },
    };
    const { tracker, clock } = setUp({ outbox, script: [{ kind: 'dead', reason: 'no' }] });
    const receipt = tracker.track('a');
    expect(await answersOf(receipt)).toEqual([true, open, open]);
    await clock.advance(2_000);
    expect(await answersOf(receipt)).toEqual([true, false, dead('no')]);
  });

  test('each knows its own fate', async () => {
    const verdicts = new Map([['b', dead('invalid')]]);
    const { tracker, clock } = setUp({ script: [{ kind: 'delivered', verdicts }] });
    const [a, b] = ['a', 'b'].map((messageId) => tracker.track('e', {}, { messageId }));
    await clock.advance(2_000);
    expect([await a?.delivered, await b?.delivered]).toEqual([delivered, dead('invalid')]);
  });
});

test('an entry says when its event was let through, how large it is and what it is for', async () => {
  const { tracker, clock, consent, transport } = setUp({ consent: undecided });
  const { messageId } = tracker.track('a');
  await clock.advance(5_000);
  consent.set({ analytics: true });
  await tracker.flush();
  const [entry] = transport.sent[0]?.entries ?? [];
  expect(entry).toEqual({
    id: messageId,
    value: expect.stringMatching(/^\{.*\}$/),
    bytes: utf8Length(`${entry?.value}`),
    purpose: 'analytics',
    queuedAt: start + 5_000,
  });
});

describe('twins: two calls with one messageId', () => {
  const twin = { messageId: 'order-1' };

  test('are one event: the second call is told what becomes of the first', () => {
    const { tracker } = setUp();
    expect(tracker.track('Order Completed', {}, twin)).toBe(tracker.track('Order Completed', {}, twin));
    expect(tracker.stats()).toMatchObject({ accepted: 1, pending: 1 });
  });

  test('both learn its fate', async () => {
    const { tracker, clock } = setUp();
    const receipts = [tracker.track('Order Completed', {}, twin), tracker.track('Order Completed', {}, twin)];
    await clock.advance(2_000);
    for (const receipt of receipts) {
      expect((await answersOf(receipt))[2]).toMatchObject({ kind: expect.stringMatching(/^(delivered|dropped)$/) });
    }
  });

  test('one that comes after the fate of the other learns its own', async () => {
    const { tracker, clock } = setUp();
    tracker.track('Order Completed', {}, twin);
    await clock.advance(2_000);
    const receipt = tracker.track('Order Completed', {}, twin);
    await clock.advance(2_000);
    expect((await answersOf(receipt))[2]).not.toBe(open);
    expectBalance(tracker.stats());
  });

  test('are in the books at every moment', async () => {
    const { tracker, clock, transport } = setUp({ script: ['hang'] });
    tracker.track('Order Completed', {}, twin);
    tracker.track('Order Completed', {}, twin);
    expectBalance(tracker.stats());
    await clock.advance(2_000);
    expectBalance(tracker.stats());
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expectBalance(tracker.stats());
  });

  test('are in the books after a shutdown', async () => {
    const { tracker, clock } = setUp({ script: ['hang'] });
    tracker.track('Order Completed', {}, twin);
    tracker.track('Order Completed', {}, twin);
    const closed = tracker.shutdown({ deadlineMs: 100 });
    await clock.advance(100);
    expectBalance(await closed);
  });
});

describe('flush', () => {
  test('sends what waits and returns the books', async () => {
    const { tracker } = setUp();
    tracker.track('a', { n: 1n });
    expect(tracker.stats()).toEqual({
      accepted: 1,
      delivered: 0,
      dropped: {},
      dead: {},
      pending: 1,
      sanitized: { bigint: 1 },
    });
    expect(await tracker.flush()).toEqual({
      accepted: 1,
      delivered: 1,
      dropped: {},
      dead: {},
      pending: 0,
      sanitized: { bigint: 1 },
    });
  });

  test('ends at its deadline', async () => {
    const { tracker, clock } = setUp({ script: () => 'hang' });
    tracker.track('a');
    let books: Stats | undefined;
    void tracker.flush({ deadlineMs: 3_000 }).then((stats) => {
      books = stats;
    });
    await clock.advance(2_999);
    expect(books).toBeUndefined();
    await clock.advance(1);
    expect(books).toMatchObject({ accepted: 1, pending: 1 });
  });

  test('waits for what was accepted before it, not for what comes after', async () => {
    const { tracker, clock, transport } = setUp({ script: () => 'hang', limits: { maxEvents: 1 } });
    tracker.track('a');
    let isDone = false;
    void tracker.flush().then(() => {
      isDone = true;
    });
    await clock.settle();
    tracker.track('b');
    expect(isDone).toBe(false);
    transport.answer({ kind: 'delivered' });
    await clock.settle();
    expect(isDone).toBe(true);
    expect(tracker.stats()).toMatchObject({ delivered: 1, pending: 1 });
  });

  test('does not wait for a decision', async () => {
    const { tracker } = setUp({ consent: undecided });
    tracker.track('a');
    expect(await tracker.flush()).toMatchObject({ accepted: 1, pending: 1 });
  });

  test('gives out copies of the books', () => {
    const { tracker } = setUp();
    loose(tracker).track();
    const { dropped, sanitized } = tracker.stats() as {
      dropped: Record<string, number>;
      sanitized: Record<string, number>;
    };
    dropped.invalid = 7;
    sanitized.bigint = 7;
    expect(tracker.stats()).toMatchObject({ dropped: { invalid: 1 }, sanitized: {} });
    expect(tracker.stats().sanitized).toEqual({});
  });
});

describe('shutdown', () => {
  test('sends what waits and returns the books', async () => {
    const { tracker, sent } = setUp();
    tracker.track('a');
    expect(await tracker.shutdown()).toMatchObject({ accepted: 1, delivered: 1, pending: 0 });
    expect(sent()).toHaveLength(1);
  });

  test('is final: every later call is dropped, and counted', async () => {
    const { tracker, told, sent } = setUp();
    const closed = tracker.shutdown();
    tracker.track('a');
    tracker.page();
    tracker.screen();
    tracker.identify('u1');
    tracker.group('g1');
    tracker.alias('u1');
    await closed;
    expect(sent()).toEqual([]);
    expect(tracker.stats()).toMatchObject({ accepted: 6, pending: 0, dropped: { shutdown: 6 } });
    expect(told.map(({ code, detail }) => `${code} ${detail}`)).toEqual(
      ['track', 'page', 'screen', 'identify', 'group', 'alias'].map((type) => `shutdown ${type}`),
    );
  });

  test('forgets whom later calls name', async () => {
    const { tracker, saved } = setUp();
    await tracker.shutdown();
    tracker.identify('u1');
    tracker.alias('u2');
    expect(saved.filter(({ userId }) => userId)).toEqual([]);
  });

  test('drops what still waits for consent, and counts it', async () => {
    const { tracker, consent } = setUp({ consent: undecided });
    tracker.track('a');
    tracker.page();
    expect(await tracker.shutdown()).toMatchObject({ accepted: 2, pending: 0, dropped: { shutdown: 2 } });
    consent.set({ analytics: true });
    expect(tracker.stats()).toMatchObject({ accepted: 2, pending: 0, dropped: { shutdown: 2 } });
  });

  test('stops plugins once, however often it is called', async () => {
    let stops = 0;
    const capture: Plugin = { name: 'capture', setup: () => () => stops++ };
    const { tracker } = setUp({ plugins: [capture] });
    await Promise.all([tracker.shutdown(), tracker.with({ userId: 'u1' }).shutdown()]);
    await tracker.shutdown();
    expect(stops).toBe(1);
  });

  test('ends, whatever a plugin throws at its end', async () => {
    const { tracker } = setUp({ plugins: [{ name: 'bad', setup: () => throwing() }] });
    tracker.track('a');
    expect(await tracker.shutdown()).toMatchObject({ delivered: 1 });
  });

  test('ends at its deadline, with everything in the books and no timer left', async () => {
    const { tracker, clock } = setUp({ script: () => 'hang' });
    tracker.track('a');
    const closed = tracker.shutdown({ deadlineMs: 500 });
    await clock.advance(500);
    expect(await closed).toMatchObject({ accepted: 1, delivered: 0, pending: 0, dropped: { shutdown: 1 } });
    expect(clock.timers).toBe(0);
  });
});

test('nothing is asked, stored or sent before the first call', async () => {
  const { clock, transport, outbox, tracker } = setUp({ context: throwing() });
  await clock.advance(3_600_000);
  expect([clock.timers, transport.sent.length, outbox.depth().waiting]).toEqual([0, 0, 0]);
  expect(tracker.stats()).toEqual({ accepted: 0, delivered: 0, dropped: {}, dead: {}, pending: 0, sanitized: {} });
});
