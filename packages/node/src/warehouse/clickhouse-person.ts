import { setTimeout as wait } from 'node:timers/promises';
import type { ErasePerson } from '@org/track-core';
import { linesOf, quoted } from './clickhouse-connection.ts';
import { storage } from './clickhouse-schema.ts';
import type { Errand } from './clickhouse-writes.ts';
import type { Tally } from './count-erased.ts';
import { storedId } from './parked-event.ts';

/** Between two looks at a deletion on an old server, milliseconds. */
const mutationPollMs = 100;

/** Somebody may have had thousands of devices; by default servers read 256 KiB of a statement. */
export const maxStatementBytes: number = 64 * 1024 * 1024;

/** Whose rows they are: of a user, and of devices. */
interface Whose {
  readonly user: string | null;
  readonly devices: ReadonlySet<string>;
}

/**
 * Deletes what is about a person, by the rule of the log (log/person.ts): their own events, and on every device on which
 * they were those of nobody in particular. What somebody else did on it, as themselves, stays.
 */
export async function erasePerson(person: ErasePerson, errand: Errand, tally: Tally): Promise<void> {
  const condition = isAbout(await whose(person, errand));
  if (condition === '') return;
  for (const [table, key] of [
    [storage.events, 'message_id'],
    [storage.parked, 'key'],
  ] as const) {
    const rows = await countIn(errand, table, key, condition);
    tally.mayBeGone();
    await deleteFrom(errand, table, key, condition);
    tally.areGone(rows);
  }
}

/**
 * The conditions of `SELECT`s from `events` and `parked` for what is about a person; of a device that others had too only
 * what says that it is theirs. Empty: there is nothing.
 */
export async function personCondition(person: ErasePerson, errand: Errand): Promise<string> {
  const { user, devices } = await whose(person, errand);
  const own = new Set(devices);
  const known = storedId(person.anonymousId);
  if (user !== null && devices.size > 0) {
    const condition = `anonymous_id IN (${listOf(devices)}) AND user_id <> ${quoted(user)} AND ifNull(previous_id, '') <> ${quoted(user)}`;
    for (const device of await devicesWhere(condition, errand)) if (device !== known) own.delete(device);
  }
  return isAbout({ user, devices: own });
}

async function whose({ userId, anonymousId }: ErasePerson, errand: Errand): Promise<Whose> {
  const [user, device] = [storedId(userId), storedId(anonymousId)];
  const devices = new Set(device === null ? [] : [device]);
  if (device !== null) {
    const isBrowser = `${browserIdIn(errand)} = ${quoted(device)}`;
    for (const found of await devicesWhere(isBrowser, errand, [storage.events])) devices.add(found);
  }
  if (user !== null) {
    for (const found of await devicesWhere(`user_id IS NOT NULL AND (${isOf(user)})`, errand)) devices.add(found);
  }
  return { user, devices };
}

/** The id a browser has for itself. Old servers look for a field by its name, however deep it lies. */
const browserIdIn = ({ features }: Errand): string =>
  features.isModern
    ? `JSONExtractString(ifNull(context, ''), 'identity', 'browserId')`
    : `visitParamExtractString(visitParamExtractRaw(ifNull(context, ''), 'identity'), 'browserId')`;

async function devicesWhere(
  condition: string,
  errand: Errand,
  tables: readonly string[] = Object.values(storage),
): Promise<readonly string[]> {
  const question = {
    settings: { database: errand.database, max_query_size: maxStatementBytes },
    signal: errand.signal,
  };
  const devices: (readonly string[])[] = [];
  for (const table of tables) {
    const sql = `SELECT DISTINCT anonymous_id FROM ${table} WHERE anonymous_id IS NOT NULL AND ${condition} FORMAT JSONEachRow`;
    const found = linesOf<{ anonymous_id: string }>(await errand.connection.ask(sql, question));
    devices.push(found.map((row) => row.anonymous_id));
  }
  return devices.flat();
}

const listOf = (ids: Iterable<string>): string => [...ids].map(quoted).join(', ');

const isOf = (user: string): string => `user_id = ${quoted(user)} OR previous_id = ${quoted(user)}`;

function isAbout({ user, devices }: Whose): string {
  const theirs = listOf(devices);
  return [
    user !== null && isOf(user),
    theirs && `previous_id IN (${theirs})`,
    theirs && `${user === null ? '' : 'user_id IS NULL AND '}anonymous_id IN (${theirs})`,
  ]
    .filter(Boolean)
    .join(' OR ');
}

/** How many such rows there are, as the views show them. Counted before: deletions do not tell. */
async function countIn(errand: Errand, table: string, key: string, condition: string): Promise<number> {
  const settings = { database: errand.database, max_query_size: maxStatementBytes };
  const sql = `SELECT uniqExact(${key}) FROM ${table} WHERE ${condition}`;
  return Number(await errand.connection.ask(sql, { settings, signal: errand.signal }));
}

/** Deletes such rows, and with them what hides under them: other rows of their keys. */
async function deleteFrom(errand: Errand, table: string, key: string, condition: string): Promise<void> {
  const { connection, features, database, signal } = errand;
  const settings = { database, max_query_size: maxStatementBytes };
  const question = { settings, signal };
  // Found before, because a deletion goes from part to part, and in the next one no longer sees what it deleted.
  const hidden = await connection.ask(
    `SELECT DISTINCT ${key} AS key FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${condition}) AND NOT ifNull(${condition}, 0) FORMAT JSONEachRow`,
    question,
  );
  const keys = linesOf<{ key: string }>(hidden).map((row) => quoted(row.key));
  const where = `WHERE ${condition}${keys.length === 0 ? '' : ` OR ${key} IN (${keys.join(', ')})`}`;
  if (features.isModern) {
    // Nobody sees the rows from here on; the second statement takes them off the disk, in its own time.
    await connection.ask(`DELETE FROM ${table} ${where}`, { settings: { ...settings, mutations_sync: 2 }, signal });
    const later = { settings: { database, mutations_sync: 0 }, signal };
    await connection.ask(`ALTER TABLE ${table} APPLY DELETED MASK`, later);
    return;
  }
  await connection.ask(`ALTER TABLE ${table} DELETE ${where}`, question);
  const left = `SELECT count() FROM system.mutations WHERE database = ${quoted(database)} AND table = ${quoted(table)} AND NOT is_done`;
  while ((await connection.ask(left, question)).trim() !== '0') {
    await wait(mutationPollMs, undefined, { signal });
  }
}
