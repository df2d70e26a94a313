import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import type { ConsentCategory, Destination, DestinationLimits, SendVerdict } from '@org/track-core';
import type { Model } from '../models/model.ts';
import { migrate } from './duckdb-schema.ts';
import { parameterValue, plainRows } from './duckdb-values.ts';
import { type Cell, columns, rowOf } from './event-row.ts';

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
}

/** Rows written before other work of the process gets its turn, about 5 ms. */
const rowsPerTurn = 256;

const defaultLimits: DestinationLimits = { maxEvents: 2_000, maxBytes: 4 * 1024 * 1024, timeoutMs: 60_000 };

const staging = `CREATE OR REPLACE TEMP TABLE staging (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const store = 'INSERT INTO events BY NAME FROM temp.staging ON CONFLICT (message_id) DO NOTHING';
const stagingTypes = columns.map(({ type }) => (type === 'TIMESTAMPTZ' ? TIMESTAMPTZ : VARCHAR));

interface Database {
  readonly instance: DuckDBInstance;
  /** Only for writing: its temporary table is shared by all batches. */
  readonly writer: DuckDBConnection;
}

/**
 * Stores events in a DuckDB file: one table `events`, one row for each `messageId`, typed columns for what is asked for
 * most and JSON for the rest. All times are in UTC. Delivering an event twice leaves one row.
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

  async function ask<Row>(sql: string, params: Parameters<DuckDbDestination['query']>[1]): Promise<readonly Row[]> {
    const { instance } = await opened();
    // A connection for each query: what one does to its session, a transaction left open, does not reach the next.
    const connection = await instance.connect();
    try {
      const reader = await connection.runAndReadAll(sql, params === undefined ? undefined : parameterValues(params));
      return plainRows(reader) as readonly Row[];
    } finally {
      connection.closeSync();
    }
  }

  return {
    name,
    requires,
    idempotency: 'native',
    isWarehouse: true,
    limits: { ...defaultLimits, ...limits },
    async open() {
      await opened();
    },
    deliver: (events, { signal }) =>
      inTurn(async () => {
        if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
        const { instance, writer } = await opened();
        const rows: (readonly Cell[])[] = [];
        const verdicts = new Map<string, SendVerdict>();
        for (const event of events) {
          const made = rowOf(event);
          if ('row' in made) rows.push(made.row);
          else verdicts.set(event.messageId, { kind: 'dead', reason: made.reason });
        }
        try {
          for (const row of await insertRows(writer, rows)) {
            verdicts.set(String(row[0]), { kind: 'dead', reason: 'refused-by-duckdb' });
          }
        } catch (error) {
          // After a fatal error a database only answers that it is invalid; the file itself is sound.
          if (isFatal(error)) {
            database = undefined;
            instance.closeSync();
          }
          throw error;
        }
        return { kind: 'delivered', verdicts };
      }),
    query<Row>(sql: string, params?: readonly unknown[] | Readonly<Record<string, unknown>>) {
      const rows = ask<Row>(sql, params);
      const settled = rows.catch(() => {}).finally(() => queries.delete(settled));
      queries.add(settled);
      return rows;
    },
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

async function openDatabase(
  path: string,
  settings: DuckDbOptions['settings'],
  models: readonly Model[],
): Promise<Database> {
  const isFile = path !== ':memory:';
  const file = isFile ? resolve(path) : path;
  if (isFile) await mkdir(dirname(file), { recursive: true });
  let instance: DuckDBInstance | undefined;
  try {
    // JSON and time zones are built in; without these two settings a query could send DuckDB to the network for more.
    instance = await DuckDBInstance.fromCache(file, {
      ...settings,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const writer = await instance.connect();
    // The host's zone would make the same SQL answer differently on two machines.
    await writer.run(`SET GLOBAL TimeZone = 'UTC'`);
    await migrate(writer);
    for (const model of models) await writer.run(`CREATE OR REPLACE VIEW ${model.name} AS\n${model.sql('duckdb')}`);
    return { instance, writer };
  } catch (error) {
    instance?.closeSync();
    throw new Error(`duckdb("${path}"): ${openingProblem(error)}`, { cause: error });
  }
}

function openingProblem(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!/set lock on file/i.test(text)) return text;
  const holder = /PID (\d+)/.exec(text)?.[1];
  return `the file is in use by another process${holder === undefined ? '' : ` (PID ${holder})`}; only one may have it open. Read it through query() there, or stop it.`;
}

/** Stores the rows; returns those DuckDB refuses. Halving finds them: one bad row costs neither the batch nor a commit for each. */
async function insertRows(
  writer: DuckDBConnection,
  rows: readonly (readonly Cell[])[],
): Promise<readonly (readonly Cell[])[]> {
  if (rows.length === 0) return [];
  try {
    await writer.run(staging);
    await stage(writer, rows);
    await writer.run(store); // one statement, one transaction: all of it or nothing
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (rows.length === 1) return rows;
    const half = rows.length >> 1;
    return [...(await insertRows(writer, rows.slice(0, half))), ...(await insertRows(writer, rows.slice(half)))];
  }
}

async function stage(writer: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<void> {
  const appender = await writer.createAppender('staging', null, 'temp');
  for (let from = 0; from < rows.length; from += rowsPerTurn) {
    const part = rows.slice(from, from + rowsPerTurn);
    const chunk = DuckDBDataChunk.create(stagingTypes, part.length);
    for (let column = 0; column < columns.length; column++) {
      chunk.setColumnValues(
        column,
        part.map((row) => duckdbValue(row[column] ?? null)),
      );
    }
    appender.appendDataChunk(chunk);
    if (from + rowsPerTurn < rows.length) await nextTurn();
  }
  appender.closeSync();
}

function duckdbValue(cell: Cell): DuckDBValue {
  return typeof cell === 'bigint' ? new DuckDBTimestampTZValue(cell) : cell;
}

function parameterValues(
  params: readonly unknown[] | Readonly<Record<string, unknown>>,
): DuckDBValue[] | Record<string, DuckDBValue> {
  if (Array.isArray(params)) return params.map((value, index) => parameterValue(value, index + 1));
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, parameterValue(value, key)]));
}

/** DuckDB found fault with a value, not with its file or itself. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(Constraint|Conversion|Invalid Input|Out of Range) Error/.test(error.message);
}

function isFatal(error: unknown): boolean {
  return error instanceof Error && /^(FATAL|INTERNAL) Error/i.test(error.message);
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
