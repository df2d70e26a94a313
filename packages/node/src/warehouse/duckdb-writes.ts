import type { DuckDBConnection } from '@duckdb/node-api';
import { inTransaction } from './duckdb-schema.ts';
import type { Cell } from './event-row.ts';
import { parkedColumns } from './parked-event.ts';
import { stageRows } from './stage-rows.ts';

const store = `INSERT INTO events BY NAME FROM temp.staging
WHERE NOT EXISTS (FROM parked WHERE parked.message_id = staging.message_id) ON CONFLICT (message_id) DO NOTHING`;
const parking = `INSERT INTO parked (${parkedColumns.join(', ')})
SELECT ${parkedColumns.map((_, index) => `$${index + 1}`).join(', ')}
WHERE NOT EXISTS (FROM events WHERE message_id = $${parkedColumns.indexOf('message_id') + 1}) ON CONFLICT (key) DO NOTHING`;

/** Stores rows in one statement, and so one transaction: all of them or none. Of each id the first stays, parked or not. */
export async function stageAndStore(writer: DuckDBConnection, rows: readonly (readonly Cell[])[]): Promise<void> {
  await stageRows(writer, rows);
  await writer.run(store);
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
