import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampTZValue,
  type DuckDBValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { type Cell, columns } from './event-row.ts';

/** Rows written before other work of the process gets its turn, about 5 ms. */
const rowsPerTurn = 512;

const staging = `CREATE OR REPLACE TEMP TABLE staging (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const rowTypes = columns.map(({ type }) => (type === 'TIMESTAMPTZ' ? TIMESTAMPTZ : VARCHAR));

/** Puts the rows, and nothing else, into the connection's temporary table `staging`. */
export async function stageRows(connection: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<void> {
  await connection.run(staging);
  await appendRows(connection, rows, 'staging', 'temp');
}

/** Appends rows to a table that has the columns of `events` in their order. It knows no conflict but to fail. */
export async function appendRows(
  connection: DuckDBConnection,
  rows: readonly (readonly Cell[])[],
  table: string,
  catalog: string | null = null,
): Promise<void> {
  const appender = await connection.createAppender(table, null, catalog);
  try {
    for (let from = 0; from < rows.length; from += rowsPerTurn) {
      appender.appendDataChunk(chunkOf(rows.slice(from, from + rowsPerTurn)));
      if (from + rowsPerTurn < rows.length) await nextTurn();
    }
    appender.closeSync();
  } catch (error) {
    // Else it would try again when it is collected as garbage, whatever has become of the table by then.
    appender.clear();
    throw error;
  }
}

function chunkOf(rows: readonly (readonly Cell[])[]): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(rowTypes, rows.length);
  for (let column = 0; column < columns.length; column++) {
    chunk.setColumnValues(
      column,
      rows.map((row) => duckdbValue(row[column] ?? null)),
    );
  }
  return chunk;
}

function duckdbValue(cell: Cell): DuckDBValue {
  return typeof cell === 'bigint' ? new DuckDBTimestampTZValue(cell) : cell;
}
