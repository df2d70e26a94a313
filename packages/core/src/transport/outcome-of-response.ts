import type { CollectorReply } from '../event/envelope.ts';
import { attempt } from '../runtime/attempt.ts';
import type { SendOutcome } from './transport.ts';

/** No far end may silence us for longer than this, milliseconds. */
export const maxRetryAfterMs: number = 300_000;

/**
 * Statuses that will not change by asking again. 404 may: nobody is at this address yet, as in the middle of a deployment.
 * So may 408, 425 and 429.
 */
const refusal = /-4(?!0[48]|2[59])|501/;

/**
 * Translates a collector's answer into what the queue understands.
 *
 * @param retryAfter - the header as received, null if there is none: whole seconds or an HTTP date count, for at most
 *   `maxRetryAfterMs`. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * @param body - its text. Only one that says so in JSON is an acknowledgement: a hotel's log-in page is also a 200.
 */
export function outcomeOfResponse(status: number, retryAfter: string | null, body: string, nowMs: number): SendOutcome {
  const reply = attempt(() => JSON.parse(body) as Partial<CollectorReply> | null);
  if (status < 300 && reply?.success) {
    return { kind: 'delivered', verdicts: new Map(Object.entries({ ...reply.results })) };
  }
  const reason = `http-${status}` as const;
  if (refusal.test(reason)) return { kind: 'dead', reason: status === 413 ? 'too-large' : reason };
  const header = `${retryAfter}`;
  const ms = /\D/.test(header) ? Date.parse(header) - nowMs : +header * 1_000;
  return { kind: 'retry', reason, retryAfterMs: ms > 0 ? Math.min(ms, maxRetryAfterMs) : 0 };
}
