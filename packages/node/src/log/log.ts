import type { AcceptedBatch, Appended, QuarantinedEvent } from './accepted-batch.ts';
import type { Erased, ErasureReceipt, ErasureState, OpenErasure, OpenErasures } from './erasure-receipt.ts';
import type { ConsumerOptions, ConsumerProgress, LogOutbox } from './log-outbox.ts';
import type { LogEvent, LogRange, Measured } from './log-range.ts';
import type { PersonIds } from './person.ts';
import type {
  DeadLetterPage,
  DeadLetterRecord,
  PersonRecord,
  QuarantinedRecord,
  RecordPage,
  Revived,
} from './record.ts';

/** What the log holds. */
export interface LogStats {
  readonly batches: number;
  readonly events: number;
  readonly quarantined: number;
  readonly deadLetters: number;
}

/** Of whom nothing may be kept or carried on. */
export interface SuppressionList {
  /** Puts every id given on the list. Resolves once that survives a crash; rejects with `LogUnavailableError` if it cannot. */
  add(person: PersonIds): Promise<void>;
  /**
   * Takes every id given off the list, as durably. Rejects with `ErasureUnderWayError` while an erasure of one of them is
   * not done.
   */
  remove(person: PersonIds): Promise<void>;
  /** Is the event of somebody on the list? What is no event has no ids. */
  has(event: unknown): boolean;
}

/** Erasures, from the wish to the receipt: each step survives a crash, and can be begun again. */
export interface LogErasures {
  /** Suppresses the person, and writes down what is to be done. Resolves with the receipt's id. Rejects with `TypeError` for what is no person. */
  begin(person: PersonIds, destinations: readonly string[]): Promise<string>;
  /**
   * Takes them out of log, quarantine and dead letters, or goes on with it. Resolves with the devices that were theirs
   * alone; once all is done nobody knows them.
   */
  purge(id: string): Promise<readonly string[]>;
  /**
   * A destination is about to be asked. Where no answer follows, rows may be gone that nobody counted, and the receipt
   * says so.
   */
  asking(id: string, destination: string): Promise<void>;
  /** What a destination answered. */
  told(
    id: string,
    answer: {
      readonly destination: string;
      readonly state: ErasureState;
      /** Rows that this try took away; left out where it counted none. */
      readonly rows?: number;
      /** This try may have taken away more. Default false. */
      readonly mayBeMore?: boolean;
      readonly nextAt?: number;
      readonly reason?: string;
    },
  ): Promise<void>;
  /** Those that are not done, oldest first. */
  open(): readonly OpenErasure[];
  /** How many those are, and since when. Cheap: it is asked for often. */
  standing(): OpenErasures;
  receipt(id: string): ErasureReceipt | undefined;
  /** Newest first; of one person, where somebody has an id of theirs. */
  receipts(options: { readonly limit: number; readonly person?: PersonIds }): readonly ErasureReceipt[];
}

/** What people look at in a log, put right, and take out. Long work gives way to appends again and again. */
export interface LogRecords {
  quarantined(page: RecordPage): readonly QuarantinedRecord[];
  quarantinedById(id: number): QuarantinedRecord | undefined;
  /** Says whether it was there. Rejects with `LogUnavailableError`. */
  removeQuarantined(id: number): Promise<boolean>;
  deadLetters(page: DeadLetterPage): readonly DeadLetterRecord[];
  deadLetterById(id: number): DeadLetterRecord | undefined;
  /** The event of a dead letter as it stands in the log, to be put right; `undefined` if retention has taken it. */
  storedEvent(letter: DeadLetterRecord): unknown;
  /**
   * Delivers a dead letter once more, to its destination alone, and is done with the letter.
   *
   * @param event - in place of the one in the log, with the same `messageId`
   */
  revive(id: number, event?: object): Promise<Revived>;
  removeDeadLetter(id: number): Promise<boolean>;
  /** What is wrong with the file, in SQLite's words; reads all of it, and nothing else happens meanwhile. */
  damage(): readonly string[];
  /** Who has read the log, those too that nobody is any more. */
  consumers(): readonly string[];
  /**
   * Forgets how far a reader is that is not open: it holds nothing back any more, and begins anew if it comes back. Says
   * whether there was one. Rejects with `TypeError` while it is open.
   */
  forgetConsumer(consumer: string): Promise<boolean>;
  /** How much of the log is in a range; `undefined` if nothing is. */
  measure(range: LogRange): Promise<Measured | undefined>;
  /** Oldest first, as destinations get them. */
  events(range: LogRange): AsyncIterable<LogEvent>;
  /** The newest events, oldest of them first. */
  newest(limit: number): Promise<readonly LogEvent[]>;
  /**
   * Delivers a part of the log to one destination once more; consent is asked again. Resolves with how many events wait
   * again; what waits anyway is not among them. Rejects with `TypeError` for a name that never read the log.
   */
  replay(consumer: string, range: LogRange): Promise<number>;
  /** Devices on which a person was, and nobody else. */
  devicesOf(person: PersonIds): Promise<readonly string[]>;
  /** All there is about a person: of a device that others had too only what says that it is theirs. */
  about(person: PersonIds): AsyncIterable<PersonRecord>;
  /**
   * Takes a person out of the log, quarantine and dead letters, and overwrites where they stood; nothing more of them is
   * kept or carried on. `erasures` does it so that it survives a crash, and asks destinations. What is on its way is dropped before it is sent, but what destinations have they have.
   */
  erase(person: PersonIds): Promise<Erased>;
}

/**
 * The durable record between collector and destinations: what is acknowledged lives here.
 *
 * Events are in it once: a `messageId` inside the window is never appended again.
 */
export interface Log {
  /** Resolves after the commit, never before. Rejects with `LogUnavailableError` if nothing was stored. */
  append(batch: AcceptedBatch): Promise<Appended>;
  /** The events from `name`'s cursor on, as an outbox. One at a time per name; a new name gets what is new at once, and what the log held before behind it. */
  consumer(name: string, options: ConsumerOptions): LogOutbox;
  readonly suppression: SuppressionList;
  /** What people look at, put right and take out. */
  readonly records: LogRecords;
  readonly erasures: LogErasures;
  /** Newest quarantined events first. */
  quarantined(limit: number): readonly (QuarantinedEvent & { readonly receivedAt: number })[];
  stats(): LogStats;
  /** Stores something small and removes it again. Rejects with `LogUnavailableError` if a batch could not be stored now. */
  probe(): Promise<void>;
  /** How far a consumer is, as it is on disk; `undefined` for a name that never read. */
  progress(consumer: string): ConsumerProgress | undefined;
  close(): Promise<void>;
}

/** The log could not store a batch; nothing of it was kept. The collector answers 503. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}

/**
 * Somebody is not forgotten everywhere yet, so they stay suppressed: a destination that is asked again would lose what
 * came since.
 */
export class ErasureUnderWayError extends Error {
  override readonly name = 'ErasureUnderWayError';
}
