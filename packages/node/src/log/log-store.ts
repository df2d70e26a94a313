import { numberOf, openSqliteFile } from '../runtime/sqlite-file.ts';
import { createErasureTable, type ErasureTable } from './erasure-table.ts';
import type {
  AcceptedBatch,
  BatchFacts,
  ConsumerProgress,
  DeadLetterPage,
  DeadLetterRecord,
  LogStats,
  QuarantinedEvent,
  QuarantinedRecord,
  RecordPage,
} from './log.ts';
import { logFile } from './log-schema.ts';

/** One batch as the log keeps it. */
export interface StoredBatch {
  /** Its place in the log, counted from 1 and never used again. */
  readonly seq: number;
  readonly count: number;
  /** UTF-8 length of `body`. */
  readonly bytes: number;
  readonly facts: BatchFacts;
  /** JSON text of an object with a `batch`. */
  readonly body: string;
}

/**
 * Where a consumer stands. It reads at two fronts: what came after it, from `cursor` on, and what was there before it,
 * after `backfilled` up to `backfillThrough`. Rows that a front is past are done with, save those in `partial`, oldest first.
 */
export interface ConsumerPosition {
  readonly cursor: number;
  readonly backfilled: number;
  readonly backfillThrough: number;
  /** For each event of the row, by its place in the batch: 1 if its fate is known. */
  readonly partial: readonly { readonly seq: number; readonly settled: Uint8Array }[];
}

export interface DeadLetter {
  readonly consumer: string;
  readonly messageId: string;
  readonly reason: string;
  /** The event as it was delivered, JSON text. */
  readonly event: string;
  /** Where it stands in the log. */
  readonly seq: number;
  readonly place: number;
}

/** A batch without what is in it. */
export interface BatchSize {
  readonly seq: number;
  readonly receivedAt: number;
  readonly count: number;
  readonly bytes: number;
}

/** What retention took away. */
export interface Removed extends LogStats {
  /** The newest row among them; 0 if there was none. */
  readonly lastSeq: number;
}

/** The log's tables: every SQL statement is here or beside, and nothing is decided here. */
export interface LogStore {
  readonly erasures: ErasureTable;
  /** Runs `work` in one transaction that is on disk when this returns. If anything throws, nothing of it happened. */
  transaction(work: () => void): void;
  insertBatch(seq: number, batch: AcceptedBatch, ids: Uint8Array, bytes: number): void;
  /** Returns how many it inserted: an id is quarantined once. */
  insertQuarantined(event: QuarantinedEvent, facts: BatchFacts): number;
  insertDeadLetter(letter: DeadLetter, at: number): void;
  body(seq: number): string | undefined;
  /** The oldest batch after `seq`. */
  batchAfter(seq: number): StoredBatch | undefined;
  batch(seq: number): StoredBatch | undefined;
  /** The hashes of the newest rows, newest first. */
  newestIds(): Iterable<{ readonly seq: number; readonly ids: Uint8Array }>;
  /** Events and bytes after `seq` up to `through`, weighed as the consumer weighs them. */
  backlog(seq: number, through?: number): { readonly events: number; readonly bytes: number };
  /** From now on rows stay until this consumer is past them. What the log holds already is behind all that comes. */
  addConsumer(consumer: string): void;
  position(consumer: string): ConsumerPosition;
  /** Is a consumer past this row, so that only a line in the ledger can say that something of it is open? */
  isPassed(consumer: string, seq: number): boolean;
  setCursor(consumer: string, seq: number): void;
  setBackfilled(consumer: string, seq: number): void;
  setPartial(consumer: string, seq: number, settled: Uint8Array): void;
  dropPartial(consumer: string, seq: number): void;
  /**
   * Removes what arrived before `receivedBefore`: the oldest batches that every consumer is past, at most `maxBatches`,
   * and all quarantined events and dead letters.
   */
  remove(receivedBefore: number, maxBatches: number): Removed;
  lastSeq(): number;
  /** Newest first. */
  quarantined(page: RecordPage): readonly QuarantinedRecord[];
  quarantinedById(id: number): QuarantinedRecord | undefined;
  /** Newest first. */
  deadLetters(page: DeadLetterPage): readonly DeadLetterRecord[];
  deadLetterById(id: number): DeadLetterRecord | undefined;
  deleteQuarantined(id: number): number;
  deleteDeadLetter(id: number): number;
  /** Puts other text in a batch's place: as many events, or nothing where there was one. */
  setBody(seq: number, body: string): void;
  /** Batches without their bodies, oldest first, after `seq`. */
  sizesAfter(seq: number, limit: number): readonly BatchSize[];
  consumers(): readonly string[];
  deleteConsumer(consumer: string): number;
  damage(): readonly string[];
  ledgerLine(consumer: string, seq: number): Uint8Array | undefined;
  /** What `work` removes is gone from the write-ahead log too, which is emptied. */
  scrub(work: () => void): void;
  totals(): LogStats;
  /** Takes room and gives it back, so that a full or read-only disk shows. Inside a transaction. */
  probe(): void;
  progress(consumer: string): ConsumerProgress | undefined;
  /** What ids of suppressed people are hashed with. */
  suppressionSalt(): Uint8Array;
  insertSuppressed(hash: Uint8Array, at: number): void;
  deleteSuppressed(hash: Uint8Array): void;
  isSuppressed(hash: Uint8Array): boolean;
  suppressed(): Iterable<Uint8Array>;
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
  const prepare = (sql: string) => db.prepare(sql);

