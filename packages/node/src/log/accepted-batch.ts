import type { ConsentPreferences, EventSource, Issue } from '@org/track-core';
import type { BatchBody } from './batch-body.ts';

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
  /** JSON of an object whose `batch` is exactly the events named in `ids`, in that order. */
  readonly body: BatchBody;
  readonly ids: readonly string[];
  readonly facts: BatchFacts;
  readonly quarantined?: readonly QuarantinedEvent[];
}

/** What `append` did. */
export interface Appended {
  /** Ids that the log holds already; they were left out. */
  readonly duplicates: readonly string[];
}
