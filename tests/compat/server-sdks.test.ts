import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countTypes, keys, type Served, type Setting, serve } from './collector.ts';

let served: Served;
// RudderStack's SDK writes what fails, and whole events, to the console.
beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error'] as const) vi.spyOn(console, method).mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await served.close();
});

/** What every such client can do. */
interface Client {
  track(call: { userId: string; event: string; properties?: object }): void;
  page(call: { userId: string; name: string }): void;
  screen(call: { userId: string; name: string }): void;
  identify(call: { userId: string; traits: object }): void;
  group(call: { userId: string; groupId: string }): void;
  alias(call: { userId: string; previousId: string }): void;
}

interface Running {
  readonly client: Client;
  /** Sends what waits; resolves when the client knows what became of it. */
  finish(): Promise<void>;
  /** What it told its user went wrong. */
  readonly failures: readonly unknown[];
}

interface Sdk {
  readonly name: string;
  start(url: string, writeKey: string): Running;
}

const sdks: readonly Sdk[] = [
  {
    name: '@segment/analytics-node',
    start(url, writeKey) {
      const failures: unknown[] = [];
      const analytics = new Analytics({ writeKey, host: url, maxEventsInBatch: 20 });
      analytics.on('error', (error) => failures.push(error));
      return { client: analytics, failures, finish: () => analytics.closeAndFlush({ timeout: 40_000 }) };
    },
  },
  {
    name: '@rudderstack/rudder-sdk-node',
    start(url, writeKey) {
      const failures: unknown[] = [];
      // Without a handler its failures are rejections that nobody handles.
      const options = { dataPlaneUrl: url, flushAt: 20, errorHandler: (error: unknown) => failures.push(error) };
      const analytics = new RudderAnalytics(writeKey, options);
      const finish = async (): Promise<void> => {
        // One call sends one batch.
        for (let batch = 0; batch < 20; batch++) await analytics.flush();
      };
      return { client: analytics as unknown as Client, failures, finish };
    },
  },
];

async function track(sdk: Sdk, events: number, setting: Setting = {}, key = 'secret-of-the-shop'): Promise<Running> {
  served = await serve(setting);
  const running = sdk.start(served.url, key);
  for (let index = 0; index < events; index++) running.client.track({ userId: `u${index}`, event: 'Order Completed' });
  await running.finish();
  return running;
}

describe.each(sdks)('$name, unmodified', (sdk) => {
  test('all six calls arrive as what they are, once each, as events of a server', async () => {
    served = await serve();
    const { client, finish, failures } = sdk.start(served.url, 'secret-of-the-shop');
    for (let index = 0; index < 60; index++) {
      const userId = `u${index}`;
      client.track({ userId, event: 'Order Completed', properties: { total: index, products: [{ id: 'p' }] } });
      client.page({ userId, name: 'Home' });
      client.screen({ userId, name: 'Cart' });
      client.identify({ userId, traits: { plan: 'pro' } });
      client.group({ userId, groupId: 'acme' });
      client.alias({ userId, previousId: `before-${index}` });
    }
    await finish();
    expect(failures).toEqual([]);
    const events = await served.delivered();
    expect(countTypes(events)).toEqual({ track: 60, page: 60, screen: 60, identify: 60, group: 60, alias: 60 });
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(360);
    expect(new Set(events.map(({ source }) => source))).toEqual(new Set(['server']));
    expect(events.find(({ type }) => type === 'track')).toMatchObject({
      userId: 'u0',
      event: 'Order Completed',
      properties: { total: 0, products: [{ id: 'p' }] },
    });
    expect(JSON.stringify(events)).not.toContain('secret-of-the-shop');
    expect(served.collector.stats().events).toMatchObject({ stored: 360, invalid: 0, duplicate: 0 });
  });

  test('503 while the disk is full: it tries again, and loses nothing', async () => {
    const { failures } = await track(sdk, 10, { failures: 1 });
    expect(served.statuses).toContain(503);
    expect(failures).toEqual([]);
    expect(await served.delivered()).toHaveLength(10);
  });

  test('429 for too much at once: it comes back when it may, and loses nothing', async () => {
    // 40 at once; the batch after the second has to wait for a second.
    const limited = { ...keys['secret-of-the-shop'], eventsPerSecond: 1 };
    const { failures } = await track(sdk, 60, { standsStill: true, keys: { 'secret-of-the-shop': limited } });
    expect(failures).toEqual([]);
    // Once is enough to be told, whatever else was on its way.
    expect(served.statuses.filter((status) => status !== 200)).toEqual([429]);
    const toldAt = served.answeredAt[served.statuses.indexOf(429)] ?? 0;
    expect((served.answeredAt.at(-1) ?? 0) - toldAt).toBeGreaterThan(900);
    expect(await served.delivered()).toHaveLength(60);
  });

  test('413 only beyond a generous size; then it gives up, and says so', async () => {
    const { failures } = await track(sdk, 20, { limits: { maxEvents: 5 } });
    expect(served.statuses).toContain(413);
    expect(failures.length).toBeGreaterThan(0);
    expect((await served.delivered()).length).toBeLessThan(20);
  });

  test('401 for an unknown key: it gives up at once, and says so', async () => {
    const { failures } = await track(sdk, 5, {}, 'no-key-of-ours');
    expect(new Set(served.statuses)).toEqual(new Set([401]));
    expect(served.statuses.length).toBeLessThanOrEqual(2);
    expect(failures.length).toBeGreaterThan(0);
    expect(await served.delivered()).toEqual([]);
  });

  test('one invalid event costs only itself', async () => {
    served = await serve();
    const { client, finish, failures } = sdk.start(served.url, 'secret-of-the-shop');
    for (let index = 0; index < 40; index++) {
      const properties = index === 17 ? { text: 'x'.repeat(33_000) } : {};
      client.track({ userId: `u${index}`, event: 'Order Completed', properties });
    }
    await finish();
    expect(failures).toEqual([]);
    expect(await served.delivered()).toHaveLength(39);
    expect(served.collector.stats().events).toMatchObject({ stored: 39, invalid: 1 });
  });
});
