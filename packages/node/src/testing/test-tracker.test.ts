import { definePlan, formatDevice } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { assertTracked, type TrackMatchers, trackMatchers } from './matchers.ts';
import { createTestTracker, type TestTracker } from './test-tracker.ts';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends TrackMatchers<R> {}
}

expect.extend(trackMatchers);

const order = z.object({ order_id: z.string(), total: z.number() });
const plan = definePlan({ version: '1', events: { 'Order Completed': { properties: order } } });

let tracker: TestTracker<typeof plan>;
beforeEach(() => {
  tracker = createTestTracker({ plan });
});
afterEach(() => tracker.shutdown());

const buy = (): unknown =>
  tracker.track(
    'Order Completed',
    { order_id: 'o1', total: 43 },
    { userId: 'u1', context: { page: { path: '/buy' } } },
  );

describe('toHaveTracked', () => {
  test('asks for what the event has at least, at once', () => {
    buy();
    expect(tracker).toHaveTracked('Order Completed');
    expect(tracker).toHaveTracked('Order Completed', { total: 43 });
    expect(tracker).toHaveTracked('Order Completed', {
      order_id: expect.stringMatching(/^o/),
      total: expect.any(Number),
    });
    expect(tracker).toHaveTracked('Order Completed', {}, { userId: 'u1', context: { page: { path: '/buy' } } });
    assertTracked(tracker, 'Order Completed', { total: 43 }, { userId: 'u1' });
  });

  test.each<{ why: string; check: () => void; message: RegExp }>([
    {
      why: 'another name',
      check: () => expect(tracker).toHaveTracked('Order Refunded'),
      message: /somebody to have tracked "Order Refunded".*what was tracked:\n {2}"Order Completed" .*"total":43/s,
    },
    {
      why: 'another property',
      check: () => expect(tracker).toHaveTracked('Order Completed', { total: 44 }),
      message: /"Order Completed" \{"properties":\{"total":44\}\}/,
    },
    {
      why: 'a property that is not there',
      check: () => expect(tracker).toHaveTracked('Order Completed', { coupon: expect.any(String) }),
      message: /"coupon":"Any<String>"/,
    },
    {
      why: 'another person',
      check: () => expect(tracker).toHaveTracked('Order Completed', {}, { userId: 'u2' }),
      message: /"userId":"u2"/,
    },
    {
      why: 'what must not be there',
      check: () => expect(tracker).not.toHaveTracked('Order Completed', { total: 43 }),
      message: /nobody to have tracked/,
    },
    {
      why: 'without a framework',
      check: () => assertTracked(tracker, 'Order Refunded'),
      message: /somebody to have tracked/,
    },
  ])('fails for $why, and tells what there was', ({ check, message }) => {
    buy();
    expect(check).toThrow(message);
  });

  test('tells what was dropped, and why', async () => {
    tracker.track('Order Completed', { order_id: 'o1', total: 43 });
    const check = (): void => expect(tracker).toHaveTracked('Order Completed');
    expect(check).toThrow(/dropped: no-identity \(track\)/);
  });

  test('refuses what is no test tracker', () => {
    expect(() => expect({}).toHaveTracked('x')).toThrow('expected a tracker made by createTestTracker');
  });
});

test('lists are compared whole, objects by what is asked for', () => {
  const any = createTestTracker();
  any.track('Seen', { tags: ['a', 'b'], deep: { one: { two: 2, three: 3 } }, none: null }, { userId: 'u1' });
  expect(any).toHaveTracked('Seen', { tags: ['a', 'b'], deep: { one: { two: 2 } }, none: null });
  expect(any).not.toHaveTracked('Seen', { tags: ['a'] });
  expect(any).not.toHaveTracked('Seen', { tags: { 0: 'a' } });
  expect(any).not.toHaveTracked('Seen', { none: {} });
  expect(any).not.toHaveTracked('Seen', { deep: { one: { two: 3 } } });
});

test('an event without properties is found, and has none', () => {
  const any = createTestTracker();
  any.track('Seen', undefined, { userId: 'u1' });
  expect(any).toHaveTracked('Seen');
  expect(any).toHaveTracked('Seen', {}, { userId: 'u1' });
  expect(any).not.toHaveTracked('Seen', { a: 1 });
});

test('toHaveTrackedTimes counts', () => {
  buy();
  buy();
  expect(tracker).toHaveTrackedTimes('Order Completed', 2);
  expect(() => expect(tracker).toHaveTrackedTimes('Order Completed', 1)).toThrow(/tracked 1 times, found it 2 times/);
  tracker.clear();
  expect(tracker).toHaveTrackedTimes('Order Completed', 0);
});

test('toFollowPlan tells what the plan has against an event', () => {
  buy();
  expect(tracker).toFollowPlan();
  tracker.track('Order Completed', { order_id: 'o1' } as never, { userId: 'u1' });
  expect(() => expect(tracker).toFollowPlan()).toThrow(/"Order Completed": .*total/);
});

test('consent, requests and plugins work as in earnest', () => {
  const cookie = formatDevice({ consent: [{ analytics: true }, 1], anonymousId: 'anonymous-1' });
  tracker.run({ headers: { cookie } }, () => tracker.track('Order Completed', { order_id: 'o1', total: 1 }));
  expect(tracker).toHaveTracked('Order Completed', {}, { anonymousId: 'anonymous-1' });

  const strict = createTestTracker({ consent: {}, plugins: [{ name: 'none', process: () => null }] });
  strict.track('Seen', {}, { userId: 'u1' });
  strict.with({ userId: 'u1', consent: { analytics: true } }).track('Seen');
  expect(strict.events).toEqual([]);
  expect(strict.diagnostics.map(({ code }) => code)).toEqual(['consent', 'none']);
});

test('what is too large when all plugins have seen it is not let through', () => {
  const list = Array.from({ length: 900 }, () => 'x'.repeat(50));
  const any = createTestTracker();
  any.track('Exported', { list }, { userId: 'u1' });
  any.served({ page_view_id: '0190a5c8-7b2e-4c4d-8e5f-1a2b3c4d5e6f', consent: 'undecided', path: '/' });
  expect(any.events.map((event) => 'event' in event && event.event)).toEqual(['Page Served']);
  expect(any.diagnostics.map(({ code }) => code)).toEqual(['too-large']);
});
