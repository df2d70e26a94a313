import type { ConsentCategory, Destination, DestinationLimits } from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import type { Model } from '../models/model.ts';
import { isGone, outcomeOfError } from './clickhouse-answers.ts';
import {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  type Question,
} from './clickhouse-connection.ts';
import { erasePerson, maxStatementBytes, personCondition } from './clickhouse-person.ts';
import { makeView, migrate, modernVersion, readFeatures, type ServerFeatures } from './clickhouse-schema.ts';
import { plainRows } from './clickhouse-values.ts';
import { storeEvents } from './clickhouse-writes.ts';
import { countErased } from './count-erased.ts';

export interface ClickHouseOptions {
  /** Where it answers over HTTP: `https://user:password@host:8443/database`. It shows in no error. */
  readonly url: string;
  /** Default that of the URL, else `default`. */
  readonly user?: string;
  /** Default that of the URL, else none. */
  readonly password?: string;
  /** The database that holds all tables, made when missing. Default that of the URL, else `track`. */
  readonly database?: string;
  /** Default `clickhouse`. Name it to have two in one collector. */
  readonly name?: string;
  /** Views to make when it is opened, as of `@org/track-node/models`; they need ClickHouse 24.3. Default none. */
  readonly models?: readonly Model[];
  /** Consent every event needs besides its own purpose. Default none. */
  readonly requires?: readonly ConsentCategory[];
  readonly limits?: DestinationLimits;
}

/** Tables in ClickHouse as a destination, and the way to ask them questions. */
export interface ClickHouseDestination extends Destination {
  /**
   * The rows of `sql`, as plain objects: whole numbers and decimals as numbers (whole ones as text beyond 2^53), moments
   * as `Date`, dates as `YYYY-MM-DD`, and `properties`, `traits`, `context`, `integrations` parsed. Names without a
   * database are those of this destination's. Rejects with ClickHouse's own words.
   *
   * @param params - for ClickHouse's placeholders, `{name:Type}`
   */
  query<Row = Record<string, unknown>>(
    sql: string,
    params?: Readonly<Record<string, unknown>>,
  ): Promise<readonly Row[]>;
  /** How many events lie in `parked` because they cannot be rows. */
  parked(): Promise<number>;
}

// Each delivery is a part that ClickHouse has to merge: it likes few and large ones.
const defaultLimits = {
  maxEvents: 5_000,
  maxBytes: 8 * 1024 * 1024,
  maxWaitMs: 1_000,
  timeoutMs: 30_000,
} satisfies DestinationLimits;

/** What a statement about a person may take, milliseconds: it reads whole tables. Who waits no more ends it before. */
const personTimeoutMs = 600_000;

/**
 * Stores events in ClickHouse: a view `events` with the columns of DuckDB's table, one row for each `messageId`.
 * Delivering an event twice leaves one row, the first. An event that cannot be a row is kept as it came in `parked`, with
 * the reason. Works with servers from 18.16 on; before 24.3 moments show whole seconds. Needs the package
 * `@clickhouse/client`.
 *
 * @throws TypeError for an option that is unknown or not what it must be
 */
