import { join } from 'node:path';
import { type CollectorOptions, createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import type { ClientUnderTest, WireRequest } from './client.ts';

/** Where events end: what answers requests, and what it has in the end. */
export interface Sink {
  answer(request: WireRequest): Promise<Response>;
  /** The id of every event kept, once for each copy kept. */
  kept(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The real collector: SQLite log, DuckDB behind it, both in `folder`. */
export function collectorSink(folder: string, options: Partial<CollectorOptions> = {}): Sink {
  const warehouse = duckdb(join(folder, 'events.duckdb'));
  const log = sqliteLog(join(folder, 'log.db'));
  const collector = createCollector({ log, destinations: [warehouse], ...options });
  return {
    answer: ({ method, url, headers, body }) =>
      collector.fetch(
        new Request(url, { method, headers, ...(method === 'POST' ? { body: new Uint8Array(body) } : {}) }),
      ),
    async kept() {
      await collector.flush();
      const rows = await warehouse.query<{ id: string }>(
        "SELECT json_extract_string(properties, '$.marker') AS id FROM events WHERE event = 'Fault Met'",
      );
      return rows.map(({ id }) => id);
    },
    close: () => collector.close(),
  };
}

/**
 * A far end in memory for clients that bring no collector. It keeps each id once: what a hosted product makes of copies is
 * not measured here.
 */
export function memorySink(client: ClientUnderTest): Sink {
  const ids = new Set<string>();
  return {
    async answer(request) {
      for (const { id } of client.decode(request)) ids.add(id);
      return client.answer?.(request) ?? new Response(null, { status: 404 });
    },
    kept: async () => [...ids],
    close: async () => {},
  };
}
