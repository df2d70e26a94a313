import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, formatDevice } from '@org/track-core';
import { createFakeClock, createScriptedTransport } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTracker, nodeQueueLimits } from '../create-node-tracker.ts';
import type { RequestLike } from './request-scope.ts';
import type { ServerTracker } from './request-tracker.ts';

const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

const aRequest = (name: string, device: Partial<Device> = {}): RequestLike => ({
  headers: {
    cookie: formatDevice({ consent: [{ analytics: true }, 1], anonymousId: `anonymous-${name}`, ...device }),
    referer: `https://shop.example/${name}`,
    traceparent: `00-${trace.traceId}-${trace.spanId}-01`,
  },
});

let tracker: ServerTracker;
let diagnostics: string[];
let sent: () => Promise<Record<string, unknown>[]>;

beforeEach(() => {
  const clock = createFakeClock();
  const transport = createScriptedTransport();
  diagnostics = [];
  tracker = createTracker({
    endpoint: 'https://collector.example/api/j',
    writeKey: 'key',
    clock,
    transport,
    onDiagnostic: ({ code }) => diagnostics.push(code),
  });
  sent = async () => {
    await clock.advance(nodeQueueLimits.maxWaitMs);
    return transport.sent.flatMap(({ entries }) => entries.map(({ value }) => JSON.parse(value)));
  };
});
afterEach(() => tracker.shutdown());

const about = (name: string): object => ({
  anonymousId: `anonymous-${name}`,
  context: { page: { path: `/${name}` }, trace, consent: { categoryPreferences: { analytics: true } } },
});

describe('inside of a request', () => {
  test('every call is about the person and page behind it', async () => {
    tracker.run(aRequest('one'), () => {
      tracker.track('Seen');
      tracker.page('Home');
      tracker.screen('Home');
      tracker.identify('u1');
      tracker.group('acme');
      tracker.alias('u2');
    });
    expect(await sent()).toMatchObject([
      about('one'),
      about('one'),
      about('one'),
      { ...about('one'), userId: 'u1' },
      about('one'),
      { ...about('one'), previousId: 'anonymous-one' },
    ]);
  });

  test('what it awaits and sets off is inside too, however requests overlap', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tracker.run(aRequest(`n${index}`), async () => {
          await sleep(Math.random() * 20);
          setImmediate(() => tracker.track('Set Off', { index }));
          await sleep(Math.random() * 20);
          tracker.track('Awaited', { index });
        }),
      ),
    );
    const events = await sent();
    expect(events).toHaveLength(40);
    for (const event of events) {
      expect(event).toMatchObject(about(`n${(event.properties as { index: number }).index}`));
    }
  });

  test('the inner of two is in force, then the outer again', async () => {
    tracker.run(aRequest('outer'), () => {
      tracker.run(aRequest('inner'), () => tracker.track('Seen'));
      tracker.run(undefined, () => tracker.track('Seen'));
      tracker.track('Seen');
    });
    expect(await sent()).toMatchObject([about('inner'), about('outer')]);
    expect(tracker.stats().dropped).toEqual({ 'no-identity': 1 });
  });

  test('what a call says beats the request', async () => {
    tracker.run(aRequest('one'), () => {
      tracker.track('Seen', {}, { userId: 'u9', anonymousId: 'anonymous-other', context: { page: { path: '/own' } } });
    });
    expect(await sent()).toMatchObject([
      { userId: 'u9', anonymousId: 'anonymous-other', context: { page: { path: '/own' }, trace } },
    ]);
  });

  test('what a tracker is bound to beats the request, whenever it was bound', async () => {
    const billing = tracker.with({ context: { page: { path: '/own' }, app: 'billing' } }).with({ userId: 'u9' });
    tracker.run(aRequest('one'), () => billing.track('Seen'));
    expect(await sent()).toMatchObject([
      { userId: 'u9', anonymousId: 'anonymous-one', context: { page: { path: '/own' }, app: 'billing', trace } },
    ]);
  });

  test('a request that is named beats the one around', async () => {
    tracker.run(aRequest('one', { userId: 'u1' }), () => tracker.for(aRequest('two')).track('Seen'));
    const [event] = await sent();
    expect(event).toMatchObject(about('two'));
    expect(event?.userId).toBeUndefined();
  });

  test('the person has not agreed: nothing is sent, and the receipt says why', async () => {
    const request = aRequest('one', { consent: [{ analytics: false }, 1] });
    const receipt = tracker.run(request, () => tracker.track('Seen'));
    expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'consent' });
  });

  test('returns what the task returns, and throws what it throws', () => {
    expect(tracker.run(aRequest('one'), () => 7)).toBe(7);
    expect(() =>
      tracker.run(aRequest('one'), () => {
        throw new RangeError('of the host');
      }),
    ).toThrow(RangeError);
  });

  test('a request that cannot be read is nobody, and costs the host nothing', async () => {
    const receipt = tracker.run({} as RequestLike, () => tracker.track('Seen'));
    tracker.for(undefined as unknown as RequestLike).track('Seen');
    expect(await receipt.delivered).toMatchObject({ kind: 'dropped' });
    expect(diagnostics).toContain('request-unreadable');
  });

  test('of a request that cannot be read nobody knows what the person said: no yes of the backend stands for it', async () => {
    const transport = createScriptedTransport();
    const vouching = createTracker({
      ...{ endpoint: 'https://collector.example/api/j', writeKey: 'key', transport },
      consent: { analytics: true },
    });
    const receipts = [
      vouching.run({} as RequestLike, () => vouching.track('Seen', {}, { userId: 'u1' })),
      vouching.for({} as RequestLike).track('Seen', {}, { userId: 'u1' }),
    ];
    for (const { delivered } of receipts) expect(await delivered).toEqual({ kind: 'dropped', reason: 'consent' });
    await vouching.shutdown();
  });
});

