import { resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Compacted, ConsentCategory, Destination, DestinationLimits } from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import type { Model } from '../models/model.ts';
import { countErased } from './count-erased.ts';
import { bytesOf } from './duckdb-compact.ts';
import { type Database, openDatabase } from './duckdb-database.ts';
import { isFatal, refusalOf } from './duckdb-errors.ts';
import { exchangeFile } from './duckdb-exchange.ts';
import { inTransaction } from './duckdb-schema.ts';
import { parametersOf, plainRows } from './duckdb-values.ts';
import { storeParked } from './duckdb-writes.ts';
import { insertRows, parkedRow, rowsOf } from './parked-event.ts';
import { erasePerson, exportPerson } from './person-rows.ts';

export interface DuckDbOptions {
  /** Default `duckdb`. Name it to have two files in one collector. */
  readonly name?: string;
  /** Consent every event needs besides its own purpose. Default none. */
  readonly requires?: readonly ConsentCategory[];
  readonly limits?: DestinationLimits;
  /** DuckDB's own settings, such as `{ memory_limit: '1GB', threads: '2' }`. Extensions are never installed. */
  readonly settings?: { readonly [setting: string]: string };
  /** Views to make whenever the file is opened, as of `@org/track-node/models`. Default none. */
  readonly models?: readonly Model[];
}

/** A DuckDB file as a destination, and the way to ask it questions from the process that holds it. */
export interface DuckDbDestination extends Destination {
  /**
   * The rows of `sql`, as plain objects: whole numbers as numbers, moments as `Date`, JSON parsed. Only one process can
   * have the file open, so this is how an app reads what its collector writes. Rejects with DuckDB's own words.
   *
   * @param params - for `$1`, `$2` … a list; for `$name` an object
   */
  query<Row = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[] | Readonly<Record<string, unknown>>,
  ): Promise<readonly Row[]>;
  /** How many events lie in `parked` because they cannot be rows. */
  parked(): Promise<number>;
}

/** While one delivery is written the next is read from the log and made into rows; it waits for its turn. */
const concurrency = 2;

const defaultLimits: DestinationLimits = {
  maxEvents: 5_000,
  maxBytes: 8 * 1024 * 1024,
  timeoutMs: 60_000,
  concurrency,
};

/**
 * Stores events in a DuckDB file: one table `events`, one row for each `messageId`, typed columns for what is asked for
 * most and JSON for the rest. All times are in UTC. Delivering an event twice leaves one row, the first. An event that
 * cannot be a row, such as one without a readable time, is kept as it came in the table `parked`, with the reason.
 *
 * @param path - the file; it and its folder are made when missing. `:memory:` keeps nothing
 * @throws TypeError for a path that is no text, or an unknown option
 */
