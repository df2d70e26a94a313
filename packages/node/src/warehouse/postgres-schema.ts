import type { ClientBase } from 'pg';
import { columns } from './event-row.ts';
import { parkedColumns } from './parked-event.ts';

/**
 * What each version of the schema adds: a list that only grows, as a database remembers how many steps it has taken.
 * `events` has the columns of DuckDB's.
 */
const migrations: readonly string[] = [
  `CREATE TABLE events (
    message_id text PRIMARY KEY,
    type text NOT NULL,
    event text,
    name text,
    category text,
    anonymous_id text,
    user_id text,
    group_id text,
    previous_id text,
    session_id text,
    timestamp timestamptz NOT NULL,
    original_timestamp timestamptz,
    sent_at timestamptz,
    received_at timestamptz NOT NULL,
    source text NOT NULL,
    page_url text,
    page_path text,
    page_title text,
    page_referrer text,
    locale text,
    ip text,
    user_agent text,
    properties jsonb,
    traits jsonb,
    context jsonb,
    integrations jsonb
  );
  CREATE INDEX events_timestamp ON events (timestamp);
  CREATE INDEX events_anonymous_id ON events (anonymous_id);
  CREATE INDEX events_user_id ON events (user_id);
  CREATE TABLE parked (
    key text PRIMARY KEY,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    anonymous_id text,
    user_id text,
    event text NOT NULL
  )`,
  `ALTER TABLE parked ADD COLUMN previous_id text, ADD COLUMN message_id text;
  CREATE INDEX parked_message_id ON parked (message_id)`,
];

/** A name inside double quotes, which may be any. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One process at a time changes a schema; any number that all use for the same, and nobody else by accident. */
const migrationLock = 7_264_111_846;

/** Waits for its turn to change tables and views; the turn is over with the transaction. */
export const takeTurn = (client: ClientBase): Promise<unknown> =>
  client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);

/** Brings a schema up to the newest version, in a transaction. Rejects if a newer library wrote it. */
export async function migrate(client: ClientBase, schema: string): Promise<void> {
  await inTransaction(client, async () => {
    await takeTurn(client);
    // Only when missing: whoever may not create schemas can be given one.
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${quoted(schema)}`);
    await client.query(`SET LOCAL search_path TO ${quoted(schema)}`);
    await client.query('CREATE TABLE IF NOT EXISTS track_schema (version integer PRIMARY KEY)');
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM track_schema',
    );
    const version = rows[0]?.version ?? 0;
    if (version > migrations.length) {
      throw new Error(
        `its schema has version ${version}, this library knows ${migrations.length}: update @org/track-node`,
      );
    }
    for (const [index, step] of migrations.entries()) {
      if (index < version) continue;
      await client.query(step);
      await client.query('INSERT INTO track_schema VALUES ($1)', [index + 1]);
    }
  });
}

/** Does all of it or nothing. */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the connection is gone, and the transaction with it
    throw error;
  }
}

const sqlTypes = { VARCHAR: 'text', TIMESTAMPTZ: 'timestamptz', JSON: 'jsonb' } as const;

/** One statement stores any number of rows: an array for each column. The same event a second time leaves the first, parked or not. */
export const insertInto = (schema: string): string => {
  const names = columns.map(({ name }) => name).join(', ');
  // Arrays of text, for jsonb's own arrays are hard to write.
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const values = columns.map(({ name, type }) => `${name}::${sqlTypes[type]}`).join(', ');
  return `INSERT INTO ${quoted(schema)}.events (${names}) SELECT ${values} FROM unnest(${arrays}) AS t(${names})
    WHERE NOT EXISTS (SELECT FROM ${quoted(schema)}.parked WHERE parked.message_id = t.message_id)
    ON CONFLICT (message_id) DO NOTHING`;
};

/** Keeps any number of events that are no rows: an array for each column of `parkedColumns`. Each once, unless its id is that of a row. */
export const parkIn = (schema: string): string => {
  const names = parkedColumns.join(', ');
  const arrays = parkedColumns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  return `INSERT INTO ${quoted(schema)}.parked (${names}) SELECT * FROM unnest(${arrays}) AS t(${names})
    WHERE NOT EXISTS (SELECT FROM ${quoted(schema)}.events WHERE events.message_id = t.message_id)
    ON CONFLICT (key) DO NOTHING`;
};
