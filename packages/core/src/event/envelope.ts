import type { Entry, Verdict } from './entry.ts';
import type { TrackEvent } from './event.ts';

/** A batch on the wire: the body of `POST {endpoint}`. */
export interface Envelope {
  readonly batch: readonly TrackEvent[];
  /** Sender's clock at this very attempt, ISO 8601. With `timestamp` it tells the clock's skew. */
  readonly sentAt?: string;
  /** In its place where a browser sends the batch later, at a time of its own: sender's clock when that was handed over. */
  readonly deferredAt?: string;
  readonly writeKey?: string;
  /** How often the sender has tried before, without being told when to come back. Only some tell. */
  readonly retryCount?: number;
}

/** Why an event of an acknowledged batch was not simply stored. */
export type EventStatus = 'duplicate' | 'invalid' | 'suppressed' | 'consent_denied' | 'retry';

/** What became of one event of an acknowledged batch, as a verdict that a queue can take as it is. */
export type EventResult = { readonly status: EventStatus } & (
  | Verdict
  | { readonly kind: 'retry'; readonly reason: string }
);

/** The collector's answer with status 200: everything not named in `results` is stored, durably. */
export interface CollectorReply {
  readonly success: true;
  readonly results?: { readonly [messageId: string]: EventResult };
}

/** The JSON text of an envelope, from entries that are JSON already. `batch` is last, so that a reader can cut it out. */
export function envelopeBody(entries: readonly Entry[], sentAt: number, writeKey?: string): string {
  const empty = JSON.stringify({ sentAt: new Date(sentAt), writeKey, batch: [] });
  return `${empty.slice(0, -2)}${entries.map((entry) => entry.value)}]}`;
}
