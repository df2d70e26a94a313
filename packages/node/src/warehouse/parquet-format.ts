import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { stageRows } from './append-rows.ts';
import { isFatal } from './duckdb-errors.ts';
import type { plainRows } from './duckdb-values.ts';
import type { FileFormat, Person } from './file-format.ts';
import { plainPath, quoted } from './quoted.ts';

/** What DuckDB may have of the memory: enough for any file of ours, which it reads and writes in parts. */
const memoryLimit = '512MB';

const written = '(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)';

interface Engine {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly stageRows: typeof stageRows;
  readonly plainRows: typeof plainRows;
}

/** Parquet, packed with zstd. DuckDB reads and writes it, and is loaded when it is first needed. */
export function parquetFormat(): FileFormat {
  let engine: Promise<Engine> | undefined;

  async function started(): Promise<Engine> {
    engine ??= start().catch((error: unknown) => {
      engine = undefined;
      throw error;
    });
    return engine;
  }

  /** One statement or several; after a fatal error the next begins with a new engine. */
  async function using<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    const running = await started();
    try {
      return await work(running);
    } catch (error) {
      if (isFatal(error)) stop(running);
      throw error;
    }
  }

  function stop({ instance, connection }: Engine): void {
    engine = undefined;
    connection.closeSync();
    instance.closeSync();
  }

  return {
    ending: '.parquet',
    write: (rows, path) =>
      using(async ({ connection, stageRows }) => {
        await stageRows(connection, rows);
        // Like beside like: packs better, and readers skip what they are not asked for.
        await connection.run(`COPY (FROM temp.staging ORDER BY event, timestamp) TO ${quoted(path)} ${written}`);
        await connection.run('DROP TABLE temp.staging');
      }),
    devicesOf: ({ user, device }, path) =>
      using(async ({ connection }) => {
        const reader = await connection.runAndReadAll(
          `SELECT DISTINCT anonymous_id FROM ${rowsIn(path)}
          WHERE anonymous_id IS NOT NULL AND (
            user_id IS NOT NULL AND (user_id = CAST($1 AS text) OR previous_id = CAST($1 AS text))
            OR (CAST(context AS JSON) -> 'identity' ->> 'browserId') = CAST($2 AS text)
          )`,
          [user, device],
        );
        return reader.getRows().map(([device]) => String(device));
      }),
    sharedDevices: ({ user, devices }, path) =>
      using(async ({ connection }) => {
        const reader = await connection.runAndReadAll(
          `SELECT DISTINCT anonymous_id FROM ${rowsIn(path)}
          WHERE anonymous_id IN ${listOf(devices)} AND user_id <> $1 AND coalesce(previous_id, '') <> $1`,
          [user],
        );
        return reader.getRows().map(([device]) => String(device));
      }),
    rowsOf: (person, path) =>
      using(async ({ connection, plainRows }) =>
        plainRows(await connection.runAndReadAll(`FROM ${rowsIn(path)} WHERE ${isOf(person)}`)),
      ),
    copyWithout: (person, from, to) =>
      using(async ({ connection }) => {
        const file = rowsIn(from);
        const isTheirs = `coalesce(${isOf(person)}, false)`;
        const reader = await connection.runAndReadAll(
          `SELECT count(*) FILTER (WHERE ${isTheirs}), count(*) FILTER (WHERE NOT ${isTheirs}) FROM ${file}`,
        );
        const [theirs, others] = [Number(reader.value(0, 0)), Number(reader.value(1, 0))];
        if (theirs > 0 && others > 0) {
          await connection.run(`COPY (FROM ${file} WHERE NOT ${isTheirs}) TO ${quoted(to)} ${written}`);
        }
        return { theirs, others };
      }),
    async close() {
      const running = await engine?.catch(() => undefined);
      if (running !== undefined) stop(running);
    },
  };
}

/** One file alone: the folders around it are no columns of it, and no letter of its path a pattern. */
const rowsIn = (path: string): string => `read_parquet(${quoted(plainPath(path))}, hive_partitioning = false)`;

const listOf = (ids: readonly string[]): string => `(${['NULL', ...ids.map(quoted)].join(', ')})`;

function isOf({ user, devices }: Person): string {
  const id = user === null ? 'NULL' : quoted(user);
  const theirs = listOf(devices);
  const isNobody = user === null ? 'true' : 'user_id IS NULL';
  return `user_id = ${id} OR previous_id = ${id} OR previous_id IN ${theirs} OR (${isNobody} AND anonymous_id IN ${theirs})`;
}

async function start(): Promise<Engine> {
  const [{ DuckDBInstance }, { stageRows }, { plainRows }] = await Promise.all([
    import('@duckdb/node-api'),
    import('./append-rows.ts'),
    import('./duckdb-values.ts'),
  ]).catch((error: unknown) => {
    throw new Error('Parquet needs the package @duckdb/node-api', { cause: error });
  });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memoryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  return { instance, connection, stageRows, plainRows };
}