  const begin = prepare('BEGIN IMMEDIATE');
  const commit = prepare('COMMIT');
  const rollback = prepare('ROLLBACK');
  // Bytes are text from here on; SQLite does not touch them for that.
  const insertBatch = prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT))');
  // A retried batch brings its invalid events again.
  const insertQuarantined = prepare(
    'INSERT OR IGNORE INTO quarantined (received_at, message_id, issues, event, facts) VALUES (?, ?, ?, ?, ?)',
  );
  const insertDeadLetter = prepare(
    'INSERT INTO dead_letters (at, consumer, message_id, reason, event, seq, place) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const body = prepare('SELECT body FROM batches WHERE seq = ?');
  const batchAfter = prepare('SELECT seq, count, bytes, facts, body FROM batches WHERE seq > ? ORDER BY seq LIMIT 1');
  const batch = prepare('SELECT seq, count, bytes, facts, body FROM batches WHERE seq = ?');
  const newestIds = prepare('SELECT seq, ids FROM batches ORDER BY seq DESC');
  const backlog = prepare(
    `SELECT coalesce(sum(count), 0) AS events, coalesce(sum((bytes + count - 1) / count * count), 0) AS bytes
     FROM batches INDEXED BY batch_sizes WHERE seq > ? AND seq <= ?`,
  );
  const position = prepare(
    'SELECT cursor, backfilled, backfill_through AS backfillThrough FROM consumers WHERE name = ?',
  );
  const isPassed = prepare(
    'SELECT 1 FROM consumers WHERE name = :name AND (:seq <= backfilled OR (:seq > backfill_through AND :seq <= cursor))',
  );
  const partial = prepare('SELECT seq, settled FROM ledger WHERE consumer = ? ORDER BY seq');
  const addConsumer = prepare('INSERT OR IGNORE INTO consumers VALUES (:name, :last, 0, :last)');
  const setCursor = prepare('UPDATE consumers SET cursor = ? WHERE name = ?');
  const setBackfilled = prepare('UPDATE consumers SET backfilled = ? WHERE name = ?');
  const setPartial = prepare(
    'INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT (consumer, seq) DO UPDATE SET settled = excluded.settled',
  );
  const dropPartial = prepare('DELETE FROM ledger WHERE consumer = ? AND seq = ?');
  const consumedThrough = prepare(
    `SELECT min(coalesce((SELECT min(cursor) FROM consumers), ${Number.MAX_SAFE_INTEGER}),
                coalesce((SELECT min(backfilled) FROM consumers WHERE backfilled < backfill_through), ${Number.MAX_SAFE_INTEGER}),
                coalesce((SELECT min(seq) - 1 FROM ledger), ${Number.MAX_SAFE_INTEGER})) AS seq`,
  );
  const removable = prepare(
    `SELECT seq, count FROM batches INDEXED BY batch_sizes WHERE seq <= ? AND received_at < ? ORDER BY seq LIMIT ?`,
  );
  const removeBatch = prepare('DELETE FROM batches WHERE seq = ?');
  const removeQuarantined = prepare('DELETE FROM quarantined WHERE received_at < ?');
  const removeDeadLetters = prepare('DELETE FROM dead_letters WHERE at < ?');
  const lastSeq = prepare(
    'SELECT max(coalesce((SELECT max(seq) FROM batches), 0), coalesce((SELECT max(cursor) FROM consumers), 0)) AS seq',
  );
  const quarantined = prepare('SELECT * FROM quarantined WHERE id < ? ORDER BY id DESC LIMIT ?');
  const quarantinedById = prepare('SELECT * FROM quarantined WHERE id = ?');
  const deadLetters = prepare(
    'SELECT * FROM dead_letters WHERE id < ? AND consumer = coalesce(?, consumer) ORDER BY id DESC LIMIT ?',
  );
  const deadLetterById = prepare('SELECT * FROM dead_letters WHERE id = ?');
  const deleteQuarantined = prepare('DELETE FROM quarantined WHERE id = ?');
  const deleteDeadLetter = prepare('DELETE FROM dead_letters WHERE id = ?');
  const setBody = prepare('UPDATE batches SET body = ? WHERE seq = ?');
  const sizesAfter = prepare(
    'SELECT seq, received_at AS receivedAt, count, bytes FROM batches INDEXED BY batch_sizes WHERE seq > ? ORDER BY seq LIMIT ?',
  );
  const consumers = prepare('SELECT name FROM consumers ORDER BY name');
  const deleteConsumer = prepare('DELETE FROM consumers WHERE name = ?');
  const deleteLedger = prepare('DELETE FROM ledger WHERE consumer = ?');
  const ledgerLine = prepare('SELECT settled FROM ledger WHERE consumer = ? AND seq = ?');
  const totals = prepare(
    `SELECT (SELECT count(*) FROM batches INDEXED BY batch_sizes WHERE seq > 0) AS batches,
            (SELECT coalesce(sum(count), 0) FROM batches INDEXED BY batch_sizes WHERE seq > 0) AS events,
            (SELECT count(*) FROM quarantined) AS quarantined,
            (SELECT count(*) FROM dead_letters) AS deadLetters`,
  );

  const takeRoom = prepare("INSERT INTO salts VALUES ('probe', zeroblob(?))");
  const giveRoomBack = prepare("DELETE FROM salts WHERE name = 'probe'");
  const oldestWaiting = prepare(
    `WITH own AS (SELECT cursor, backfilled, backfill_through FROM consumers WHERE name = :name),
          open AS (
            SELECT (SELECT min(seq) FROM batches INDEXED BY batch_sizes WHERE seq > cursor) AS seq FROM own UNION ALL
            SELECT (SELECT min(seq) FROM batches INDEXED BY batch_sizes WHERE seq > backfilled AND seq <= backfill_through)
            FROM own UNION ALL
            SELECT min(seq) FROM ledger WHERE consumer = :name
          )
     SELECT received_at AS at FROM batches INDEXED BY batch_sizes WHERE seq = (SELECT min(seq) FROM open)`,
  );
  const suppressionSalt = prepare("SELECT salt FROM salts WHERE name = 'suppressed'");
  const insertSuppressed = prepare('INSERT OR IGNORE INTO suppressed VALUES (?, ?)');
  const deleteSuppressed = prepare('DELETE FROM suppressed WHERE hash = ?');
  const isSuppressed = prepare('SELECT 1 FROM suppressed WHERE hash = ?');
  const suppressed = prepare('SELECT hash FROM suppressed');

  const toBatch = (row: Row | undefined): StoredBatch | undefined =>
    row && {
      seq: row.seq as number,
      count: row.count as number,
      bytes: row.bytes as number,
      facts: JSON.parse(row.facts as string) as BatchFacts,
      body: row.body as string,
    };

  return {
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
    insertBatch(seq, { ids, facts, body: text }, hashes, bytes) {
      insertBatch.run(seq, facts.receivedAt, ids.length, bytes, hashes, JSON.stringify(facts), text);
    },
    insertQuarantined({ messageId, issues, event }, facts) {
      const values = [facts.receivedAt, messageId ?? null, JSON.stringify(issues), event, JSON.stringify(facts)];
      return Number(insertQuarantined.run(...values).changes);
    },
    insertDeadLetter({ consumer, messageId, reason, event, seq, place }, at) {
      insertDeadLetter.run(at, consumer, messageId, reason, event, seq, place);
    },
    body: (seq) => body.get(seq)?.body as string | undefined,
    batchAfter: (seq) => toBatch(batchAfter.get(seq)),
    batch: (seq) => toBatch(batch.get(seq)),
    newestIds: () => newestIds.iterate() as Iterable<Row> as Iterable<{ seq: number; ids: Uint8Array }>,
    backlog: (after, through = Number.MAX_SAFE_INTEGER) =>
      backlog.get(after, through) as { events: number; bytes: number },
    addConsumer: (consumer) => void addConsumer.run({ name: consumer, last: lastSeq.get()?.seq as number }),
    position: (consumer) => ({
      cursor: 0,
      backfilled: 0,
      backfillThrough: 0,
      ...(position.get(consumer) as Omit<ConsumerPosition, 'partial'> | undefined),
      partial: partial.all(consumer) as Row[] as { seq: number; settled: Uint8Array }[],
    }),
    isPassed: (consumer, seq) => isPassed.get({ name: consumer, seq }) !== undefined,
    setBackfilled: (consumer, seq) => void setBackfilled.run(seq, consumer),
    setCursor: (consumer, seq) => void setCursor.run(seq, consumer),
    setPartial: (consumer, seq, settled) => void setPartial.run(consumer, seq, settled),
    dropPartial: (consumer, seq) => void dropPartial.run(consumer, seq),
    remove(receivedBefore, maxBatches) {
      const seq = consumedThrough.get()?.seq as number;
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
    lastSeq: () => lastSeq.get()?.seq as number,
    quarantined: ({ limit, before = Number.MAX_SAFE_INTEGER }) => quarantined.all(before, limit).map(toQuarantined),
    quarantinedById: (id) => optional(quarantinedById.get(id), toQuarantined),
    deadLetters: ({ limit, before = Number.MAX_SAFE_INTEGER, consumer }) =>
      deadLetters.all(before, consumer ?? null, limit).map(toDeadLetter),
    deadLetterById: (id) => optional(deadLetterById.get(id), toDeadLetter),
    deleteQuarantined: (id) => Number(deleteQuarantined.run(id).changes),
    deleteDeadLetter: (id) => Number(deleteDeadLetter.run(id).changes),
    setBody: (seq, text) => void setBody.run(text, seq),
    sizesAfter: (seq, limit) => sizesAfter.all(seq, limit) as Row[] as unknown as BatchSize[],
    consumers: () => consumers.all().map(({ name }) => name as string),
    deleteConsumer(consumer) {
      deleteLedger.run(consumer);
      return Number(deleteConsumer.run(consumer).changes);
    },
    damage() {
      const rows = db
        .prepare('PRAGMA quick_check(10)')
        .all()
        .map((row) => String(Object.values(row)[0]));
      return rows.filter((text) => text !== 'ok');
    },
    ledgerLine: (consumer, seq) => ledgerLine.get(consumer, seq)?.settled as Uint8Array | undefined,
    scrub(work) {
      try {
        work();
      } finally {
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      }
    },
    totals: () => ({ ...(totals.get() as Row as unknown as LogStats) }),
    probe() {
      takeRoom.run(probeBytes);
      giveRoomBack.run();
    },
    progress(consumer) {
      const at = position.get(consumer)?.cursor as number | undefined;
      if (at === undefined) return undefined;
      const oldest = oldestWaiting.get({ name: consumer })?.at as number | undefined;
      return { cursor: at, ...(oldest === undefined ? {} : { oldestReceivedAt: oldest }) };
    },
    suppressionSalt: () => suppressionSalt.get()?.salt as Uint8Array,
    insertSuppressed: (hash, at) => void insertSuppressed.run(hash, at),
    deleteSuppressed: (hash) => void deleteSuppressed.run(hash),
    isSuppressed: (hash) => isSuppressed.get(hash) !== undefined,
    *suppressed() {
      for (const { hash } of suppressed.iterate() as Iterable<Row>) yield hash as Uint8Array;
    },
    close: () => db.close(),
  };
}

function optional<T>(row: Row | undefined, of: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : of(row);
}

function toQuarantined(row: Row): QuarantinedRecord {
  return {
    id: row.id as number,
    receivedAt: row.received_at as number,
    ...(row.message_id === null ? {} : { messageId: row.message_id as string }),
    issues: JSON.parse(row.issues as string) as QuarantinedEvent['issues'],
    event: row.event as string,
    ...(row.facts === null ? {} : { facts: JSON.parse(row.facts as string) as BatchFacts }),
  };
}

function toDeadLetter(row: Row): DeadLetterRecord {
  return {
    id: row.id as number,
    at: row.at as number,
    consumer: row.consumer as string,
    messageId: row.message_id as string,
    reason: row.reason as string,
    event: row.event as string,
    ...(row.seq === null ? {} : { seq: row.seq as number, place: row.place as number }),
  };
}
