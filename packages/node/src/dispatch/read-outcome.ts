import type { DeliveryOutcome, DeliveryVerdict } from '@org/track-core';

/**
 * What a destination answered, fit to be acted on and written down; `undefined` for what is no outcome. Destinations are
 * the host's own code, and what they answer is made of what a far end says: a reason may be missing, a wait no number.
 */
export function readOutcome(answer: unknown): DeliveryOutcome | undefined {
  const { kind, reason, retryAfterMs, verdicts } = (answer ?? {}) as Unchecked;
  switch (kind) {
    case 'delivered':
      if (verdicts === undefined) return { kind };
      return verdicts instanceof Map ? { kind, verdicts: new Map([...verdicts].map(readEntry)) } : undefined;
    case 'retry':
      return { kind, reason: reasonOf(reason) as RetryOutcome['reason'], ...waitOf(retryAfterMs) };
    case 'dead':
    case 'split':
    case 'config':
      return { kind, reason: reasonOf(reason) };
    case 'unconfirmed':
      return { kind };
    default:
      return undefined;
  }
}

/** What the log can write, and people can read. */
export function reasonOf(reason: unknown): string {
  const text = typeof reason === 'number' ? String(reason) : reason;
  return typeof text === 'string' && text !== '' ? text : 'unnamed';
}

type RetryOutcome = Extract<DeliveryOutcome, { kind: 'retry' }>;
type Unchecked = { readonly [field in 'kind' | 'reason' | 'retryAfterMs' | 'verdicts']?: unknown };

function readEntry([id, verdict]: readonly [unknown, unknown]): [string, DeliveryVerdict] {
  const { kind, reason, retryAfterMs } = (verdict ?? {}) as Unchecked;
  return [String(id), readVerdict(kind, reason, retryAfterMs)];
}

function readVerdict(kind: unknown, reason: unknown, retryAfterMs: unknown): DeliveryVerdict {
  switch (kind) {
    case 'delivered':
      return { kind };
    case 'retry':
      return { kind, reason: reasonOf(reason), ...waitOf(retryAfterMs) };
    case 'dropped':
    case 'dead':
      return { kind, reason: reasonOf(reason) };
    default:
      return { kind: 'dead', reason: 'unknown-verdict' };
  }
}

/** A wait that is no number, as of a header that is a date, would be none at all. */
function waitOf(ms: unknown): { readonly retryAfterMs?: number } {
  return typeof ms === 'number' && Number.isFinite(ms) && ms > 0 ? { retryAfterMs: ms } : {};
}
