import type { CollectorReply } from '../event/envelope.ts';
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
 * Undefined if it says nothing usable. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  // Date.parse reads "-5" as a year in some engines: only text with a weekday's letters is taken for a date.
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : /^[a-z]{3}/i.test(header) ? Date.parse(header) - nowMs : -1;
  return ms > 0 ? Math.min(ms, maxRetryAfterMs) : undefined;
}

/** Translates a collector's answer into what the queue understands. */
export function outcomeOfResponse({ status, retryAfter, body }: CollectorResponse, nowMs: number): SendOutcome {
  if (status === 413) return { kind: 'too-large' };
  if (status >= 200 && status < 300) return acknowledged(body);
  // 501: this server will never do it. 404: nobody is at this address yet, as in the middle of a deployment.
  const mayPass = status < 400 || [404, 408, 425, 429].includes(status) || (status >= 500 && status !== 501);
  if (!mayPass) return { kind: 'rejected', reason: status === 401 || status === 403 ? 'unauthorized' : `http-${status}` };
  const waitMs = retryAfterMs(retryAfter, nowMs);
  return {
    kind: 'retryable',
    reason: status === 429 ? 'throttled' : status === 404 ? 'config' : 'server',
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  };
}

function acknowledged(body: string): SendOutcome {
  let reply: Partial<CollectorReply> | null = null;
  try {
    reply = JSON.parse(body) as Partial<CollectorReply> | null;
  } catch {
    // Not our collector speaking.
  }
  if (reply?.success !== true) return { kind: 'retryable', reason: 'server' };
  if (!reply.results) return { kind: 'settled' };
  const verdicts = new Map<string, SendVerdict>();
  for (const [id, { status, reason = status }] of Object.entries(reply.results)) {
    if (status === 'retry') verdicts.set(id, { kind: 'retry', reason });
    // A duplicate is an event the collector has: that is what delivered means.
    else if (status !== 'duplicate') verdicts.set(id, { kind: 'dead', reason });
  }
  return { kind: 'settled', verdicts };
}
