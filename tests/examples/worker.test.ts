import { formatDevice } from '@org/track-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Example, startExample } from './example.ts';

let example: Example;
beforeEach(async () => {
  example = await startExample('worker', ['dev.ts']);
});
afterEach(() => example.remove());

const session = '0190a5c8-7b2e-7c4d-8e5f-aaaaaaaaaaaa';
const visitor = (name: string, analytics: boolean): Record<string, string> => ({
  cookie: formatDevice({ consent: [{ analytics }, 1], anonymousId: `anonymous-${name}`, session: [session, 1, 1] }),
  'user-agent': `agent of ${name}`,
  'cf-connecting-ip': '203.0.113.7',
  referer: `${example.url}/checkout/${name}`,
});

test('in workerd: each event is about its own request, after the answer too, and arrives', async () => {
  const names = ['one', 'two', 'three', 'four', 'five'];
  await Promise.all(
    names.map(async (name) => {
      const response = await fetch(`${example.url}/orders`, { method: 'POST', headers: visitor(name, true) });
      expect(await response.json()).toEqual({ order_id: 'o1' });
    }),
  );
  const page = await fetch(example.url, { headers: { ...visitor('six', true), accept: 'text/html' } });
  const pageId = /doc;desc="([^"]+)"/.exec(page.headers.get('server-timing') ?? '')?.[1];
  await fetch(`${example.url}/orders`, { method: 'POST', headers: visitor('refused', false) });
  expect((await fetch(`${example.url}/cdn-cgi/handler/scheduled`)).ok).toBe(true);
  const arrived = (): readonly string[] => example.output().match(/^stored .*/gm) ?? [];
  await expect.poll(() => arrived().length, { timeout: 20_000 }).toBe(2 * names.length + 3);

  const events = await example.stopAndRead();
  const told = events.map(({ event, type, anonymous_id }) => `${event ?? type} ${anonymous_id}`).sort();
  expect(told).toEqual(
    [
      ...names.flatMap((name) => [`Order Completed anonymous-${name}`, `Parcel Packed anonymous-${name}`]),
      'Invoice Sent null',
      'Page Served null',
      'page anonymous-six',
    ].sort(),
  );
  expect(events.find(({ event }) => event === 'Page Served')).toMatchObject({
    ...{ ip: null, user_agent: null, session_id: null, page_path: '/' },
    page_view_id: pageId,
  });
  for (const { anonymous_id, ...event } of events) {
    if (anonymous_id === null) continue;
    const name = anonymous_id.replace('anonymous-', '');
    expect(event).toMatchObject({
      source: 'server',
      session_id: session,
      ip: '203.0.113.0',
      user_agent: `agent of ${name}`,
      page_path: name === 'six' ? '/' : `/checkout/${name}`,
      consented: true,
    });
  }
});
