import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { bigquery } from '@org/track-node/bigquery';
import { duckdb } from '@org/track-node/duckdb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { erasureCases, eventsOf } from './erasure-cases.ts';

const { signal } = new AbortController();

let server: Server;
let asked: {
  readonly query: string;
  readonly queryParameters: readonly { name: string; parameterValue: { value: string } }[];
};
beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked = JSON.parse(await text(request)) as typeof asked;
    response.end('{"jobComplete":true}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
});

/** What is no row is a dead letter in the log, and in no table. */
const storedCases = erasureCases.filter(({ why }) => !why.startsWith('what was parked'));

// BigQuery runs nowhere but at Google. What we ask it is plain enough for another engine to be asked the same.
test.each(storedCases)('what BigQuery is asked forgets $why', async (each) => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const destination = bigquery({ project: 'p', dataset: 'd', endpoint, token: async () => 'token' });
  await destination.erase?.(each.person, { signal });
  const warehouse = duckdb(':memory:');
  try {
    await warehouse.deliver(eventsOf(each), { signal });
    const sql = asked.query
      .replaceAll('`p.d.events`', 'events')
      .replaceAll('@', '$')
      .replaceAll('JSON_VALUE(context,', 'json_extract_string(context,');
    const values = asked.queryParameters.map(({ name, parameterValue: { value } }) => [name, value] as const);
    await warehouse.query(sql, Object.fromEntries(values));
    const left = each.left.filter((place) => each.events[place]?.lost === undefined);
    expect(await warehouse.query('SELECT message_id AS id FROM events ORDER BY id')).toEqual(
      left.map((place) => ({ id: `m${place}` })),
    );
  } finally {
    await warehouse.close?.();
  }
});
