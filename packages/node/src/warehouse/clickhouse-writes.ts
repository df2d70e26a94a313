import { createHash } from 'node:crypto';
import type { CollectedEvent } from '@org/track-core';
import { refusalOf } from './clickhouse-answers.ts';
import { type ClickHouseConnection, linesOf, quoted, type Settings } from './clickhouse-connection.ts';
import { type ServerFeatures, storage, storedColumns } from './clickhouse-schema.ts';
import type { Cell } from './event-row.ts';
import { insertRows, type ParkedEvent, parkedColumns, parkedRow, rowsOf, type StoredRow } from './parked-event.ts';

/** What work on the tables needs. */
export interface Errand {
  readonly connection: ClickHouseConnection;
  readonly features: ServerFeatures;
  readonly database: string;
  readonly signal: AbortSignal;
}

interface Insertion extends Errand {
  /** Of the rows of one key the one with more of it stays; see the schema. */
  readonly precedence: number;
}

/**
 * For how long a block that comes again is told by its ids alone, milliseconds. Not for ever: what was deleted by hand
 * and is replayed must come back, and tokens outlive a deletion.
 */
const tokenLifeMs = 600_000;

/** Stores what can be a row, and parks the rest. Of each id the first stays, parked or not. */
export async function storeEvents(events: readonly CollectedEvent[], insertion: Insertion): Promise<void> {
  const { rows, odd } = rowsOf(events);
  const all = [...odd, ...(await storeRows(rows, insertion))].map(parkedRow);
  if (all.length === 0) return;
  const known = await knownAsRows(all.map(messageIdOf), insertion);
  const parkedAt = BigInt(Date.now()) * 1_000n;
  const parked = all.filter((row) => !known.has(messageIdOf(row))).map((row) => [...row, parkedAt]);
  if (parked.length > 0) await insert(storage.parked, [...parkedColumns, 'parked_at_ms'], parked, insertion);
}

const messageIdOf = (row: readonly (string | null)[]): string | null =>
  row[parkedColumns.indexOf('message_id')] ?? null;

/** Most bytes of ids in a question: servers read no statement beyond 256 KiB. */
const maxIdBytes = 100_000;

async function knownAsRows(
  ids: readonly (string | null)[],
  { connection, database, signal }: Insertion,
): Promise<ReadonlySet<string | null>> {
  const literals = ids.filter((id) => id !== null).map(quoted);
  const known = new Set<string | null>();
  for (let from = 0, bytes = 0, to = 0; from < literals.length; from = to, bytes = 0) {
    do bytes += Buffer.byteLength(literals[to++] ?? '') + 1;
    while (to < literals.length && bytes < maxIdBytes);
    const list = literals.slice(from, to).join(',');
    const sql = `SELECT DISTINCT message_id FROM ${storage.events} WHERE message_id IN (${list}) FORMAT JSONEachRow`;
    const found = await connection.ask(sql, { settings: { database }, signal });
    for (const row of linesOf<{ message_id: string }>(found)) known.add(row.message_id);
  }
  return known;
}

async function storeRows(rows: readonly StoredRow[], insertion: Insertion): Promise<readonly ParkedEvent[]> {
  const store = (cells: readonly (readonly Cell[])[], isShared: boolean): Promise<void> =>
    insert(storage.events, storedColumns, cells, insertion, isShared);
  if (rows.length > 0 && insertion.features.isModern) {
    try {
      await store(
        rows.map(({ row }) => row),
        true,
      );
      return [];
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
      // In the background rows of several writers are stored as one and refused as one: whose fault is it?
    }
  }
  return insertRows(rows, { insert: (cells) => store(cells, false), refusalOf });
}

/** @param isShared - the server may wait a moment and store the rows together with those of others */
async function insert(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  { connection, features, database, precedence, signal }: Insertion,
  isShared = false,
): Promise<void> {
  const period = Math.floor(Date.now() / tokenLifeMs);
  const keys = [period, ...rows.map(([key]) => key)].join('\n');
  const settings: Settings = {
    database,
    ...(features.isModern
      ? {
          async_insert: isShared ? 1 : 0,
          wait_for_async_insert: 1,
          async_insert_deduplicate: 1,
          insert_deduplication_token: createHash('sha256').update(keys).digest('hex'),
        }
      : {}),
  };
  const lines = rows.map((row) =>
    JSON.stringify({
      ...Object.fromEntries(columns.map((name, index) => [name, jsonValue(row[index] ?? null)])),
      precedence,
    }),
  );
  await connection.ask(`INSERT INTO ${table} (${columns.join(', ')}, precedence) FORMAT JSONEachRow`, {
    settings,
    body: lines.join('\n'),
    signal,
  });
}

/** Microseconds since the epoch as milliseconds. */
const jsonValue = (cell: Cell): string | number | null => (typeof cell === 'bigint' ? Number(cell / 1_000n) : cell);
