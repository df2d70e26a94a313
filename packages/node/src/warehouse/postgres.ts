import type { ConsentCategory, Destination, DestinationLimits } from '@org/track-core';
import { type ClientBase, Pool, type PoolClient } from 'pg';
import { limitsOver } from '../config/limits-over.ts';
import type { Model } from '../models/model.ts';
import { countErased } from './count-erased.ts';
import { type Cell, columns } from './event-row.ts';
import { insertRows, parkedColumns, parkedRow, rowsOf } from './parked-event.ts';
import { erasePerson, exportPerson } from './person-rows.ts';
import { plainTypes } from './postgres-answers.ts';
import { insertInto, inTransaction, migrate, parkIn, quoted, takeTurn } from './postgres-schema.ts';

export interface PostgresOptions {
  /** Where it is: `postgres://user:password@host:5432/database`. It shows in no error. */
  readonly url: string;
  /** Default `postgres`. Name it to have two in one collector. */
  readonly name?: string;
  /** The schema that holds all tables, made when missing. Default `track`. */
  readonly schema?: string;
  /** Views to make when it is opened, as of `@org/track-node/models`. Default none. */
  readonly models?: readonly Model[];
  /** Consent every event needs besides its own purpose. Default none. */
  readonly requires?: readonly ConsentCategory[];
  readonly limits?: DestinationLimits;
}

/** Tables in Postgres as a destination, and the way to ask them questions. */
export interface PostgresDestination extends Destination {
  /**
   * The rows of `sql`, as plain objects: whole numbers and decimals as numbers (whole ones as text beyond 2^53), moments
   * as `Date` (in UTC where they have no zone), dates as `YYYY-MM-DD`. Names without a schema are those of this
   * destination's. Rejects with Postgres's own words.
   */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
  /** How many events lie in `parked` because they cannot be rows. */
  parked(): Promise<number>;
}

// One delivery is read from the log while another is written. Of one id never two are under way, so the first stays first.
const defaultLimits = {
  maxEvents: 2_000,
  maxBytes: 4 * 1024 * 1024,
  timeoutMs: 30_000,
  concurrency: 2,
} satisfies DestinationLimits;
const connectionTimeoutMs = 10_000;
/** What a statement about a person may take, milliseconds: it reads whole tables. Who waits no more ends it before. */
const personTimeoutMs = 600_000;
const connections = 4;

/**
 * Stores events in Postgres: a table `events` with the columns of DuckDB's, one row for each `messageId`. Delivering an
 * event twice leaves one row, the first. An event that cannot be a row, such as one without a readable time, is kept as it
 * came in the table `parked`, with the reason. Needs the package `pg`.
 *
 * @throws TypeError for an option that is unknown or not what it must be
 */
