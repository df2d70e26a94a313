import type { DatabaseSync } from 'node:sqlite';
import type { ConsumerProgress } from './log-outbox.ts';

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

/** The tables of consumers: a cursor and a ledger of exceptions each. */
export interface ConsumerTable {
  /** From now on rows stay until this consumer is past them. What the log holds already is behind all that comes. */
  addConsumer(consumer: string): void;
  position(consumer: string): ConsumerPosition;
  /** Is a consumer past this row, so that only a line in the ledger can say that something of it is open? */
  isPassed(consumer: string, seq: number): boolean;
  setCursor(consumer: string, seq: number): void;
  setBackfilled(consumer: string, seq: number): void;
  setPartial(consumer: string, seq: number, settled: Uint8Array): void;
  dropPartial(consumer: string, seq: number): void;
  ledgerLine(consumer: string, seq: number): Uint8Array | undefined;
  progress(consumer: string): ConsumerProgress | undefined;
  consumers(): readonly string[];
  deleteConsumer(consumer: string): number;
  /** The newest row that was ever there, as far as batches and cursors tell. */
  lastSeq(): number;
  /** The newest row that no consumer needs any more, nor one before it. */
  consumedThrough(): number;
}

type Row = Record<string, unknown>;

export function createConsumerTable(db: DatabaseSync): ConsumerTable {
  const position = db.prepare(
    'SELECT cursor, backfilled, backfill_through AS backfillThrough FROM consumers WHERE name = ?',
  );
  const isPassed = db.prepare(
    'SELECT 1 FROM consumers WHERE name = :name AND (:seq <= backfilled OR (:seq > backfill_through AND :seq <= cursor))',
  );
  const partial = db.prepare('SELECT seq, settled FROM ledger WHERE consumer = ? ORDER BY seq');
  const addConsumer = db.prepare('INSERT OR IGNORE INTO consumers VALUES (:name, :last, 0, :last)');
  const setCursor = db.prepare('UPDATE consumers SET cursor = ? WHERE name = ?');
  const setBackfilled = db.prepare('UPDATE consumers SET backfilled = ? WHERE name = ?');
  const setPartial = db.prepare(
    'INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT (consumer, seq) DO UPDATE SET settled = excluded.settled',
  );
  const dropPartial = db.prepare('DELETE FROM ledger WHERE consumer = ? AND seq = ?');
  const consumedThrough = db.prepare(
    `SELECT min(coalesce((SELECT min(cursor) FROM consumers), ${Number.MAX_SAFE_INTEGER}),
                coalesce((SELECT min(backfilled) FROM consumers WHERE backfilled < backfill_through), ${Number.MAX_SAFE_INTEGER}),
                coalesce((SELECT min(seq) - 1 FROM ledger), ${Number.MAX_SAFE_INTEGER})) AS seq`,
  );
  const lastSeq = db.prepare(
    'SELECT max(coalesce((SELECT max(seq) FROM batches), 0), coalesce((SELECT max(cursor) FROM consumers), 0)) AS seq',
  );
  const consumers = db.prepare('SELECT name FROM consumers ORDER BY name');
  const deleteConsumer = db.prepare('DELETE FROM consumers WHERE name = ?');
  const deleteLedger = db.prepare('DELETE FROM ledger WHERE consumer = ?');
  const ledgerLine = db.prepare('SELECT settled FROM ledger WHERE consumer = ? AND seq = ?');
  const oldestWaiting = db.prepare(
    `WITH own AS (SELECT cursor, backfilled, backfill_through FROM consumers WHERE name = :name),
          open AS (
            SELECT (SELECT min(seq) FROM batches INDEXED BY batch_sizes WHERE seq > cursor) AS seq FROM own UNION ALL
            SELECT (SELECT min(seq) FROM batches INDEXED BY batch_sizes WHERE seq > backfilled AND seq <= backfill_through)
            FROM own UNION ALL
            SELECT min(seq) FROM ledger WHERE consumer = :name
          )
     SELECT received_at AS at FROM batches INDEXED BY batch_sizes WHERE seq = (SELECT min(seq) FROM open)`,
  );

  return {
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
    ledgerLine: (consumer, seq) => ledgerLine.get(consumer, seq)?.settled as Uint8Array | undefined,
    progress(consumer) {
      const at = position.get(consumer)?.cursor as number | undefined;
      if (at === undefined) return undefined;
      const oldest = oldestWaiting.get({ name: consumer })?.at as number | undefined;
      return { cursor: at, ...(oldest === undefined ? {} : { oldestReceivedAt: oldest }) };
    },
    consumers: () => consumers.all().map(({ name }) => name as string),
    deleteConsumer(consumer) {
      deleteLedger.run(consumer);
      return Number(deleteConsumer.run(consumer).changes);
    },
    lastSeq: () => lastSeq.get()?.seq as number,
    consumedThrough: () => consumedThrough.get()?.seq as number,
  };
}
