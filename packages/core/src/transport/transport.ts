import type { Entry, Verdict } from '../event/entry.ts';

/** One event's fate as the far end told it: final, or to be tried again no sooner than `retryAfterMs` from now. */
export type SendVerdict = Verdict | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs?: number };

/** Why a batch may work later. `config`: the far end does not know us; someone must act, events are kept. */
export type RetryReason = 'network' | 'timeout' | 'throttled' | 'server' | 'config' | `http-${number}`;

/**
 * What became of one batch: one verdict for all of it, in the words of single events.
 *
 * - `delivered`: the far end answered; `verdicts` names the entries that were not.
 * - `retry`: keep everything and come back, not before `retryAfterMs` from now.
 * - `dead`: refused for good, all of it. Only where `reason` is `too-large` smaller batches are tried first, from now on.
 * - `unconfirmed`: it left and nobody will answer (a beacon). Kept, and not sent again by this queue.
 */
export type SendOutcome =
  | { readonly kind: 'delivered'; readonly verdicts?: ReadonlyMap<string, SendVerdict> }
  | { readonly kind: 'retry'; readonly reason: RetryReason; readonly retryAfterMs?: number }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'unconfirmed' };

/** How one batch is to be carried. */
export interface SendOptions {
  /** Tries already made with these entries, counted from 0. */
  readonly attempt: number;
  /** The page or process is going away: what is not handed over now may never be. */
  readonly exit: boolean;
  /** Aborted when the queue stops waiting for the answer. */
  readonly signal: AbortSignal;
}

/**
 * Carries one batch out of the process. It never waits or retries: the queue does. Nor does it throw; a promise that
 * rejects is a broken connection, as `retry` for the reason `network` is.
 */
export interface Transport<T = string> {
  send(entries: readonly Entry<T>[], options: SendOptions): Promise<SendOutcome>;
}