export function duckdb(path: string, options: DuckDbOptions = {}): DuckDbDestination {
  checkOptions(path, options);
  const { name = 'duckdb', requires = [], limits, settings, models = [] } = options;
  let database: Promise<Database> | undefined;
  let isClosed = false;
  let lastWrite: Promise<unknown> = Promise.resolve();
  const queries = new Set<Promise<unknown>>();

  function opened(): Promise<Database> {
    if (isClosed) return Promise.reject(new Error(`duckdb("${path}") is closed`));
    database ??= openDatabase(path, settings, models).catch((error: unknown) => {
      database = undefined;
      throw error;
    });
    return database;
  }

  /** Lets a write begin when the one before it is over: a delivery the queue gave up may still be at work. */
  function inTurn<T>(write: () => Promise<T>): Promise<T> {
    const result = lastWrite.then(write);
    lastWrite = result.catch(() => {});
    return result;
  }

  async function written(write: (open: Database) => Promise<void>): Promise<void> {
    const open = await opened();
    try {
      await write(open);
    } catch (error) {
      // After a fatal error a database only answers that it is invalid; the file itself is sound.
      if (isFatal(error)) {
        database = undefined;
        open.instance.closeSync();
      }
      throw error;
    }
  }

  /**
   * Whoever asks for the database meanwhile waits for the new one: also questions, which may write. Those under way are
   * waited for.
   */
  async function compact(signal: AbortSignal): Promise<Compacted> {
    if (path === ':memory:') return { bytesBefore: 0, bytesAfter: 0 };
    const file = resolve(path);
    const open = await opened();
    const bytesBefore = await bytesOf(file);
    const exchanging = Promise.allSettled(queries).then(() =>
      exchangeFile(open, file, { settings, openAnew: () => openDatabase(path, settings, models), signal }),
    );
    database = exchanging.then((exchanged) => exchanged.database);
    database.catch(() => {
      database = undefined; // whoever asks next opens what is there
    });
    const { failure } = await exchanging;
    if (failure !== undefined) throw failure;
    return { bytesBefore, bytesAfter: await bytesOf(file) };
  }

  async function ask<Row>(sql: string, params: Parameters<DuckDbDestination['query']>[1]): Promise<readonly Row[]> {
    const { instance } = await opened();
    // A connection for each query: what one does to its session, a transaction left open, does not reach the next.
    const connection = await instance.connect();
    try {
      return (await rowsOfQuery(connection, sql, params)) as readonly Row[];
    } finally {
      connection.closeSync();
    }
  }

  function query<Row>(
    sql: string,
    params?: readonly unknown[] | Readonly<Record<string, unknown>>,
  ): Promise<readonly Row[]> {
    const rows = ask<Row>(sql, params);
    const settled = rows.catch(() => {}).finally(() => queries.delete(settled));
    queries.add(settled);
    return rows;
  }

  return {
    name,
    requires,
    idempotency: 'native',
    isWarehouse: true,
    limits: limitsOver(defaultLimits, limits),
    async open() {
      await opened();
    },
    deliver(events, { signal }) {
      // While the batch before it is written, which DuckDB does on threads of its own.
      const { rows, odd } = rowsOf(events);
      return inTurn(async () => {
        if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
        await written(async ({ writer, storeRows }) => {
          const refused = await insertRows(rows, { insert: storeRows, refusalOf });
          await storeParked(writer, [...odd, ...refused].map(parkedRow));
        });
        return { kind: 'delivered' };
      });
    },
    erase: (person, { signal }) =>
      inTurn(() =>
        countErased((tally) =>
          written(async ({ writer }) => {
            if (signal.aborted) throw new Error('nobody waits for it any more');
            const stop = (): void => writer.interrupt();
            signal.addEventListener('abort', stop);
            let rows = 0;
            try {
              await inTransaction(writer, async () => {
                rows = await erasePerson(person, {
                  tables: ['events', 'parked'],
                  run: (sql, values) => rowsOfQuery(writer, sql, values),
                  remove: async (sql, values) => (await runWith(writer, sql, values)).rowsChanged,
                });
                tally.mayBeGone();
              });
              tally.areGone(rows);
              // Until then the write-ahead log tells what was written, and of whom.
              await writer.run('CHECKPOINT');
            } finally {
              signal.removeEventListener('abort', stop);
            }
          }),
        ),
      ),
    export: (person) =>
      exportPerson(person, { tables: ['events', 'parked'], run: (sql, values) => query(sql, values) }),
    compact: ({ signal }) => inTurn(() => compact(signal)),
    query,
    parked: async () => (await query<{ n: number }>('SELECT count(*) AS n FROM parked'))[0]?.n ?? 0,
    close: () =>
      inTurn(async () => {
        if (isClosed) return;
        isClosed = true;
        const open = await database?.catch(() => undefined);
        await Promise.all(queries);
        if (open === undefined) return;
        try {
          await open.writer.run('CHECKPOINT');
        } finally {
          open.writer.closeSync();
          open.instance.closeSync();
        }
      }),
  };
}

function runWith(
  connection: DuckDBConnection,
  sql: string,
  params: readonly unknown[],
): ReturnType<DuckDBConnection['run']> {
  const { values, types } = parametersOf(params);
  return connection.run(sql, values, types);
}

async function rowsOfQuery(
  connection: DuckDBConnection,
  sql: string,
  params?: readonly unknown[] | Readonly<Record<string, unknown>>,
): Promise<readonly Record<string, unknown>[]> {
  const { values, types } = parametersOf(params ?? []);
  return plainRows(await connection.runAndReadAll(sql, values, types));
}

const knownOptions = ['name', 'requires', 'limits', 'settings', 'models'];

function checkOptions(path: unknown, options: DuckDbOptions): void {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(
      `duckdb(path): expected the path of a file, got ${path === '' ? 'an empty text' : typeof path}`,
    );
  }
  const unknown = Object.keys(options).find((key) => !knownOptions.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`duckdb(path, options): unknown option "${unknown}"; known are ${knownOptions.join(', ')}`);
  }
}
