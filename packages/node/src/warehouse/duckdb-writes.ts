import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampTZValue,
  type DuckDBValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { inTransaction } from './duckdb-schema.ts';
import { type Cell, columns } from './event-row.ts';
import { parkedColumns } from './parked-event.ts';

/** Rows written before other work of the process gets its turn, about 5 ms. */
const rowsPerTurn = 256;

const staging = `CREATE OR REPLACE TEMP TABLE staging (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const store = `INSERT INTO events BY NAME FROM temp.staging
WHERE NOT EXISTS (FROM parked WHERE parked.message_id = staging.message_id) ON CONFLICT (message_id) DO NOTHING`;
const stagingTypes = columns.map(({ type }) => (type === 'TIMESTAMPTZ' ? TIMESTAMPTZ : VARCHAR));
const parking = `INSERT INTO parked (${parkedColumns.join(', ')})
SELECT ${parkedColumns.map((_, index) => `$${index + 1}`).join(', ')}
WHERE NOT EXISTS (FROM events WHERE message_id = $${parkedColumns.indexOf('message_id') + 1}) ON CONFLICT (key) DO NOTHING`;

/** Stores rows in one statement, and so one transaction: all of them or none. Of each id the first stays, parked or not. */
export async function stageAndStore(writer: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<void> {
  await writer.run(staging);
  await stage(writer, rows);
  await writer.run(store);
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

/** Keeps events that are no rows, each once, unless its id is that of a row. */
export async function storeParked(
  writer: DuckDBConnection,
  parked: readonly (readonly (string | null)[])[],
): Promise<void> {
  if (parked.length === 0) return;
  await inTransaction(writer, async () => {
    for (const row of parked) await writer.run(parking, [...row]);
  });
}

/** Why DuckDB does not take what is in a row; `undefined` if the fault is of its file or itself. */
export function refusalOf(error: unknown): string | undefined {
  const isRefusal =
    error instanceof Error && /^(Constraint|Conversion|Invalid Input|Out of Range) Error/.test(error.message);
  return isRefusal ? 'refused-by-duckdb' : undefined;
}
