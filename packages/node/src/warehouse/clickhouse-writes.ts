import { createHash } from 'node:crypto';
import type { CollectedEvent } from '@org/track-core';
import { refusalOf } from './clickhouse-answers.ts';
import { type ClickHouseConnection, quoted, type Settings } from './clickhouse-connection.ts';
import { type ServerFeatures, storage, storedColumns } from './clickhouse-schema.ts';
import type { Cell } from './event-row.ts';
import {
  insertRows,
  type ParkedEvent,
  parkedColumns,
  parkedRow,
  rowsOf,
  type StoredRow,
  storedId,
} from './parked-event.ts';

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
  const isParked = await idsIn(storage.parked, rows, insertion);
  const refused = await storeRows(
    rows.filter(({ event }) => !isParked.has(event.messageId)),
    insertion,
  );
  const isRow = await idsIn(storage.events, odd, insertion);
  const parked = [...odd.filter(({ event }) => !isRow.has(event.messageId)), ...refused].map(parkedRow);
  if (parked.length === 0) return;
  const parkedAt = BigInt(Date.now()) * 1_000n;
  const cells = firsts(parked, ([key]) => key).map((row) => [...row, parkedAt]);
  await insert(storage.parked, [...parkedColumns, 'parked_at_ms'], cells, insertion);
}

/** Ids in one question: its text must stay below 256 KiB. */
const idsAtOnce = 1_000;

/** Those of the events that a table has already. */
async function idsIn(
  table: string,
  events: readonly { readonly event: CollectedEvent }[],
  { connection, database, signal }: Errand,
): Promise<ReadonlySet<string>> {
  const question = { settings: { database }, signal };
  const found = new Set<string>();
  // Mostly nothing was ever parked, which costs no look at ids.
  if (events.length === 0 || (await connection.ask(`SELECT count() FROM ${table}`, question)).trim() === '0') {
    return found;
  }
  // An id that would have to be changed is that of no row.
  const asked = events.map(({ event }) => event.messageId).filter((id) => storedId(id) === id);
  for (let from = 0; from < asked.length; from += idsAtOnce) {
    const ids = asked.slice(from, from + idsAtOnce).map(quoted);
    const sql = `SELECT DISTINCT message_id FROM ${table} WHERE message_id IN (${ids.join(', ')}) FORMAT JSONEachRow`;
    for (const line of (await connection.ask(sql, question)).split('\n')) {
      if (line !== '') found.add((JSON.parse(line) as { readonly message_id: string }).message_id);
    }
  }
  return found;
}

/** Twins in one delivery have the same precedence: the first of them is the one. */
function firsts<Row>(rows: readonly Row[], keyOf: (row: Row) => unknown): readonly Row[] {
  const found = new Map<unknown, Row>();
  for (const row of rows) if (!found.has(keyOf(row))) found.set(keyOf(row), row);
  return [...found.values()];
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
