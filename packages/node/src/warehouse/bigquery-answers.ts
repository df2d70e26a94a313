import type { CollectedEvent, DeliveryOutcome, DeliveryVerdict } from '@org/track-core';
import { type HttpReply, jsonOf, outcomeOfStatus } from '../destination/http-exchange.ts';
import { isObject, textAt, valueAt } from '../destination/mapping.ts';

/** What passes. https://cloud.google.com/bigquery/docs/error-messages */
const passingReasons: ReadonlySet<string> = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'rateLimitExceeded',
  'jobRateLimitExceeded',
  'quotaExceeded',
  'timeout',
  'tableUnavailable',
  // A row that is well, in a request with one that is not.
  'stopped',
]);

/** A quota of a day is not free again in seconds. https://cloud.google.com/bigquery/docs/troubleshoot-quotas */
const quotaRestMs = 600_000;

/** What an answer to anything but a success means. `isData`: what was asked held events, which can be at fault. */
export function outcomeOfFailure(reply: HttpReply, isData: boolean): DeliveryOutcome {
  const outcome = outcomeOfStatus(reply, isData ? 'split' : 'dead');
  const errors = valueAt(jsonOf(reply), 'error.errors');
  const reason = reasonIn(Array.isArray(errors) ? errors[0] : undefined);
  if (reason === 'quotaExceeded') return { kind: 'retry', reason: 'throttled', retryAfterMs: quotaRestMs };
  if (passingReasons.has(reason)) {
    return outcome.kind === 'retry' ? outcome : { kind: 'retry', reason: 'throttled' };
  }
  // What we ask besides is of us alone.
  const isOurs = outcome.kind === 'config' || (!isData && outcome.kind === 'dead');
  return isOurs ? { kind: 'config', reason: `http-${reply.status}${reason === '' ? '' : ` ${reason}`}` } : outcome;
}

/** Which rows of a request were not taken. Of what is wrong with them only the column is told: messages hold values. */
export function outcomeOfInsert(reply: HttpReply, events: readonly CollectedEvent[]): DeliveryOutcome {
  const listed = valueAt(jsonOf(reply), 'insertErrors');
  if (listed === undefined) return { kind: 'delivered' };
  const failures = (Array.isArray(listed) ? listed : []).filter(isObject);
  const verdicts = new Map<string, DeliveryVerdict>();
  for (const failure of failures) {
    const event = events[Number(failure.index)];
    const [error] = Array.isArray(failure.errors) ? (failure.errors as unknown[]) : [];
    if (event === undefined) continue;
    if (/^no such field/i.test(textAt(error, 'message') ?? ''))
      return { kind: 'config', reason: 'table-lacks-a-column' };
    verdicts.set(event.messageId, verdictOf(error));
  }
  return { kind: 'delivered', verdicts };
}

function verdictOf(error: unknown): DeliveryVerdict {
  const reason = reasonIn(error);
  if (passingReasons.has(reason)) return { kind: 'retry', reason };
  const column = /^[a-z_]{1,40}/.exec(textAt(error, 'location') ?? '')?.[0] ?? 'row';
  return { kind: 'dead', reason: `${reason === '' ? 'refused' : reason}: ${column}` };
}

/** One of BigQuery's own words, or nothing. */
function reasonIn(error: unknown): string {
  const reason = textAt(error, 'reason') ?? '';
  return /^[A-Za-z]{1,40}$/.test(reason) ? reason : '';
}
