import type {
  CollectedEvent,
  ConsentCategory,
  ConsentPreferences,
  Entry,
  EventSource,
  Issue,
  Outbox,
  TrackEvent,
} from '@org/track-core';

/** What the collector knows of a batch beyond its body: stored beside it, put on each event when it is read. */
export interface BatchFacts {
  /** Server clock at arrival, epoch milliseconds. */
  readonly receivedAt: number;
  /** Sender's clock when the batch left, ISO 8601, as claimed. */
  readonly sentAt?: string;
  /** In its place where the browser held the batch back for a while: sender's clock when that began, as claimed. */
  readonly deferredAt?: string;
  readonly source: EventSource;
  /** The name of the key it came with; never the key. */
  readonly keyName?: string;
  readonly ip?: string;
  readonly userAgent?: string;
  /** The request carried `Sec-GPC: 1`. */
  readonly gpc?: boolean;
  /** Consent the source vouches for, used where an event carries none. */
  readonly consent?: ConsentPreferences;
  /** Address and agent were put on the events before they were stored: what stands there now is the last word. */
  readonly isContextFinal?: boolean;
}

/** An event that failed validation: kept, with the reasons, until someone looks. */
export interface QuarantinedEvent {
  readonly messageId?: string;
  readonly issues: readonly Issue[];
  /** The event as JSON text, cut to the log's cap. */
  readonly event: string;
}

/** One accepted batch: one row of the log. */
export interface AcceptedBatch {
  /**
   * JSON text, or its UTF-8, of an object whose `batch` is exactly the events named in `ids`, in that order. Bytes are
   * stored without a copy, and must not change until then.
   */
  readonly body: string | Uint8Array;
  readonly ids: readonly string[];
  readonly facts: BatchFacts;
  readonly quarantined?: readonly QuarantinedEvent[];
}

/** What `append` did. */
export interface Appended {
  /** Ids that the log holds already; they were left out. */
  readonly duplicates: readonly string[];
}

/** How a destination reads the log. */
export interface ConsumerOptions {
  /** What an event is for, from the plan. */
  readonly purposeOf: (event: TrackEvent) => ConsentCategory;
}

/** How much one pull may bring. */
export interface PullLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Nothing that can wait for all that is new (`isOld`). Default false. */
  readonly isNewOnly?: boolean;
}

/** The log from one destination's point of view. */
export interface LogOutbox extends Outbox<CollectedEvent> {
  /** As an outbox does: the oldest first. What can wait comes behind all that is new. */
  pull(limits: PullLimits): readonly Entry<CollectedEvent>[];
  /**
   * These leased events are about to leave, and nobody may send them twice. Resolves with whether that survives a crash.
   * Whoever opens the log after one gets them as given up, `unconfirmed`, unless they were settled or withdrawn.
   */
  begin(ids: readonly string[]): Promise<boolean>;
  /**
   * Can this leased event wait for all that is new? It was delivered before and is to be once more, or the log held it
   * before this reader came.
   */
  isOld(id: string): boolean;
  /** They did not arrive after all: they may leave again. */
  withdraw(ids: readonly string[]): void;
}

/** What the log holds. */
export interface LogStats {
  readonly batches: number;
  readonly events: number;
  readonly quarantined: number;
  readonly deadLetters: number;
}

/** How far one consumer is. */
export interface ConsumerProgress {
  /** The newest batch of which something has its fate; it is counted from 1. */
  readonly cursor: number;
  /** When the oldest batch arrived that still waits, epoch milliseconds; `undefined` if none does. */
  readonly oldestReceivedAt?: number;
}

