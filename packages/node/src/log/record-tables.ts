import type { DatabaseSync } from 'node:sqlite';
import type { BatchFacts, QuarantinedEvent } from './accepted-batch.ts';
import type { DeadLetterPage, DeadLetterRecord, QuarantinedRecord, RecordPage } from './record.ts';

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

/** The tables of what somebody has to look at: quarantined events, and dead letters. */
export interface RecordTables {
  /** Returns how many it inserted: an id is quarantined once. */
  insertQuarantined(event: QuarantinedEvent, facts: BatchFacts): number;
  insertDeadLetter(letter: DeadLetter, at: number): void;
  /** Newest first. */
  quarantined(page: RecordPage): readonly QuarantinedRecord[];
  quarantinedById(id: number): QuarantinedRecord | undefined;
  /** Newest first. */
  deadLetters(page: DeadLetterPage): readonly DeadLetterRecord[];
  deadLetterById(id: number): DeadLetterRecord | undefined;
  deleteQuarantined(id: number): number;
  deleteDeadLetter(id: number): number;
}

type Row = Record<string, unknown>;

export function createRecordTables(db: DatabaseSync): RecordTables {
  // A retried batch brings its invalid events again.
  const insertQuarantined = db.prepare(
    'INSERT OR IGNORE INTO quarantined (received_at, message_id, issues, event, facts) VALUES (?, ?, ?, ?, ?)',
  );
  const insertDeadLetter = db.prepare(
    'INSERT INTO dead_letters (at, consumer, message_id, reason, event, seq, place) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const quarantined = db.prepare('SELECT * FROM quarantined WHERE id < ? ORDER BY id DESC LIMIT ?');
  const quarantinedById = db.prepare('SELECT * FROM quarantined WHERE id = ?');
  const deadLetters = db.prepare(
    'SELECT * FROM dead_letters WHERE id < ? AND consumer = coalesce(?, consumer) ORDER BY id DESC LIMIT ?',
  );
  const deadLetterById = db.prepare('SELECT * FROM dead_letters WHERE id = ?');
  const deleteQuarantined = db.prepare('DELETE FROM quarantined WHERE id = ?');
  const deleteDeadLetter = db.prepare('DELETE FROM dead_letters WHERE id = ?');

  return {
    insertQuarantined({ messageId, issues, event }, facts) {
      const values = [facts.receivedAt, messageId ?? null, JSON.stringify(issues), event, JSON.stringify(facts)];
      return Number(insertQuarantined.run(...values).changes);
    },
    insertDeadLetter({ consumer, messageId, reason, event, seq, place }, at) {
      insertDeadLetter.run(at, consumer, messageId, reason, event, seq, place);
    },
    quarantined: ({ limit, before = Number.MAX_SAFE_INTEGER }) => quarantined.all(before, limit).map(toQuarantined),
    quarantinedById: (id) => optional(quarantinedById.get(id), toQuarantined),
    deadLetters: ({ limit, before = Number.MAX_SAFE_INTEGER, consumer }) =>
      deadLetters.all(before, consumer ?? null, limit).map(toDeadLetter),
    deadLetterById: (id) => optional(deadLetterById.get(id), toDeadLetter),
    deleteQuarantined: (id) => Number(deleteQuarantined.run(id).changes),
    deleteDeadLetter: (id) => Number(deleteDeadLetter.run(id).changes),
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
