import type { DatabaseSync } from 'node:sqlite';
import { attempt } from '@org/track-core';
import type { AcceptedBatch, BatchFacts } from './accepted-batch.ts';
import { isPacked, textOf } from './batch-body.ts';

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

/** A batch without what is in it. */
export interface BatchSize {
  readonly seq: number;
  readonly receivedAt: number;
  readonly count: number;
  readonly bytes: number;
}

/** The table of batches: what is acknowledged. */
export interface BatchTable {
  insertBatch(seq: number, batch: AcceptedBatch, ids: Uint8Array, bytes: number): void;
  body(seq: number): string | undefined;
  /** The oldest batch after `seq`. */
  batchAfter(seq: number): StoredBatch | undefined;
  batch(seq: number): StoredBatch | undefined;
  /** The hashes of the newest rows, newest first. */
  newestIds(): Iterable<{ readonly seq: number; readonly ids: Uint8Array }>;
  /** Events and bytes after `seq` up to `through`, weighed as the consumer weighs them. */
  backlog(seq: number, through?: number): { readonly events: number; readonly bytes: number };
  /** Puts other text in a batch's place: as many events, or nothing where there was one. */
  setBody(seq: number, body: string): void;
  /** Forgets from where a batch came, and from what. */
  forgetSender(seq: number): void;
  /** Batches without their bodies, oldest first, after `seq`. */
  sizesAfter(seq: number, limit: number): readonly BatchSize[];
}

type Row = Record<string, unknown>;

export function createBatchTable(db: DatabaseSync): BatchTable {
  // Bytes are text from here on; SQLite does not touch them for that.
  const insertBatch = db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)');
  const body = db.prepare('SELECT bytes, body, packed FROM batches WHERE seq = ?');
  const columns = 'seq, count, bytes, facts, body, packed';
  const batchAfter = db.prepare(`SELECT ${columns} FROM batches WHERE seq > ? ORDER BY seq LIMIT 1`);
  const batch = db.prepare(`SELECT ${columns} FROM batches WHERE seq = ?`);
  const newestIds = db.prepare('SELECT seq, ids FROM batches ORDER BY seq DESC');
  const backlog = db.prepare(
    `SELECT coalesce(sum(count), 0) AS events, coalesce(sum((bytes + count - 1) / count * count), 0) AS bytes
     FROM batches INDEXED BY batch_sizes WHERE seq > ? AND seq <= ?`,
  );
  const setBody = db.prepare('UPDATE batches SET body = ?, packed = NULL WHERE seq = ?');
  const forgetSender = db.prepare("UPDATE batches SET facts = json_remove(facts, '$.ip', '$.userAgent') WHERE seq = ?");
  const sizesAfter = db.prepare(
    'SELECT seq, received_at AS receivedAt, count, bytes FROM batches INDEXED BY batch_sizes WHERE seq > ? ORDER BY seq LIMIT ?',
  );

  return {
    insertBatch(seq, { ids, facts, body: given }, hashes, bytes) {
      const [text, packed] = isPacked(given) ? ['', given.gzip] : [given, null];
      insertBatch.run(seq, facts.receivedAt, ids.length, bytes, hashes, JSON.stringify(facts), text, packed);
    },
    body(seq) {
      const row = body.get(seq);
      return row && bodyOf(row);
    },
    batchAfter: (seq) => toBatch(batchAfter.get(seq)),
    batch: (seq) => toBatch(batch.get(seq)),
    newestIds: () => newestIds.iterate() as Iterable<Row> as Iterable<{ seq: number; ids: Uint8Array }>,
    backlog: (after, through = Number.MAX_SAFE_INTEGER) =>
      backlog.get(after, through) as { events: number; bytes: number },
    setBody: (seq, text) => void setBody.run(text, seq),
    forgetSender: (seq) => void forgetSender.run(seq),
    sizesAfter: (seq, limit) => sizesAfter.all(seq, limit) as Row[] as unknown as BatchSize[],
  };
}

function toBatch(row: Row | undefined): StoredBatch | undefined {
  return (
    row && {
      seq: row.seq as number,
      count: row.count as number,
      bytes: row.bytes as number,
      facts: JSON.parse(row.facts as string) as BatchFacts,
      body: bodyOf(row),
    }
  );
}

/** Nothing if what is packed was damaged at rest. */
function bodyOf({ bytes, body, packed }: Row): string {
  if (packed === null) return body as string;
  return attempt(() => textOf({ gzip: packed as Uint8Array, bytes: bytes as number })) ?? '';
}
