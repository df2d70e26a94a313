import { readFileSync } from 'node:fs';
import { type CollectedEvent, definePlan } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { duckdb } from '@org/track-node/duckdb';
import { eventViews, funnel, models, withModels } from '@org/track-node/models';
import { postgres } from '@org/track-node/postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { needs, postgresServer } from '../scripts/optional.mjs';
import { startPostgres } from '../scripts/postgres.mjs';

const guide = readFileSync(new URL('../docs/guides/ask-the-warehouse.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql);
/** Those that stand in a call: `warehouse.query('SELECT …')`. */
const called = [...guide.matchAll(/query\(\s*'(SELECT [^']*)'\s*\)/g)].map(([, sql = '']) => sql);

const plan = definePlan({
  version: '1',
  events: { 'Order Completed': { properties: z.object({ order_id: z.string(), total: z.number() }) } },
});
const toNewsletter = funnel([{ page: '/newsletter' }, 'Form Started', 'Signed Up'], { name: 'to_newsletter' });
const all = [...models, toNewsletter, ...eventViews(plan)];

const { signal } = new AbortController();
const old = '2026-01-01T10:00:00.000Z';
const event = (fields: object): CollectedEvent =>
  aCollectedEvent({ timestamp: old, originalTimestamp: old, receivedAt: old, ...fields });

/** A cart left alone, one ordered; an order of somebody of whom no page told; a visit. */
const events: readonly CollectedEvent[] = [
  event({
    messageId: 'm1',
    anonymousId: 'a1',
    event: 'Product Added',
    properties: { price: 10, quantity: 2 },
  }),
  event({
    messageId: 'm2',
    anonymousId: 'a2',
    event: 'Product Added',
    properties: { price: 5, quantity: 1 },
  }),
  event({
    messageId: 'm3',
    source: 'server',
    anonymousId: 'a3',
    event: 'Order Completed',
    properties: { order_id: 'o1', total: 150 },
  }),
  event({
    messageId: 'm5',
    source: 'server',
    anonymousId: 'a2',
    timestamp: '2026-01-01T11:00:00.000Z',
    event: 'Order Completed',
    properties: { order_id: 'o2', total: 5 },
  }),
  event({
    messageId: 'm4',
    type: 'page',
    event: undefined,
    anonymousId: 'a1',
    context: { session: { id: 's1' }, page: { path: '/' } },
  }),
];

test('there is SQL in the guide, and this test finds it', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  expect(called.length).toBeGreaterThanOrEqual(2);
});

describe('in DuckDB', () => {
  const warehouse = duckdb(':memory:', { models: all });
  beforeAll(async () => void (await warehouse.deliver(events, { signal })));
  afterAll(() => warehouse.close?.());

  test.each([...blocks, ...called])('%s', async (sql) => {
    expect(await warehouse.query(sql)).toBeInstanceOf(Array);
  });

  test('the questions are answered as the guide says', async () => {
    const ask = (words: string) => warehouse.query(blocks.find((sql) => sql.includes(words)) ?? '');
    expect(await ask('FROM carts')).toEqual([{ carts: 2, abandoned: 1, value: 20 }]);
    expect(await ask('FROM reconciliation')).toEqual([{ orders: 2, in_the_dark: 1 }]);
    const [byTotal] = called.filter((sql) => sql.includes('event_order_completed'));
    expect(await warehouse.query(byTotal ?? '')).toEqual([{ order_id: 'o1', total: 150 }]);
  });

  test('part of the events', async () => {
    const german = withModels('duckdb', models, 'SELECT * FROM main.events WHERE locale = $locale');
    expect(await warehouse.query(`${german} SELECT * FROM funnel`, { locale: 'de-DE' })).toHaveLength(4);
  });
});

describe('in Postgres', { ...needs(postgresServer), timeout: 60_000 }, () => {
  test('the questions have the same answers', async () => {
    const server = await startPostgres();
    const schema = `guide_${process.pid}`;
    const warehouse = postgres({ url: server.url, schema, models: all });
    const other = duckdb(':memory:', { models: all });
    try {
      await warehouse.deliver(events, { signal });
      await other.deliver(events, { signal });
      for (const sql of blocks) expect(await warehouse.query(sql)).toEqual(await other.query(sql));
    } finally {
      await warehouse.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).catch(() => {});
      await warehouse.close?.();
      await other.close?.();
      await server.remove();
    }
  });
});