/** A person, by one id or by several. */
export interface PersonIds {
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** Of whom nothing may be kept or carried on. */
export interface SuppressionList {
  /** Puts every id given on the list. Resolves once that survives a crash; rejects with `LogUnavailableError` if it cannot. */
  add(person: PersonIds): Promise<void>;
  /** Takes every id given off the list, as durably. */
  remove(person: PersonIds): Promise<void>;
  /** Is the event of somebody on the list? What is no event has no ids. */
  has(event: unknown): boolean;
}

/** Some records, newest first. */
export interface RecordPage {
  readonly limit: number;
  /** Only those older than this id. */
  readonly before?: number;
}

export interface DeadLetterPage extends RecordPage {
  readonly consumer?: string;
}

export interface QuarantinedRecord extends QuarantinedEvent {
  readonly id: number;
  readonly receivedAt: number;
  /** What was known of its batch. */
  readonly facts?: BatchFacts;
}

/** An event that a destination refused for good. */
export interface DeadLetterRecord {
  readonly id: number;
  /** When it was refused, epoch milliseconds. */
  readonly at: number;
  /** The destination. */
  readonly consumer: string;
  readonly messageId: string;
  readonly reason: string;
  /** The event as it was delivered, JSON text. */
  readonly event: string;
  /** Where it stands in the log. */
  readonly seq?: number;
  readonly place?: number;
}

/** A part of the log. Bounds belong to it; those left out do not bound. */
export interface LogRange {
  /** Positions in the log, as `events` tells them. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** Arrival, epoch milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** How much a range holds. */
export interface Measured {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly events: number;
}

/** One event of the log. */
export interface LogEvent {
  /** Its batch's position. */
  readonly seq: number;
  readonly event: CollectedEvent;
}

/** What the log holds about somebody. */
export type PersonRecord =
  | { readonly store: 'log'; readonly seq: number; readonly event: unknown }
  | { readonly store: 'quarantine'; readonly id: number; readonly issues: unknown; readonly event: unknown }
  | {
      readonly store: 'dead-letters';
      readonly id: number;
      readonly destination: string;
      readonly reason: string;
      readonly event: unknown;
    }
  /** A row of a warehouse. */
  | { readonly store: 'destination'; readonly destination: string; readonly event: unknown };

/** How much was erased. */
export interface Erased {
  readonly events: number;
  readonly quarantined: number;
  readonly deadLetters: number;
  /** Devices that were theirs alone: suppressed with them. */
  readonly anonymousIds: readonly string[];
}

/** How much was taken out of each store. */
export type ErasureCounts = Omit<Erased, 'anonymousIds'>;

/** What an erasure is at: the log's own stores, the destinations, or nothing any more. */
export type ErasureStage = 'log' | 'destinations' | 'done';

/**
 * That somebody was erased, and what came of it; nothing in it says who. Whoever has an id can ask for its receipts: of
 * each id only a hash is kept, with a salt of the receipt's own.
 */
export interface ErasureReceipt extends ErasureCounts {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly askedAt: number;
  /** When the last store or destination was done, or given up. Until then the ids are kept, to go on. */
  readonly finishedAt?: number;
  readonly stage: ErasureStage;
  readonly destinations: readonly {
    readonly destination: string;
    /** `waiting`: asked again and again. `failed`: given up. */
    readonly state: 'waiting' | 'erased' | 'unsupported' | 'failed';
    readonly tries: number;
    /** When it was asked last, and when it is asked again; epoch milliseconds. */
    readonly at?: number;
    readonly nextAt?: number;
    /** What it said, without ids. */
    readonly reason?: string;
  }[];
}

/** An erasure that is not done. */
export interface OpenErasure {
  readonly id: string;
  readonly askedAt: number;
  readonly stage: ErasureStage;
  readonly person: PersonIds;
  /** Devices that were theirs alone. */
  readonly anonymousIds: readonly string[];
  readonly waiting: readonly { readonly destination: string; readonly tries: number; readonly nextAt: number }[];
}

/** Erasures, from the wish to the receipt: each step survives a crash, and can be begun again. */
export interface LogErasures {
  /** Suppresses the person, and writes down what is to be done. Resolves with the receipt's id. Rejects with `TypeError` for what is no person. */
  begin(person: PersonIds, destinations: readonly string[]): Promise<string>;
  /** Takes them out of log, quarantine and dead letters, or goes on with it. */
  purge(id: string): Promise<void>;
  /** What a destination answered. */
  told(
    id: string,
    answer: {
      readonly destination: string;
      readonly state: 'waiting' | 'erased' | 'unsupported' | 'failed';
      readonly nextAt?: number;
      readonly reason?: string;
    },
  ): Promise<void>;
  /** Those that are not done, oldest first. */
  open(): readonly OpenErasure[];
  receipt(id: string): ErasureReceipt | undefined;
  /** Newest first; of one person, where somebody has an id of theirs. */
  receipts(options: { readonly limit: number; readonly person?: PersonIds }): readonly ErasureReceipt[];
}

/** What came of sending a dead letter out again. `gone`: retention has taken its batch. */
export type Revived = 'revived' | 'unknown' | 'gone';

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
