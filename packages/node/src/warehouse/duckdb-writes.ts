import { type DuckDBConnection, listValue } from '@duckdb/node-api';
import { appendRows, stageRows } from './append-rows.ts';
import { isFatal } from './duckdb-errors.ts';
import { inTransaction } from './duckdb-schema.ts';
import type { Cell } from './event-row.ts';
import { parkedColumns } from './parked-event.ts';

const store = `INSERT INTO events BY NAME FROM temp.staging
WHERE NOT EXISTS (FROM parked WHERE parked.message_id = staging.message_id) ON CONFLICT (message_id) DO NOTHING`;
const parking = `INSERT INTO parked (${parkedColumns.join(', ')})
SELECT ${parkedColumns.map((_, index) => `$${index + 1}`).join(', ')}
WHERE NOT EXISTS (FROM events WHERE message_id = $${parkedColumns.indexOf('message_id') + 1}) ON CONFLICT (key) DO NOTHING`;

/** Deliveries that are staged after one that met an event which is there already: a replay has more of them. */
const stagedAfterConflict = 50;

/** Stores rows in one transaction: all of them or none. Of each id the first stays, parked or not. */
export type StoreRows = (rows: readonly (readonly Cell[])[]) => Promise<void>;

/**
 * New events go straight into the table, at half the cost. What that cannot do, such as leave out one that is there
 * already, is done with a table in between.
 */
export function createStoreRows(writer: DuckDBConnection): StoreRows {
  let staged = 0;
  return async (rows) => {
    if (staged === 0) {
      if (await areNewlyStored(writer, rows)) return;
      staged = stagedAfterConflict;
    }
    staged--;
    await stageRows(writer, rows);
    await writer.run(store);
  };
}

/** Stores the rows if they can go straight into the table; `false`: nothing was stored, whatever the reason. */
async function areNewlyStored(writer: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<boolean> {
  try {
    await inTransaction(writer, async () => {
      if (await isAnyParked(writer, rows)) throw new Error('An id is that of a parked event.');
      await appendRows(writer, rows, 'events');
    });
    return true;
  } catch (error) {
    if (isFatal(error)) throw error;
    return false;
  }
}

async function isAnyParked(writer: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<boolean> {
  const parked = await writer.runAndReadAll('SELECT 1 FROM parked LIMIT 1');
  if (parked.currentRowCount === 0) return false;
  const ids = listValue(rows.map(([id]) => String(id)));
  const sql = 'SELECT 1 FROM parked WHERE message_id IN (SELECT unnest($1)) LIMIT 1';
  return (await writer.runAndReadAll(sql, [ids])).currentRowCount > 0;
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
