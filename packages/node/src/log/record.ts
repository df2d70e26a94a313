import type { BatchFacts, QuarantinedEvent } from './accepted-batch.ts';

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

/** What came of sending a dead letter out again. `gone`: retention has taken its batch. */
export type Revived = 'revived' | 'unknown' | 'gone';

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
