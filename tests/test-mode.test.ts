import { createTracker } from '@org/track-node';
import { afterEach, expect, test } from 'vitest';
import { aConfig, anEvent, createWorkplace, type Served, secretKey, type Workplace } from './track-process.ts';

let place: Workplace;
afterEach(() => place.remove());

async function read(server: Served, path: string, method = 'GET'): Promise<unknown> {
  return (await server.admin(path, { method })).json();
}

test('in test mode others’ tests ask what came, good and bad, filter it, and begin anew', async () => {
  place = createWorkplace(aConfig('testMode: true,').replace("'.track/log.db'", "':memory:'"));
  const server = await place.serve();
  const tracker = createTracker({ endpoint: server.url, writeKey: secretKey, consent: { analytics: true } });
  tracker.track('Order Completed', { order_id: 'o1' }, { userId: 'u1' });
  tracker.track('Order Completed', { order_id: 'o2' }, { userId: 'u2' });
  await tracker.shutdown();
  await server.post([anEvent('1'), anEvent('1'), anEvent('2', { event: '' })]);

  expect(await read(server, '/test/all')).toEqual({ total: 4, good: 3, bad: 1, duplicates: 1, forgotten: 0 });
  expect(await read(server, '/test/good?event=Order+Completed&userId=u2')).toMatchObject([
    { status: 'stored', source: 'server', event: { properties: { order_id: 'o2' } } },
  ]);
  expect(await read(server, '/test/bad')).toMatchObject([
    { status: 'invalid', reason: expect.stringMatching(/^event/) },
  ]);

  const nothing = { total: 0, good: 0, bad: 0, duplicates: 0, forgotten: 0 };
  expect(await read(server, '/test/reset', 'POST')).toEqual(nothing);
  expect([await read(server, '/test/all'), await read(server, '/test/good')]).toEqual([nothing, []]);
  expect((await server.admin('/test/reset')).status).toBe(404);
});

test('without it nobody can ask', async () => {
  place = createWorkplace();
  const server = await place.serve();
  await server.post([anEvent('1')]);
  expect((await server.admin('/test/all')).status).toBe(404);
  expect((await fetch(new URL('/test/all', server.url))).status).toBe(404);
});
