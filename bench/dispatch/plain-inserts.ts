import { createRequire } from 'node:module';

/** The drivers are those of the package: the same copy, the same version. */
const require = createRequire(new URL('../../packages/node/package.json', import.meta.url));

/** A row of `events` as a warehouse gave it. */
export type Row = Readonly<Record<string, unknown>>;

interface DuckDb {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }> };
  readonly DuckDBDataChunk: { create(types: readonly unknown[], rows: number): Chunk };
  readonly DuckDBTimestampTZValue: new (micros: bigint) => object;
  readonly TIMESTAMPTZ: object;
  readonly VARCHAR: object;
}
interface Connection {
  run(sql: string): Promise<unknown>;
  createAppender(table: string): Promise<{ appendDataChunk(chunk: Chunk): void; closeSync(): void }>;
  closeSync(): void;
}
interface Chunk {
  setColumnValues(column: number, values: readonly unknown[]): void;
}
interface Pg {
  readonly Client: new (options: {
    readonly connectionString: string;
  }) => {
    connect(): Promise<void>;
    query(sql: string, values?: readonly unknown[]): Promise<unknown>;
    end(): Promise<void>;
  };
}

const isMoment = (column: string): boolean => /(timestamp|_at)$/.test(column);
const isJson = (column: string): boolean => ['properties', 'traits', 'context', 'integrations'].includes(column);

/** The cells of rows, ready for a driver: the time it takes to make them is nobody's. */
function cellsOf(rows: readonly Row[], moment: (at: Date) => unknown): { columns: string[]; cells: unknown[][] } {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) =>
    columns.map((column) => {
      const value = row[column] ?? null;
      if (value instanceof Date) return moment(value);
      return isJson(column) && value !== null ? JSON.stringify(value) : value;
    }),
  );
  return { columns, cells };
}

function* partsOf<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}

/** Appends rows to a table that is not there yet, each part with a commit of its own. Resolves with the milliseconds it took. */
export async function insertIntoDuckDb(path: string, rows: readonly Row[], partRows: number): Promise<number> {
  const { DuckDBInstance, DuckDBDataChunk, DuckDBTimestampTZValue, TIMESTAMPTZ, VARCHAR } =
    require('@duckdb/node-api') as DuckDb;
  const { columns, cells } = cellsOf(rows, (at) => new DuckDBTimestampTZValue(BigInt(at.getTime()) * 1_000n));
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const typeOf = (column: string): string => (isMoment(column) ? 'TIMESTAMPTZ' : isJson(column) ? 'JSON' : 'VARCHAR');
  await connection.run(
    `CREATE TABLE events (${columns.map((column) => `${column} ${typeOf(column)}${column === 'message_id' ? ' PRIMARY KEY' : ''}`)})`,
  );
  const types = columns.map((column) => (isMoment(column) ? TIMESTAMPTZ : VARCHAR));
  const startedAt = performance.now();
  for (const part of partsOf(cells, partRows)) {
    const appender = await connection.createAppender('events');
    for (const piece of partsOf(part, 2_048)) {
      const chunk = DuckDBDataChunk.create(types, piece.length);
      for (const column of columns.keys()) {
        chunk.setColumnValues(
          column,
          piece.map((row) => row[column]),
        );
      }
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
  }
  const elapsedMs = performance.now() - startedAt;
  connection.closeSync();
  instance.closeSync();
  return elapsedMs;
}

/** Inserts rows into a table like `events` in another schema, a statement for each part. Resolves with the milliseconds it took. */
export async function insertIntoPostgres(
  url: string,
  like: string,
  rows: readonly Row[],
  partRows: number,
): Promise<number> {
  const { Client } = require('pg') as Pg;
  const client = new Client({ connectionString: url });
  await client.connect();
  const { columns, cells } = cellsOf(rows, (at) => at.toISOString());
  await client.query(`DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE ${like} INCLUDING ALL)`);
  const cast = (column: string): string =>
    isMoment(column) ? `${column}::timestamptz` : isJson(column) ? `${column}::jsonb` : column;
  const insertion = `INSERT INTO plain (${columns}) SELECT ${columns.map(cast)}
    FROM unnest(${columns.map((_, index) => `$${index + 1}::text[]`)}) AS t(${columns})`;
  const startedAt = performance.now();
  for (const part of partsOf(cells, partRows)) {
    await client.query(
      insertion,
      columns.map((_, column) => part.map((row) => row[column])),
    );
  }
  const elapsedMs = performance.now() - startedAt;
  await client.query('DROP TABLE plain');
  await client.end();
  return elapsedMs;
}
