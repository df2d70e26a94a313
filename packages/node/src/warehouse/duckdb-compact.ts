import { existsSync, renameSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './quoted.ts';

/** Where the copy is made: beside the file, so that it takes its place in one step. */
const copyOf = (file: string): string => `${file}.compact`;

/** Lives as long as an opened database does, and tells one that was opened anew from one that never was closed. */
const mark = 'track_compaction_mark';

/** What a database is made of; a copy that has less is none. */
const inventory = [
  'duckdb_tables',
  'duckdb_views',
  'duckdb_indexes',
  'duckdb_sequences',
  'duckdb_types',
  'duckdb_constraints',
  'duckdb_functions',
  'duckdb_schemas',
];

/** Takes away what a process left that was killed. */
export async function removeCopy(file: string): Promise<void> {
  for (const path of [copyOf(file), `${copyOf(file)}.wal`]) await rm(path, { force: true });
}

export async function bytesOf(file: string): Promise<number> {
  return (await stat(file)).size;
}

/**
 * Copies all that is in the file into a new one beside it, and waits until that is on the disk. The rows of people who
 * were erased are not: in the file itself they stay where rows of others are next to them, for good.
 */
export async function makeCopy(connection: DuckDBConnection, file: string): Promise<void> {
  await removeCopy(file);
  const [own] = await rowsOf(connection, 'SELECT current_database()');
  await connection.run(`ATTACH ${quoted(copyOf(file))} AS track_copy`);
  try {
    await connection.run(`COPY FROM DATABASE ${identifier(String(own?.[0]))} TO track_copy`);
    await connection.run('CHECKPOINT track_copy');
    await requireWhole(connection, String(own?.[0]));
  } finally {
    await connection.run('DETACH track_copy').catch(() => {}); // after a fatal error there is nothing to detach from
  }
  await sync(copyOf(file));
}

/** Marks this opened database: `isMarked` says whether it is open still, be it for somebody else in this process. */
export async function setMark(connection: DuckDBConnection): Promise<void> {
  await connection.run(`ATTACH IF NOT EXISTS ':memory:' AS ${mark}`);
}

export async function isMarked(connection: DuckDBConnection): Promise<boolean> {
  const rows = await rowsOf(connection, `SELECT 1 FROM duckdb_databases() WHERE database_name = ${quoted(mark)}`);
  return rows.length > 0;
}

export async function removeMark(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DETACH DATABASE IF EXISTS ${mark}`);
}

/**
 * Puts the copy in the file's place. The file is closed, and its log is empty: a log would be taken for the copy's.
 *
 * @param close - closes it, in the very turn in which the copy takes its place: nobody can open it in between
 */
export async function putInPlace(file: string, close: () => void): Promise<void> {
  close();
  if (existsSync(`${file}.wal`)) throw new Error('its write-ahead log is not empty');
  renameSync(copyOf(file), file);
  await sync(dirname(file));
}

async function requireWhole(connection: DuckDBConnection, own: string): Promise<void> {
  for (const kind of inventory) {
    const [counts] = await rowsOf(
      connection,
      `SELECT count(*) FILTER (WHERE database_name = ${quoted(own)}), count(*) FILTER (WHERE database_name = 'track_copy')
       FROM ${kind}()`,
    );
    if (counts?.[0] !== counts?.[1]) throw new Error(`the copy has not all of ${kind}`);
  }
  const tables = await rowsOf(
    connection,
    `SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ${quoted(own)} AND NOT internal`,
  );
  for (const names of tables) {
    const table = names.map((name) => identifier(String(name))).join('.');
    const [counts] = await rowsOf(
      connection,
      `SELECT (SELECT count(*) FROM ${identifier(own)}.${table}), (SELECT count(*) FROM track_copy.${table})`,
    );
    if (counts?.[0] !== counts?.[1]) throw new Error(`the copy has not all rows of ${table}`);
  }
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** What was written is there after a power cut. */
async function sync(path: string): Promise<void> {
  // Windows opens no folders; its file systems write names down by themselves.
  if (process.platform === 'win32') return;
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
