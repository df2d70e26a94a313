import type { CollectorReply, EventResult } from '../event/envelope.ts';
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
  return Math.max(0, Math.min(ms, maxRetryAfterMs));
}

/** Translates a collector's answer into what the queue understands. */
export function outcomeOfResponse({ status, retryAfter, body }: CollectorResponse, nowMs: number): SendOutcome {
  if (status === 413) return { kind: 'too-large' };
  let reply: Partial<CollectorReply> | null = null;
  try {
    reply = JSON.parse(body) as Partial<CollectorReply> | null;
  } catch {
    // Not our collector speaking.
  }
  if (status >= 200 && status < 300 && reply?.success) return { kind: 'settled', verdicts: verdictsOf(reply) };
  // 404: nobody is at this address yet, as in the middle of a deployment. 501: this server will never do it.
  if (status === 501 || (status >= 400 && status < 500 && ![404, 408, 425, 429].includes(status))) {
    return { kind: 'rejected', reason: `http-${status}` };
  }
  return {
    kind: 'retryable',
    reason: status === 429 ? 'throttled' : status === 404 ? 'config' : 'server',
    retryAfterMs: retryAfterMs(retryAfter, nowMs),
  };
}

function verdictsOf({ results }: Partial<CollectorReply>): ReadonlyMap<string, SendVerdict> {
  const verdicts = new Map<string, SendVerdict>();
  for (const id in results) {
    const { status, reason = status } = results[id] as EventResult;
    // A duplicate is an event the collector has: that is what delivered means.
    if (status !== 'duplicate') verdicts.set(id, { kind: status === 'retry' ? status : 'dead', reason });
  }
  return verdicts;
}