describe('about another user than the request: nothing of its device, nor under its consent', () => {
  const request = aRequest('admin', { userId: 'admin' });

  test.each<{ why: string; call: () => void }>([
    { why: 'a call that says so', call: () => void tracker.track('Refunded', {}, { userId: 'u1' }) },
    { why: 'a tracker bound to them', call: () => void tracker.with({ userId: 'u1' }).track('Refunded') },
    { why: 'somebody logs in on a device that was another’s', call: () => void tracker.identify('u1') },
    { why: 'two names of somebody, neither of them the request’s', call: () => void tracker.alias('u1', 'former') },
  ])('$why', async ({ call }) => {
    tracker.run(request, call);
    expect(await sent()).toEqual([]);
    expect(tracker.stats().dropped).toEqual({ consent: 1 });
  });

  test('with consent of their own it is sent, with the trace and nothing else of the request', async () => {
    tracker.run(request, () =>
      tracker.with({ userId: 'u1', consent: { analytics: true } }).track('Refunded', { total: 5 }),
    );
    const [event] = await sent();
    expect(event).toMatchObject({ userId: 'u1', context: { trace } });
    expect(event?.anonymousId).toBeUndefined();
    expect(event?.context).not.toHaveProperty('page');
  });

  test.each<{ why: string; call: () => void }>([
    { why: 'the same user', call: () => void tracker.track('Seen', {}, { userId: 'admin' }) },
    { why: 'no user', call: () => void tracker.track('Seen', {}, {}) },
    { why: 'the same person under another name', call: () => void tracker.alias('u1') },
    { why: 'the same, where the old name is said', call: () => void tracker.alias('u1', 'admin') },
    { why: 'the same, by the device’s id', call: () => void tracker.alias('u1', 'anonymous-admin') },
    { why: 'the same, under a name from before', call: () => void tracker.alias('admin', 'former') },
  ])('$why is about the device', async ({ call }) => {
    tracker.run(request, call);
    expect(await sent()).toMatchObject([{ anonymousId: 'anonymous-admin' }]);
  });
});

test('outside of a request nobody is meant: the receipt says so', async () => {
  tracker.run(aRequest('one'), () => {});
  expect(await tracker.track('Seen').delivered).toEqual({ kind: 'dropped', reason: 'no-identity' });
  expect(diagnostics).toEqual(['no-identity']);
});

test('the request of one tracker is not that of another', async () => {
  const other = createTracker({ endpoint: 'https://collector.example/api/j', writeKey: 'key' });
  const receipt = tracker.run(aRequest('one'), () => other.track('Seen'));
  expect(await receipt.delivered).toEqual({ kind: 'dropped', reason: 'no-identity' });
  await other.shutdown();
});
