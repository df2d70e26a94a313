import type { CollectorReply } from '../event/envelope.ts';
import { attempt } from '../runtime/attempt.ts';
import type { SendOutcome, SendVerdict } from './transport.ts';

/** What a collector answered, as far as it decides a batch's fate. */
export interface CollectorResponse {
  readonly status: number;
  /** The `Retry-After` header, as received. */
  readonly retryAfter: string | null;
  /** The body's text. Only a body that says so in JSON counts as an acknowledgement: a hotel's log-in page is also a 200. */
  readonly body: string;
}

/** No far end may silence us for longer than this, milliseconds. */
export const maxRetryAfterMs: number = 300_000;

/**
 * How long `Retry-After` asks us to stay away, milliseconds: whole seconds or an HTTP date, at most `maxRetryAfterMs`.
 * 0 if it says nothing usable. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(header: string | null, nowMs: number): number {
  // Date.parse reads "-5" as a year in some engines: only text that begins with a weekday is taken for a date.
  const text = `${header}`;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : /^[a-z]{3},/i.test(text) ? Date.parse(text) - nowMs : 0;
  return Math.max(0, Math.min(ms, maxRetryAfterMs) || 0);
}

/**
 * Statuses that will not change by asking again. 404 may: nobody is at this address yet, as in the middle of a deployment.
 * So may 408, 425 and 429.
 */
const refusal = /^(4(?!04|08|25|29)|501)/;

/** Translates a collector's answer into what the queue understands. */
export function outcomeOfResponse({ status, retryAfter, body }: CollectorResponse, nowMs: number): SendOutcome {
  const text = `${status}`;
  // What is not JSON is not our collector speaking.
  const reply = /^2/.test(text) ? attempt(() => JSON.parse(body) as Partial<CollectorReply> | null) : null;
  if (reply?.success) {
    const verdicts = new Map<string, SendVerdict>();
    for (const [id, { status, reason = status }] of Object.entries(reply.results ?? {})) {
      // A duplicate is an event the collector has: that is what delivered means.
      if (status !== 'duplicate') verdicts.set(id, { kind: status === 'retry' ? status : 'dead', reason });
    }
    return { kind: 'settled', verdicts };
  }
  if (status === 413) return { kind: 'too-large' };
  if (refusal.test(text)) return { kind: 'rejected', reason: `http-${text}` };
  const reason = status === 429 ? 'throttled' : status === 404 ? 'config' : 'server';
  return { kind: 'retryable', reason, retryAfterMs: retryAfterMs(retryAfter, nowMs) };
}