export function postgres(options: PostgresOptions): PostgresDestination {
  checkOptions(options);
  const { url, name = 'postgres', schema = 'track', models = [], requires = [] } = options;
  const limits = limitsOver(defaultLimits, options.limits);
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectionTimeoutMs,
    statement_timeout: limits.timeoutMs,
    idle_in_transaction_session_timeout: limits.timeoutMs,
    allowExitOnIdle: true,
    application_name: '@org/track-node',
  });
  pool.on('error', () => {}); // an idle connection broke: the next delivery makes a new one
  const insertion = insertInto(schema);
  const parking = parkIn(schema);
  const tables = ['events', 'parked'].map((table) => `${quoted(schema)}.${table}`);
  let opening: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  /**
   * Lends a connection; what is aborted or broken is not lent again.
   *
   * @param isHosts - the host's own SQL runs on it, and what that leaves in the session is no delivery's business
   */
  async function connected<T>(
    work: (client: PoolClient) => Promise<T>,
    signal?: AbortSignal,
    isHosts = false,
  ): Promise<T> {
    const client = await pool.connect();
    let isBroken = false;
    const stop = (): void => {
      isBroken = true;
      client.release(true); // ends the connection, and so the server's work on it
    };
    const onError = (): void => {}; // the query that was under way rejects, and says why
    client.on('error', onError);
    signal?.addEventListener('abort', stop);
    try {
      if (signal?.aborted) throw new Error('nobody waits for it any more');
      return await work(client);
    } finally {
      signal?.removeEventListener('abort', stop);
      if (!isBroken) {
        const isAsNew = !isHosts || (await forgotten(client));
        client.off('error', onError);
        client.release(!isAsNew);
      }
    }
  }

  function aboutPerson<T>(work: (client: PoolClient) => Promise<T>, signal: AbortSignal): Promise<T> {
    return connected(
      (client) =>
        inTransaction(client, async () => {
          await client.query(`SET LOCAL statement_timeout = ${personTimeoutMs}`);
          return work(client);
        }),
      signal,
    );
  }

  function opened(): Promise<void> {
    if (closing !== undefined) return Promise.reject(new Error(`postgres: "${name}" is closed`));
    opening ??= connected(async (client) => {
      await migrate(client, schema);
      for (const model of models) await makeView(client, schema, model);
    }).catch((error: unknown) => {
      opening = undefined;
      throw new Error(`postgres: "${name}": ${error instanceof Error ? error.message : 'cannot be opened'}`, {
        cause: error,
      });
    });
    return opening;
  }

  return {
    name,
    requires,
    idempotency: 'native',
    isWarehouse: true,
    limits,
    open: opened,
    async deliver(events, { signal }) {
      if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
      try {
        await opened();
        await connected(async (client) => {
          const { rows, odd } = rowsOf(events);
          const refused = await insertRows(rows, {
            insert: async (cells) => void (await client.query(insertion, turned(cells, columns.length))),
            refusalOf,
          });
          const parked = [...odd, ...refused].map(parkedRow);
          if (parked.length > 0) await client.query(parking, turned(parked, parkedColumns.length));
        }, signal);
        return { kind: 'delivered' };
      } catch (error) {
        const reason = configProblem(error);
        if (reason !== undefined) return { kind: 'config', reason };
        if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
        throw error;
      }
    },
    erase: (person, { signal }) =>
      countErased(async (tally) => {
        await opened();
        let rows = 0;
        await aboutPerson(async (client) => {
          rows = await erasePerson(person, {
            tables,
            run: async (sql, values) => (await client.query(sql, [...values])).rows,
            remove: async (sql, values) => (await client.query(sql, [...values])).rowCount ?? 0,
          });
          tally.mayBeGone();
        }, signal);
        tally.areGone(rows);
      }),
    async export(person, { signal }) {
      await opened();
      return aboutPerson(
        (client) =>
          exportPerson(person, { tables, run: async (sql, values) => (await client.query(sql, [...values])).rows }),
        signal,
      );
    },
    async query<Row>(sql: string, params: readonly unknown[] = []) {
      await opened();
      return connected(
        async (client) => {
          await client.query(`SET search_path TO ${quoted(schema)}, public`);
          const { rows } = await client.query({ text: sql, values: [...params], types: plainTypes });
          return rows as Row[];
        },
        undefined,
        true,
      );
    },
    async parked() {
      await opened();
      const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${quoted(schema)}.parked`);
      return rows[0]?.n ?? 0;
    },
    close: () => {
      closing ??= Promise.resolve(opening?.catch(() => {})).then(() => pool.end());
      return closing;
    },
  };
}

/** Makes a session as new; says whether it is: with a transaction open it cannot be. */
const forgotten = (client: PoolClient): Promise<boolean> =>
  client.query('DISCARD ALL').then(
    () => true,
    () => false,
  );

/** Rows as columns: what `unnest` takes. */
function turned(rows: readonly (readonly Cell[])[], width: number): (string | null)[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => postgresValue(row[column] ?? null)));
}

/** Microseconds since the epoch as a moment that Postgres reads. */
function postgresValue(cell: Cell): string | null {
  return typeof cell === 'bigint' ? new Date(Number(cell / 1_000n)).toISOString() : cell;
}

/** A view that has other columns than it had cannot be replaced, only made anew. */
async function makeView(client: ClientBase, schema: string, model: Model): Promise<void> {
  const make = (before: string): Promise<void> =>
    inTransaction(client, async () => {
      await takeTurn(client);
      await client.query(`SET LOCAL search_path TO ${quoted(schema)}`);
      await client.query(`${before}CREATE OR REPLACE VIEW ${model.name} AS\n${model.sql('postgres')}`);
    });
  try {
    await make('');
  } catch (error) {
    if (codeOf(error) !== '42P16') throw error;
    await make(`DROP VIEW IF EXISTS ${model.name}; `);
  }
}

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | undefined)?.code ?? '');

/** Postgres found fault with a value (22, 23), or with its size (54), not with itself. */
function refusalOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^(22|23|54)/.test(code) ? `refused-${code}` : undefined;
}

/** Nothing that time heals: who we are, what we may, a database that is not there. */
function configProblem(error: unknown): string | undefined {
  const code = codeOf(error) || codeOf((error as { readonly cause?: unknown } | undefined)?.cause);
  if (/^28/.test(code)) return 'unauthorized';
  if (code === '42501') return 'forbidden';
  return code === '3D000' ? 'no-such-database' : undefined;
}

const knownOptions = ['url', 'name', 'schema', 'models', 'requires', 'limits'];

function checkOptions(options: PostgresOptions): void {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) throw new TypeError('postgres(options): expected an object');
  const unknown = Object.keys(given).find((key) => !knownOptions.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`postgres(options): unknown option "${unknown}"; known are ${knownOptions.join(', ')}`);
  }
  const { url, schema = 'track' } = options;
  if (typeof url !== 'string' || !/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new TypeError(
      'postgres(options): url: expected postgres://user:password@host:port/database, got another text',
    );
  }
  if (typeof schema !== 'string' || schema === '' || schema.length > 63 || schema.includes('\0')) {
    throw new TypeError('postgres(options): schema: expected a name of 1 to 63 characters');
  }
}
