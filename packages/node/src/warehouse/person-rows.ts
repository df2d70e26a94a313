import type { ErasePerson } from '@org/track-core';
import { storedId } from './parked-event.ts';

/** What of an erasure the databases say differently. */
export interface ErasureTools {
  /** The names of `events`, which comes first, and `parked`. */
  readonly tables: readonly string[];
  /** Runs a statement; `$1` and `$2` stand for the parameters, of which the second is a list in a deletion. */
  readonly run: (
    sql: string,
    parameters: readonly [string | null, string | null | readonly string[]],
  ) => Promise<readonly unknown[]>;
  /** Runs a deletion, and says how many rows went. */
  readonly remove: (sql: string, parameters: readonly [string | null, readonly string[]]) => Promise<number>;
}

/**
 * Deletes what is about a person, by the rule of the log (log/person.ts): their own events, and on every device on which
 * they were those of nobody in particular. What somebody else did on it, as themselves, stays. A device may be named by
 * the id that its browser has for itself.
 *
 * To be run in one transaction: the devices are read from what is deleted. Resolves with how many rows went.
 */
export async function erasePerson(
  { userId, anonymousId }: ErasePerson,
  { tables, run, remove }: ErasureTools,
): Promise<number> {
  const user = storedId(userId);
  const device = storedId(anonymousId);
  const found = await run(devicesOf(tables), [user, device]);
  const devices = (found as readonly { readonly device: string }[]).map((row) => row.device);
  let rows = 0;
  for (const table of tables) rows += await remove(`DELETE FROM ${table} WHERE ${isAbout}`, [user, devices]);
  return rows;
}

/**
 * What is about a person, a row of each table with the table's name; of a device that others had too only what says that
 * it is theirs.
 */
export async function exportPerson(
  { userId, anonymousId }: ErasePerson,
  { tables, run }: Omit<ErasureTools, 'remove'>,
): Promise<readonly object[]> {
  const user = storedId(userId);
  const device = storedId(anonymousId);
  const found = (await run(ownDevicesOf(tables), [user, device])) as readonly { readonly device: string }[];
  const devices = found.map((row) => row.device);
  const rows: (readonly object[])[] = [];
  for (const table of tables) {
    rows.push((await run(`SELECT * FROM ${table} WHERE ${isAbout}`, [user, devices])) as readonly object[]);
  }
  return rows.flat(); // not spread into arguments: of those a call takes some hundred thousand at most
}

const ownDevicesOf = (tables: readonly string[]): string => `SELECT device FROM (${devicesOf(tables)}) AS devices
WHERE device = CAST($2 AS text) OR NOT EXISTS (SELECT 1 FROM (${tables
  .map((table) => `SELECT anonymous_id, user_id, previous_id FROM ${table}`)
  .join('\nUNION ALL ')}) AS others
WHERE others.anonymous_id = device AND others.user_id <> CAST($1 AS text)
  AND coalesce(others.previous_id, '') <> CAST($1 AS text))`;

const devicesOf = (
  tables: readonly string[],
): string => `SELECT CAST($2 AS text) AS device WHERE CAST($2 AS text) IS NOT NULL
UNION ${tables
  .map(
    (table) => `SELECT anonymous_id FROM ${table}
WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL AND (user_id = CAST($1 AS text) OR previous_id = CAST($1 AS text))`,
  )
  .join('\nUNION ')}
UNION SELECT anonymous_id FROM ${tables[0]}
WHERE anonymous_id IS NOT NULL AND (context -> 'identity' ->> 'browserId') = CAST($2 AS text)`;

const isAbout = `user_id = CAST($1 AS text) OR previous_id = CAST($1 AS text) OR previous_id = ANY(CAST($2 AS text[]))
OR ((user_id IS NULL OR CAST($1 AS text) IS NULL) AND anonymous_id = ANY(CAST($2 AS text[])))`;
