import type { DatabaseSync } from 'node:sqlite';
import { attempt, type ConsentCategory, createMemoryOutbox, type Entry, type OutboxHost } from '@org/track-core';
import type { PersonIds } from '../log/person.ts';
import { createPersonFinder, isAbout } from '../log/person.ts';
import { onProcessEnd } from '../runtime/process-end.ts';
import { cannotOpen, openSqliteFile, type SqliteFile } from '../runtime/sqlite-file.ts';
import { type AgedOutbox, createAgedOutbox } from './aged-outbox.ts';

/** An outbox in a file, from which people can be taken out. */
export interface SqliteOutbox extends AgedOutbox {
  /**
   * Drops what waits here of somebody, by `userId`, `anonymousId` or both, as `erased`, and overwrites where it stood. What
   * is being sent right now the collector refuses, if it was told first. Returns how many events those were.
   */
  erase(person: PersonIds): number;
}

export interface SqliteOutboxOptions {
  /** Most events that may wait; beyond it the oldest are dropped as `outbox-full`. Default 100,000. */
  readonly maxEvents?: number;
  /** Most bytes of events that may wait, here and in memory. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Events that an earlier process left this long ago are dropped as `expired`. Milliseconds, default 7 days. */
  readonly maxAgeMs?: number;
  /** Wall clock, epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

const file: SqliteFile = {
  opener: 'sqliteOutbox',
  applicationId: 0x54726b4f, // "TrkO"
  steps: [
    `CREATE TABLE entries (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      value TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      purpose TEXT NOT NULL,
      queued_at INTEGER NOT NULL
    ) STRICT;`,
  ],
  // What is written survives the process; the far end's answer is what makes an event safe for good.
  pragmas: 'PRAGMA synchronous = NORMAL;',
};

/** An entry as its row says it. */
interface StoredEntry {
  readonly seq: number;
  readonly id: string;
  readonly value: string;
  readonly bytes: number;
  readonly purpose: ConsentCategory;
  readonly queued_at: number;
}

/**
 * Events of a server's tracker wait in memory and in a SQLite file, where the next process finds what was not settled.
 *
 * All that one turn of the event loop adds and settles is one commit, at the end of that turn: from then on it survives
 * the end of the process, however it ends. A power cut may cost the last moments (`synchronous=NORMAL`). What the disk
 * does not take waits in memory, and its `durable` is false. The file belongs to one process at a time; its folder is
 * made if needed.
 *
 * @throws TypeError if an option is wrong
 * @throws Error if the file cannot be opened or read, is something else's, or another process has it open
 */
export function sqliteOutbox(path: string, options: SqliteOutboxOptions = {}): SqliteOutbox {
  const { maxEvents = 100_000, maxBytes = 256 << 20, maxAgeMs = 7 * 24 * 3_600_000, now = Date.now } = options;
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(`sqliteOutbox: path: expected a file's path, got ${String(path)}`);
  }
  for (const [option, value] of Object.entries({ maxEvents, maxBytes, maxAgeMs })) {
    if (!(value > 0)) throw new TypeError(`sqliteOutbox: ${option}: expected a number above 0, got ${String(value)}`);
  }
  const database = openSqliteFile(path, file);
  let found = leftIn(database, path);
  const insert = database.prepare('INSERT INTO entries (id, value, bytes, purpose, queued_at) VALUES (?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM entries WHERE seq = ?');
  const memory = createAgedOutbox(createMemoryOutbox({ maxEvents, maxBytes }));
  const rows = new Map<string, number>(); // the row of each entry that has one
  let added = new Map<string, Entry>(); // since the last commit
  let settled: string[] = [];
  let written: Promise<boolean> | undefined; // all that this turn adds
  let isTaken = true; // by the disk, in this turn's commits so far
  let host: OutboxHost | undefined;
  let isClosed = false;

  /** Commits once, when the code that runs now is done. */
  function commitSoon(): Promise<boolean> {
    written ??= Promise.resolve().then(() => {
      const isWritten = commit() && isTaken;
      written = undefined;
      isTaken = true;
      return isWritten;
    });
    return written;
  }

  /** Whether all that was added since the last commit is in the file now. */
  function commit(): boolean {
    const [entries, gone] = [added, settled];
    added = new Map();
    settled = [];
    if (isClosed || (entries.size === 0 && gone.length === 0)) return !isClosed;
    const seqs = new Map<string, number>();
    try {
      database.exec('BEGIN');
      for (const { id, value, bytes, purpose, queuedAt } of entries.values()) {
        seqs.set(id, Number(insert.run(id, value, bytes, purpose, queuedAt).lastInsertRowid));
        // An event that an earlier process left may be told again: one row for it is enough, and goes with its fate.
        const left = rows.get(id);
        if (left !== undefined) remove.run(left);
      }
      for (const id of gone) remove.run(rows.get(id) ?? null);
      database.exec('COMMIT');
    } catch {
      if (database.isTransaction) database.exec('ROLLBACK');
      // Rows of what is settled go with a later commit: room on a full disk comes from nowhere else.
      settled = gone;
      isTaken = false;
      return false;
    }
    for (const id of gone) rows.delete(id);
    for (const [id, seq] of seqs) rows.set(id, seq);
    return true;
  }

  function findLeft(host: OutboxHost): void {
    for (const { seq, id, value, bytes, purpose, queued_at: queuedAt } of found) {
      rows.set(id, seq);
      host.onArrived(1, true);
      if (now() - queuedAt > maxAgeMs) host.onDropped(id, 'expired');
      else void memory.add({ id, value, bytes, purpose, queuedAt });
    }
    found = [];
  }

  // The last turn of a process has no end of its own.
  const stopWatching = onProcessEnd({ finish() {}, leave: commit });

  return {
    ...memory,
    open(itsHost) {
      host = itsHost;
      memory.open(itsHost);
      findLeft(itsHost);
    },
    erase(person) {
      const waiting = memory.pull({ maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY });
      const finder = createPersonFinder(person);
      for (const entry of waiting) finder.see(eventIn(entry));
      const known = finder.found();
      const theirs = new Set(waiting.filter((entry) => isAbout(eventIn(entry), known, true)));
      memory.release(waiting.filter((entry) => !theirs.has(entry)));
      for (const { id } of theirs) host?.onDropped(id, 'erased');
      if (!isClosed && theirs.size > 0 && commit()) database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
      return theirs.size;
    },
    add(entry) {
      added.set(entry.id, entry);
      const stored = commitSoon();
      void memory.add(entry);
      return stored;
    },
    settle(id, verdict) {
      void memory.settle(id, verdict);
      // Delivered or dropped before it was written: it never is.
      if (added.delete(id) || !rows.has(id)) return;
      settled.push(id);
      void commitSoon();
    },
    close() {
      if (isClosed) return;
      const isStored = commit();
      isClosed = true;
      stopWatching();
      database.close();
      if (!isStored) void memory.close();
    },
  };
}

/** What an earlier process left. Read at once: whoever opens the file hears that it cannot be. */
function leftIn(database: DatabaseSync, path: string): readonly StoredEntry[] {
  try {
    const left = database.prepare('SELECT seq, id, value, bytes, purpose, queued_at FROM entries ORDER BY seq');
    return left.all() as unknown as StoredEntry[];
  } catch (cause) {
    database.close();
    throw cannotOpen(path, file, cause);
  }
}

/** Nothing of what was damaged at rest: whose it was nobody can tell, and it is for the collector to refuse. */
function eventIn({ value }: Entry): unknown {
  return attempt(() => JSON.parse(value) as unknown);
}
