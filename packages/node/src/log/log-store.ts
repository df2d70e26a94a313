import { numberOf, openSqliteFile } from '../runtime/sqlite-file.ts';
import { type BatchTable, createBatchTable } from './batch-table.ts';
import { type ConsumerTable, createConsumerTable } from './consumer-table.ts';
import { createErasureTable, type ErasureTable } from './erasure-table.ts';
import type { LogStats } from './log.ts';
import { logFile } from './log-schema.ts';
import { createRecordTables, type RecordTables } from './record-tables.ts';
import { createSuppressionTable, type SuppressionTable } from './suppression-table.ts';

/** What retention took away. */
export interface Removed extends LogStats {
  /** The newest row among them; 0 if there was none. */
  readonly lastSeq: number;
}

/** The log's file with its tables: every SQL statement is here or in one of them, and nothing is decided here. */
export interface LogStore extends BatchTable, ConsumerTable, RecordTables, SuppressionTable {
  readonly erasures: ErasureTable;
  /** Runs `work` in one transaction that is on disk when this returns. If anything throws, nothing of it happened. */
  transaction(work: () => void): void;
  /**
   * Removes what arrived before `receivedBefore`: the oldest batches that every consumer is past, at most `maxBatches`,
   * and all quarantined events and dead letters.
   */
  remove(receivedBefore: number, maxBatches: number): Removed;
  totals(): LogStats;
  damage(): readonly string[];
  /** What `work` removes is gone from the write-ahead log too, which is emptied. */
  scrub(work: () => void): void;
  /** Takes room and gives it back, so that a full or read-only disk shows. Inside a transaction. */
  probe(): void;
  close(): void;
}

/** Bytes in the write-ahead log before they go to the file: each time costs two more waits for the disk. */
const checkpointBytes = 16 * 1024 * 1024;

/** More than the pages that happen to be free in a file. */
const probeBytes = 32 * 1024;

type Row = Record<string, unknown>;

/**
 * Opens the file, or makes it. One process at a time: the window of message ids lives in memory.
 *
 * @throws Error if the file cannot be opened, is another program's, or is in use
 */
export function openLogStore(path: string, maxBytes?: number): LogStore {
  const db = openSqliteFile(path, logFile);
  const ownPageBytes = numberOf(db, 'PRAGMA page_size'); // a file that was there may have smaller ones
  db.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(checkpointBytes / ownPageBytes)}`);
  if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / ownPageBytes)}`);

  const consumers = createConsumerTable(db);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const removable = db.prepare(
    `SELECT seq, count FROM batches INDEXED BY batch_sizes WHERE seq <= ? AND received_at < ? ORDER BY seq LIMIT ?`,
  );
  const removeBatch = db.prepare('DELETE FROM batches WHERE seq = ?');
  const removeQuarantined = db.prepare('DELETE FROM quarantined WHERE received_at < ?');
  const removeDeadLetters = db.prepare('DELETE FROM dead_letters WHERE at < ?');
  const totals = db.prepare(
    `SELECT (SELECT count(*) FROM batches INDEXED BY batch_sizes WHERE seq > 0) AS batches,
            (SELECT coalesce(sum(count), 0) FROM batches INDEXED BY batch_sizes WHERE seq > 0) AS events,
            (SELECT count(*) FROM quarantined) AS quarantined,
            (SELECT count(*) FROM dead_letters) AS deadLetters`,
  );
  const takeRoom = db.prepare("INSERT INTO salts VALUES ('probe', zeroblob(?))");
  const giveRoomBack = db.prepare("DELETE FROM salts WHERE name = 'probe'");

  return {
    ...createBatchTable(db),
    ...consumers,
    ...createRecordTables(db),
    ...createSuppressionTable(db),
    erasures: createErasureTable(db),
    transaction(work) {
      begin.run();
      try {
        work();
        commit.run();
      } catch (error) {
        try {
          rollback.run();
        } catch {
          // A full disk makes SQLite roll back by itself.
        }
        throw error;
      }
    },
    remove(receivedBefore, maxBatches) {
      const seq = consumers.consumedThrough();
      const rows = removable.all(seq, receivedBefore, maxBatches) as Row[] as { seq: number; count: number }[];
      for (const row of rows) removeBatch.run(row.seq);
      return {
        lastSeq: rows.at(-1)?.seq ?? 0,
        batches: rows.length,
        events: rows.reduce((sum, { count }) => sum + count, 0),
        quarantined: Number(removeQuarantined.run(receivedBefore).changes),
        deadLetters: Number(removeDeadLetters.run(receivedBefore).changes),
      };
    },
    totals: () => ({ ...(totals.get() as Row as unknown as LogStats) }),
    damage() {
      const rows = db
        .prepare('PRAGMA quick_check(10)')
        .all()
        .map((row) => String(Object.values(row)[0]));
      return rows.filter((text) => text !== 'ok');
    },
    scrub(work) {
      try {
        work();
      } finally {
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      }
    },
    probe() {
      takeRoom.run(probeBytes);
      giveRoomBack.run();
    },
    close: () => db.close(),
  };
}
