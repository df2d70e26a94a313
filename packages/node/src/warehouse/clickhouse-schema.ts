import { type ClickHouseConnection, named, quoted } from './clickhouse-connection.ts';
import { columns } from './event-row.ts';
import { parkedColumns } from './parked-event.ts';

/** What of a server's abilities is used. */
export interface ServerFeatures {
  readonly version: string;
  /**
   * From 24.3 on: milliseconds, insertion in the background that is waited for, tokens against a block that comes twice,
   * DELETE, views that are replaced, names in models resolved as SQL says. No older release is maintained by anyone;
   * each works as the oldest do.
   */
  readonly isModern: boolean;
}

export const modernVersion = '24.3';

export async function readFeatures(connection: ClickHouseConnection): Promise<ServerFeatures> {
  const version = (await connection.ask('SELECT version()')).trim();
  const [year = 0, month = 0] = version.split('.').map(Number);
  return { version, isModern: year > 24 || (year === 24 && month >= 3) };
}

/** The tables that hold the rows, and the views everybody asks. */
export const storage = { events: 'events_raw', parked: 'parked_raw' } as const;

/** Where a column of `events` is stored: moments as milliseconds, for DateTime64 is younger than the oldest servers. */
export const storedColumns: readonly string[] = columns.map(({ name, type }) =>
  type === 'TIMESTAMPTZ' ? `${name}_ms` : name,
);

/**
 * The newest row of a key has the lowest `precedence`, and the highest is the one that stays: the first.
 *
 * Merges remove the others in their own time; until then `FINAL`, in the views, hides them. Nothing but the id is in the
 * sorting key and there are no partitions, because rows are told apart only within both: a time that a second delivery
 * tells differently would make two rows of one event. Ids that are UUIDv7 keep rows in the order of time all the same.
 *
 * JSON is stored as the text it came as: the type JSON (from 25.3 on) changes keys with dots and lists of mixed types.
 */
const engine = 'ENGINE = ReplacingMergeTree(precedence) ORDER BY';

/** A block is forgotten after this many others; a part is on the disk before the server confirms it. */
const modernSettings =
  'SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1';

/**
 * What each version of the schema adds: a list that only grows, as a database remembers how many steps it has taken.
 * Each statement can be repeated: there are no transactions, and two may be at it at once.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS events_raw (
    message_id String,
    type String,
    event Nullable(String),
    name Nullable(String),
    category Nullable(String),
    anonymous_id Nullable(String),
    user_id Nullable(String),
    group_id Nullable(String),
    previous_id Nullable(String),
    session_id Nullable(String),
    timestamp_ms Int64,
    original_timestamp_ms Nullable(Int64),
    sent_at_ms Nullable(Int64),
    received_at_ms Int64,
    source String,
    page_url Nullable(String),
    page_path Nullable(String),
    page_title Nullable(String),
    page_referrer Nullable(String),
    locale Nullable(String),
    ip Nullable(String),
    user_agent Nullable(String),
    properties Nullable(String),
    traits Nullable(String),
    context Nullable(String),
    integrations Nullable(String),
    precedence UInt64
  ) ${engine} message_id`,
    `CREATE TABLE IF NOT EXISTS parked_raw (
    key String,
    reason String,
    parked_at_ms Int64,
    message_id Nullable(String),
    anonymous_id Nullable(String),
    user_id Nullable(String),
    previous_id Nullable(String),
    event String,
    precedence UInt64
  ) ${engine} key`,
  ],
];

/** Brings a database up to the newest version. Rejects if a newer library wrote it. */
export async function migrate(
  connection: ClickHouseConnection,
  database: string,
  features: ServerFeatures,
): Promise<void> {
  const count = async (sql: string): Promise<number> => Number(await connection.ask(sql));
  // Only when missing: whoever may not create databases or tables can be given them.
  if ((await count(`SELECT count() FROM system.databases WHERE name = ${quoted(database)}`)) === 0) {
    await connection.ask(`CREATE DATABASE IF NOT EXISTS ${named(database)}`);
  }
  const tables = ['track_schema', storage.events, storage.parked];
  const names = tables.map(quoted).join(', ');
  const there = `SELECT count() FROM system.tables WHERE database = ${quoted(database)} AND name IN (${names})`;
  const isWhole = (await count(there)) === tables.length;
  const inDatabase = { settings: { database } };
  if (!isWhole) {
    await connection.ask(
      'CREATE TABLE IF NOT EXISTS track_schema (version UInt32) ENGINE = ReplacingMergeTree ORDER BY version',
      inDatabase,
    );
  }
  const version = Number(await connection.ask('SELECT max(version) FROM track_schema', inDatabase));
  if (version > migrations.length) {
    throw new Error(
      `its schema has version ${version}, this library knows ${migrations.length}: update @org/track-node`,
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (isWhole && index < version) continue;
    for (const statement of step) {
      const settings = features.isModern && statement.startsWith('CREATE TABLE') ? `\n${modernSettings}` : '';
      await connection.ask(statement + settings, inDatabase);
    }
    await connection.ask(`INSERT INTO track_schema VALUES (${index + 1})`, inDatabase);
  }
  const type = `SELECT any(type) FROM system.columns WHERE database = ${quoted(database)} AND table = 'events' AND name = 'timestamp'`;
  // A server that was updated knows milliseconds now.
  const isMade = (await connection.ask(type)).includes(features.isModern ? 'DateTime64' : 'DateTime');
  if (isMade && isWhole && version === migrations.length) return;
  for (const [name, select] of views(features)) await makeView(connection, database, features, name, select);
}

/** Makes a view, or makes it anew where servers can. */
export async function makeView(
  connection: ClickHouseConnection,
  database: string,
  { isModern }: ServerFeatures,
  name: string,
  select: string,
): Promise<void> {
  const create = isModern ? 'CREATE OR REPLACE VIEW' : 'CREATE VIEW IF NOT EXISTS';
  await connection.ask(`${create} ${named(name)} AS\n${select}`, { settings: { database } });
}

function views({ isModern }: ServerFeatures): readonly (readonly [name: string, select: string])[] {
  const moment = (name: string): string =>
    isModern
      ? `fromUnixTimestamp64Milli(${name}_ms, 'UTC') AS ${name}`
      : `toDateTime(intDiv(${name}_ms, 1000), 'UTC') AS ${name}`;
  const events = columns.map(({ name, type }) => (type === 'TIMESTAMPTZ' ? moment(name) : name));
  const parked = parkedColumns.join(', ');
  // What is parked was there first: nothing is parked under the id of a row.
  const isFirst = `message_id NOT IN (SELECT message_id FROM ${storage.parked} WHERE message_id IS NOT NULL)`;
  return [
    ['events', `SELECT ${events.join(', ')} FROM ${storage.events} FINAL WHERE ${isFirst}`],
    ['parked', `SELECT ${parked}, ${moment('parked_at')} FROM ${storage.parked} FINAL`],
  ];
}
