import { readdirSync } from 'node:fs';
import type { Destination } from '@org/track-core';
import { definePlan } from '@org/track-core';
import { afterEach, describe, expect, test } from 'vitest';
import { aDestination, batchOf, closeAll, closeFirst, run } from '../collector/running-collector.ts';
import { amplitude } from '../destination/amplitude.ts';
import { customerIo } from '../destination/customer-io.ts';
import { ga4 } from '../destination/ga4.ts';
import { hubspot } from '../destination/hubspot.ts';
import { klaviyo } from '../destination/klaviyo.ts';
import { meta } from '../destination/meta.ts';
import { mixpanel } from '../destination/mixpanel.ts';
import { posthog } from '../destination/posthog.ts';
import { createScriptedEndpoint } from '../destination/scripted-endpoint.ts';
import { segment } from '../destination/segment.ts';
import { webhook } from '../destination/webhook.ts';
import { judgeEvent } from '../dispatch/judge-event.ts';
import { bigquery } from '../warehouse/bigquery.ts';
import { clickhouse } from '../warehouse/clickhouse.ts';
import { duckdb } from '../warehouse/duckdb.ts';
import { files } from '../warehouse/files.ts';
import { postgres } from '../warehouse/postgres.ts';

afterEach(closeAll);

const id = '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11';
const page = { page_view_id: id, consent: 'denied', path: '/journal' } as const;

/** Every platform there is, each at this address. */
const platforms: { readonly [file: string]: (endpoint: string) => Destination } = {
  amplitude: (endpoint) => amplitude({ apiKey: 'k', endpoint }),
  'customer-io': (endpoint) => customerIo({ siteId: 's', apiKey: 'k', endpoint }),
  ga4: (endpoint) => ga4({ measurementId: 'G-DEMO1234', apiSecret: 'k', endpoint }),
  hubspot: (endpoint) => hubspot({ accessToken: 'k', hubId: '123456', endpoint }),
  klaviyo: (endpoint) => klaviyo({ privateKey: 'k', endpoint }),
  meta: (endpoint) => meta({ datasetId: '123456', accessToken: 'k', endpoint }),
  mixpanel: (endpoint) => mixpanel({ token: 'k', endpoint }),
  posthog: (endpoint) => posthog({ projectKey: 'phc_demo', endpoint }),
  segment: (endpoint) => segment({ writeKey: 'k', endpoint }),
  webhook: (endpoint) =>
    webhook({
      url: endpoint,
      secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
      allowsPrivateAddresses: true,
    }),
};

test('all destinations are looked at', async () => {
  const folder = new URL('../destination/', import.meta.url);
  const found: string[] = [];
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.ts') || file.includes('.test')) continue;
    const exported = Object.values((await import(new URL(file, folder).href)) as object);
    const isPlatform = exported.some((value) => typeof value === 'function' && Object.hasOwn(value, 'definition'));
    if (isPlatform) found.push(file.slice(0, -'.ts'.length));
  }
  expect(found.sort()).toEqual(Object.keys(platforms));
});

test('a page that was served reaches the warehouse, once, and no platform', async () => {
  const endpoint = await createScriptedEndpoint(() => ({ status: 200, body: '{}' }));
  closeFirst(() => endpoint.close());
  const warehouse = duckdb(':memory:');
  const others = Object.values(platforms).map((create) => create(endpoint.url));
  const { collector } = await run({ destinations: [warehouse, aDestination(), ...others] });
  collector.tracker.served(page);
  await collector.flush();

  expect(endpoint.received).toEqual([]);
  const { destinations } = collector.stats();
  for (const { name } of others)
    expect({ name, ...destinations[name] }).toMatchObject({ name, dropped: { filtered: 1 } });
  expect(destinations.sink).toMatchObject({ dropped: { filtered: 1 } });
  const rows = await warehouse.query('SELECT * FROM events');
  expect(rows).toMatchObject([
    {
      event: 'Page Served',
      source: 'server',
      page_path: '/journal',
      properties: { page_view_id: id, consent: 'denied' },
      ...{ anonymous_id: null, user_id: null, session_id: null, ip: null, user_agent: null, integrations: null },
      context: { library: { name: '@org/track-node', version: expect.any(String) }, page: { path: '/journal' } },
    },
  ]);
});

