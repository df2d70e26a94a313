import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * What each version of the file adds. A list that only grows: a file remembers how many steps it has taken, so a step
 * that was ever published is never edited.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE events (
    message_id VARCHAR PRIMARY KEY,
    type VARCHAR NOT NULL,
    event VARCHAR,
    name VARCHAR,
    category VARCHAR,
    anonymous_id VARCHAR,
    user_id VARCHAR,
    group_id VARCHAR,
    previous_id VARCHAR,
    session_id VARCHAR,
    timestamp TIMESTAMPTZ NOT NULL,
    original_timestamp TIMESTAMPTZ,
    sent_at TIMESTAMPTZ,
    received_at TIMESTAMPTZ NOT NULL,
    source VARCHAR NOT NULL,
    page_url VARCHAR,
    page_path VARCHAR,
    page_title VARCHAR,
    page_referrer VARCHAR,
    locale VARCHAR,
    ip VARCHAR,
    user_agent VARCHAR,
    properties JSON,
    traits JSON,
    context JSON,
    integrations JSON
  )`,
  `CREATE TABLE parked (
    key VARCHAR PRIMARY KEY,
    reason VARCHAR NOT NULL,
    parked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    anonymous_id VARCHAR,
    user_id VARCHAR,
    event VARCHAR NOT NULL,
    previous_id VARCHAR,
    message_id VARCHAR
  )`,
];

/** Brings a file up to the newest version, in one transaction. Rejects if a newer library wrote it. */
export async function migrate(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    await connection.run('CREATE TABLE IF NOT EXISTS track_schema (version INTEGER NOT NULL)');
    const reader = await connection.runAndReadAll('SELECT coalesce(max(version), 0)::INTEGER FROM track_schema');
    const version = Number(reader.value(0, 0));
    if (version > migrations.length) {
      throw new Error(
        `its schema has version ${version}, this library knows ${migrations.length}: update @org/track-node`,
      );
    }
    for (const [index, step] of migrations.entries()) {
      if (index < version) continue;
      await connection.run(step);
      await connection.run(`INSERT INTO track_schema VALUES (${index + 1})`);
    }
  });
}

/** Does all of it or nothing. */
export async function inTransaction(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await work();
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {}); // a failed commit has rolled back already
    throw error;
  }
}
