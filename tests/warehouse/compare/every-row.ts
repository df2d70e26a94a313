import type { Warehouse } from './contestants.ts';

/** All that a warehouse holds, each row as canonical text by its key. */
export interface Everything {
  readonly events: ReadonlyMap<string, string>;
  readonly parked: ReadonlyMap<string, string>;
}

const pageRows = 5_000;

export async function everything(warehouse: Warehouse): Promise<Everything> {
  return {
    events: await rowsOf(warehouse, 'events', '*', 'message_id'),
    // When it was parked is each warehouse's own affair.
    parked: await rowsOf(
      warehouse,
      'parked',
      'key, reason, message_id, anonymous_id, user_id, previous_id, event',
      'key',
    ),
  };
}

async function rowsOf(
  { destination, inBytes }: Warehouse,
  table: string,
  columns: string,
  key: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  for (let after: string | undefined; ; ) {
    const where = after === undefined ? '' : `WHERE ${inBytes(key)} > '${after.replaceAll("'", "''")}'`;
    const page = await destination.query(
      `SELECT ${columns} FROM ${table} ${where} ORDER BY ${inBytes(key)} LIMIT ${pageRows}`,
    );
    for (const row of page) rows.set(String(row[key]), canonical(row));
    const last = page.at(-1);
    if (last === undefined) return rows;
    after = String(last[key]);
  }
}

/** The same text for what is the same, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** What two warehouses do not have in common, in words. */
export function differencesOf(first: Everything, other: Everything): readonly string[] {
  return (['events', 'parked'] as const).flatMap((table) => {
    const keys = new Set([...first[table].keys(), ...other[table].keys()]);
    return [...keys].flatMap((key) => {
      const [one, two] = [first[table].get(key), other[table].get(key)];
      return one === two ? [] : [`${table} ${key}: ${two ?? 'not there'}\n  and elsewhere ${one ?? 'not there'}`];
    });
  });
}
