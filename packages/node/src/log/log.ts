import type {
  CollectedEvent,
  ConsentCategory,
  ConsentPreferences,
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
  /** JSON text `{"batch":[…]}`, holding exactly the events named in `ids`, in that order. */
  readonly body: string;
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

/**
 * The durable record between collector and destinations: what is acknowledged lives here.
 *
 * Events are in it once: a `messageId` inside the window is never appended again.
 */
export interface Log {
  /** Resolves after the commit, never before. Rejects with `LogUnavailableError` if nothing was stored. */
  append(batch: AcceptedBatch): Promise<Appended>;
  /** The events from `name`'s cursor on, as an outbox. One at a time per name; a new name starts at the oldest row. */
  consumer(name: string, options: ConsumerOptions): Outbox<CollectedEvent>;
  readonly suppression: SuppressionList;
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