describe('a rule of dispatch, whatever else is said', () => {
  const served = {
    type: 'track',
    event: 'Page Served',
    messageId: 'm1',
    timestamp: '2026-11-20T10:00:00.000Z',
    originalTimestamp: '2026-11-20T10:00:00.000Z',
    receivedAt: '2026-11-20T10:00:00.000Z',
    source: 'server',
    properties: { page_view_id: id, consent: 'given' },
  } as const;
  const everywhere = { integrations: { All: true, amplitude: true } };
  const agreed = { context: { consent: { categoryPreferences: { analytics: true, advertising: true } } } };
  const judge = (destination: Destination, event: object): string => {
    const judged = judgeEvent(destination, event as never, {
      purpose: 'necessary',
      ageOf: (at) => Date.parse(served.receivedAt) - at,
      isSuppressed: () => false,
      onFailed: () => {},
    });
    return judged.kind === 'wanted' ? 'wanted' : judged.reason;
  };

  test.each([
    { why: 'a platform', make: () => platforms.amplitude?.('http://127.0.0.1:9'), event: served, expected: 'filtered' },
    { why: 'one of the host’s own', make: aDestination, event: served, expected: 'filtered' },
    { why: 'DuckDB', make: () => duckdb(':memory:'), event: served, expected: 'wanted' },
    { why: 'Postgres', make: () => postgres({ url: 'postgres://127.0.0.1/x' }), event: served, expected: 'wanted' },
    { why: 'ClickHouse', make: () => clickhouse({ url: 'http://127.0.0.1:9' }), event: served, expected: 'wanted' },
    { why: 'files', make: () => files({ to: 'never-opened' }), event: served, expected: 'wanted' },
    {
      why: 'BigQuery',
      make: () => bigquery({ project: 'p', dataset: 'd', endpoint: 'http://127.0.0.1:9' }),
      event: served,
      expected: 'wanted',
    },
    {
      why: 'a warehouse that asks consent for all the rest',
      make: () => duckdb(':memory:', { requires: ['advertising'] }),
      event: served,
      expected: 'wanted',
    },
    {
      why: 'a warehouse that wants something else',
      make: () => ({ ...duckdb(':memory:'), accepts: () => false }),
      event: served,
      expected: 'filtered',
    },
  ])('$why', ({ make, event, expected }) => {
    expect(judge(make() as Destination, event)).toBe(expected);
  });

  test('addressed to everybody, or agreed to, it would be about somebody: no such page any more, and no identity', async () => {
    const { post } = await run({ keys: { k: { source: 'server', consent: { analytics: true } } } });
    for (const more of [everywhere, agreed]) {
      const { body } = await post({ ...batchOf({ ...served, ...more } as never), writeKey: 'k' });
      expect(body.results).toEqual({ m1: { status: 'invalid', kind: 'dead', reason: 'anonymousId: missing' } });
    }
  });
});

describe('at the collector', () => {
  const served = (more: object = {}): object => ({
    type: 'track',
    event: 'Page Served',
    messageId: 'm1',
    timestamp: new Date().toISOString(),
    properties: { page_view_id: id, consent: 'given' },
    ...more,
  });
  const plan = definePlan({ version: '1', events: { Seen: {} } });
  const server = { source: 'server', consent: { analytics: true } } as const;

  test('a plan need not name it, and what is vouched for others is not said of it', async () => {
    const warehouse = duckdb(':memory:');
    const { post, collector } = await run({
      plan,
      unplanned: 'quarantine',
      keys: { k: server },
      enrichments: [{ name: 'curious', find: () => ({ context: { geo: 'x' } }) }],
      destinations: [warehouse],
    });
    const { body } = await post({ ...batchOf(served() as never), writeKey: 'k' });
    expect(body.results).toBeUndefined();
    await collector.flush();
    expect(await warehouse.query('SELECT context FROM events')).toEqual([{ context: null }]);
  });

  test.each([
    { why: 'of its own', consent: undefined },
    { why: 'with consent that is vouched for', consent: { analytics: true } },
  ])('a browser cannot say what was served: $why', async ({ consent }) => {
    const { post, log } = await run({ keys: { k: { source: 'browser', ...(consent && { consent }) } } });
    const { body } = await post({ ...batchOf(served() as never), writeKey: 'k' });
    expect(body.results).toMatchObject({ m1: { status: 'invalid', reason: 'event: server-only' } });
    expect(log.stats()).toMatchObject({ events: 0 });
  });

  test('sent twice because an answer was lost it is one', async () => {
    const { post, log } = await run({ keys: { k: server } });
    for (let tries = 0; tries < 2; tries++) await post({ ...batchOf(served() as never), writeKey: 'k' });
    expect(log.stats()).toMatchObject({ events: 1 });
  });
});
