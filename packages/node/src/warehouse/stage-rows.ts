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
const rowsPerTurn = 256;

const staging = `CREATE OR REPLACE TEMP TABLE staging (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const stagingTypes = columns.map(({ type }) => (type === 'TIMESTAMPTZ' ? TIMESTAMPTZ : VARCHAR));

/** Puts the rows, and nothing else, into the connection's temporary table `staging`. */
export async function stageRows(connection: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<void> {
  await connection.run(staging);
  const appender = await connection.createAppender('staging', null, 'temp');
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
