import { setTimeout as wait } from 'node:timers/promises';
import type { ErasePerson } from '@org/track-core';
import { linesOf, quoted } from './clickhouse-connection.ts';
import { storage } from './clickhouse-schema.ts';
import type { Errand } from './clickhouse-writes.ts';
import { storedId } from './parked-event.ts';

/** Between two looks at a deletion on an old server, milliseconds. */
const mutationPollMs = 100;

/** Somebody may have had thousands of devices; by default servers read 256 KiB of a statement. */
const maxStatementBytes = 64 * 1024 * 1024;

/**
 * Deletes what is about a person, by the rule of the log (log/person.ts): their own events, and on every device on which
 * they were those of nobody in particular. What somebody else did on it, as themselves, stays.
 */
export async function erasePerson({ userId, anonymousId }: ErasePerson, errand: Errand): Promise<void> {
  const { connection, database, signal } = errand;
  const [user, device] = [storedId(userId), storedId(anonymousId)];
  const devices = new Set(device === null ? [] : [device]);
  const isOwn = user === null ? '' : `user_id = ${quoted(user)} OR previous_id = ${quoted(user)}`;
  if (isOwn !== '') {
    for (const table of Object.values(storage)) {
      const sql = `SELECT DISTINCT anonymous_id FROM ${table} WHERE user_id IS NOT NULL AND anonymous_id IS NOT NULL AND (${isOwn}) FORMAT JSONEachRow`;
      const found = await connection.ask(sql, { settings: { database }, signal });
      for (const row of linesOf<{ anonymous_id: string }>(found)) devices.add(row.anonymous_id);
    }
  }
  const theirs = [...devices].map(quoted).join(', ');
  const isAbout = [
    isOwn,
    theirs && `previous_id IN (${theirs})`,
    theirs && `${user === null ? '' : 'user_id IS NULL AND '}anonymous_id IN (${theirs})`,
  ]
    .filter(Boolean)
    .join(' OR ');
  if (isAbout === '') return;
  await deleteFrom(errand, storage.events, 'message_id', isAbout);
  await deleteFrom(errand, storage.parked, 'key', isAbout);
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