export function clickhouse(options: ClickHouseOptions): ClickHouseDestination {
  const address = addressOf(options);
  const { database } = address;
  const { name = 'clickhouse', models = [], requires = [] } = options;
  const limits = limitsOver(defaultLimits, options.limits);
  const connection = connectClickHouse(address, limits.timeoutMs);
  const patient = connectClickHouse(address, personTimeoutMs);
  const underWay = new Set<Promise<unknown>>();
  let opening: Promise<ServerFeatures> | undefined;
  let closing: Promise<void> | undefined;
  let lastPrecedence = Number.MAX_SAFE_INTEGER;

  function opened(): Promise<ServerFeatures> {
    if (closing !== undefined) return Promise.reject(new Error(`clickhouse: "${name}" is closed`));
    opening ??= open(connection, database, models).catch((error: unknown) => {
      opening = undefined;
      throw new Error(`clickhouse: "${name}": ${error instanceof Error ? error.message : 'cannot be opened'}`, {
        cause: error,
      });
    });
    return opening;
  }

  /** Lets `close` wait for it. */
  function tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    underWay.add(settled);
    void settled.then(() => underWay.delete(settled));
    return work;
  }

  /** Lower from delivery to delivery, in this process and after it; see the schema. */
  function nextPrecedence(): number {
    lastPrecedence = Math.min(lastPrecedence - 1, Number.MAX_SAFE_INTEGER - Date.now() * 1_000);
    return lastPrecedence;
  }

  async function rowsOf(
    sql: string,
    { settings, ...question }: Question,
    over = connection,
  ): Promise<readonly Record<string, unknown>[]> {
    const { isModern } = await opened();
    const reply = await over.ask(sql, {
      ...question,
      settings: {
        ...settings,
        database,
        default_format: 'JSONCompact',
        output_format_json_quote_64bit_integers: 1,
        wait_end_of_query: 1, // an error in the middle of the rows has a status of its own
        ...(isModern ? { date_time_output_format: 'iso' } : {}),
      },
    });
    return plainRows(reply);
  }

  return {
    name,
    requires,
    isWarehouse: true,
    idempotency: 'native',
    limits,
    async open() {
      await opened();
    },
    async deliver(events, { signal }) {
      if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
      try {
        const deliver = async (): Promise<void> =>
          storeEvents(events, { connection, features: await opened(), database, precedence: nextPrecedence(), signal });
        await tracked(deliver());
        return { kind: 'delivered' };
      } catch (error) {
        if (isGone(error)) opening = undefined;
        if (signal.aborted) return { kind: 'retry', reason: 'timeout' };
        return outcomeOfError(error, name);
      }
    },
    erase: (person, { signal }) =>
      tracked(
        countErased(async (tally) => {
          const features = await opened();
          await erasePerson(person, { connection: patient, features, database, signal }, tally);
        }),
      ),
    export: (person, { signal }) =>
      tracked(
        (async () => {
          const features = await opened();
          const condition = await personCondition(person, { connection: patient, features, database, signal });
          if (condition === '') return [];
          const rows: (readonly object[])[] = [];
          for (const view of ['events', 'parked']) {
            const sql = `SELECT * FROM ${view} WHERE ${condition}`;
            rows.push(await rowsOf(sql, { settings: { max_query_size: maxStatementBytes }, signal }, patient));
          }
          return rows.flat();
        })(),
      ),
    query: <Row>(sql: string, params?: Readonly<Record<string, unknown>>) =>
      tracked(rowsOf(sql, { ...(params && { params }) })) as Promise<readonly Row[]>,
    parked: () =>
      tracked(
        (async () => {
          await opened();
          return Number(await connection.ask('SELECT count() FROM parked', { settings: { database } }));
        })(),
      ),
    close: () => {
      closing ??= Promise.resolve(opening?.catch(() => {}))
        .then(() => Promise.all(underWay))
        .then(() => Promise.all([connection, patient].map((each) => each.close())))
        .then(() => {});
      return closing;
    },
  };
}

async function open(
  connection: ClickHouseConnection,
  database: string,
  models: readonly Model[],
): Promise<ServerFeatures> {
  const features = await readFeatures(connection);
  if (models.length > 0 && !features.isModern) {
    throw new Error(`models need ClickHouse ${modernVersion} or newer, and this is ${features.version}`);
  }
  await migrate(connection, database, features);
  for (const model of models) await makeView(connection, database, features, model.name, model.sql('clickhouse'));
  return features;
}

const knownOptions = ['url', 'user', 'password', 'database', 'name', 'models', 'requires', 'limits'];

/** What lies in the URL, unless an option says otherwise. */
function addressOf(options: ClickHouseOptions): ClickHouseAddress {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) throw new TypeError('clickhouse(options): expected an object');
  const unknown = Object.keys(given).find((key) => !knownOptions.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`clickhouse(options): unknown option "${unknown}"; known are ${knownOptions.join(', ')}`);
  }
  const url = typeof options.url === 'string' ? URL.parse(options.url) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      'clickhouse(options): url: expected http(s)://user:password@host:port/database, got another text',
    );
  }
  const user = options.user ?? (decoded(url.username) || 'default');
  const password = options.password ?? decoded(url.password);
  const database = options.database ?? (decoded(url.pathname.slice(1)) || 'track');
  for (const [option, value] of Object.entries({ user, password })) {
    if (typeof value !== 'string') throw new TypeError(`clickhouse(options): ${option}: expected text`);
  }
  if (typeof database !== 'string' || database === '' || database.length > 200 || /[\0/]/.test(database)) {
    throw new TypeError('clickhouse(options): database: expected a name of 1 to 200 characters');
  }
  return { origin: url.origin, user, password, database };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
