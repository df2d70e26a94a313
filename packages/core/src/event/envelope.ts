import type { Entry } from './entry.ts';
import type { TrackEvent } from './event.ts';

/** A batch on the wire: the body of `POST {endpoint}`. */
export interface Envelope {
  readonly batch: readonly TrackEvent[];
  /** Sender's clock at this very attempt, ISO 8601. With `timestamp` it tells the clock's skew. */
  readonly sentAt: string;
  readonly writeKey?: string;
}

/** Why an event of an acknowledged batch was not simply stored. */
export type EventStatus = 'duplicate' | 'invalid' | 'suppressed' | 'consent_denied' | 'retry';

/** The collector's answer with status 200: everything not named in `results` is stored, durably. */
export interface CollectorReply {
  readonly success: true;
  readonly results?: { readonly [messageId: string]: { readonly status: EventStatus; readonly reason?: string } };
}

/** The JSON text of an envelope, from entries that are JSON already. */
export function envelopeBody(entries: readonly Entry[], sentAt: number, writeKey?: string): string {
  const head = `{"sentAt":"${new Date(sentAt).toISOString()}",`;
  const key = writeKey === undefined ? '' : `"writeKey":${JSON.stringify(writeKey)},`;
  return `${head}${key}"batch":[${entries.map((entry) => entry.value).join()}]}`;
}
