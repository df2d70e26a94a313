import { Analytics } from '@segment/analytics-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Backend, createBackend } from './backend.ts';

let backend: Backend;

beforeEach(async () => {
  backend = await createBackend();
  await backend.start();
});
afterEach(() => backend.remove());

function sdk(): Analytics {
  return new Analytics({ writeKey: 'secret-of-the-shop', host: backend.url, flushAt: 100 });
}

test('an unmodified Segment SDK: 1,000 events of all six types are in the warehouse once each', async () => {
  const analytics = sdk();
  const failures: unknown[] = [];
  analytics.on('error', (error) => failures.push(error));
  for (let index = 0; index < 1_000; index++) {
    const userId = `u${index}`;
    const calls = [
      () =>
        analytics.track({ userId, event: 'Order Completed', properties: { total: index, products: [{ id: 'p' }] } }),
      () => analytics.page({ userId, name: 'Home', properties: { path: '/' } }),
      () => analytics.screen({ userId, name: 'Cart' }),
      () => analytics.identify({ userId, traits: { plan: 'pro' } }),
      () => analytics.group({ userId, groupId: 'acme', traits: { seats: 3 } }),
      () => analytics.alias({ userId, previousId: `anonymous-${index}` }),
    ];
    calls[index % calls.length]?.();
  }
  await analytics.closeAndFlush();
  expect(failures).toEqual([]);

  const rows = await backend.stopAndAsk<{ type: string; events: number; ids: number; users: number }>(`
    SELECT type, count(*)::INT AS events, count(DISTINCT message_id)::INT AS ids, count(DISTINCT user_id)::INT AS users
    FROM events GROUP BY type ORDER BY type`);
  const each = (type: string, events: number) => ({ type, events, ids: events, users: events });
  expect(rows).toEqual([
    each('alias', 166),
    each('group', 166),
    each('identify', 167),
    each('page', 167),
    each('screen', 167),
    each('track', 167),
  ]);
});

test('one invalid event among 200 costs only itself', async () => {
  const analytics = sdk();
  for (let index = 0; index < 200; index++) {
    // Beyond what one event may weigh; the SDK's own limit does not see it.
    const properties = index === 77 ? { text: 'x'.repeat(40_000) } : {};
    analytics.track({ userId: `u${index}`, event: 'Order Completed', properties });
  }
  await analytics.closeAndFlush();
  const rows = await backend.stopAndAsk<{ events: number }>('SELECT count(*)::INT AS events FROM events');
  expect(rows).toEqual([{ events: 199 }]);
});
