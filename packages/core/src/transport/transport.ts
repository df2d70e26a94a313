import type { Entry, Verdict } from '../event/entry.ts';

/** One event's fate as the far end told it: final, or to be tried again no sooner than `retryAfterMs` from now. */
export type SendVerdict = Verdict | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs?: number };

/** Why a batch may work later. `config`: the far end does not know us; someone must act, events are kept. */
export type RetryReason = 'network' | 'timeout' | 'throttled' | 'server' | 'config';

/**
 * What became of one batch. The kind alone decides what happens next.
 *
 * - `settled`: the far end answered; entries it did not name were delivered.
 * - `retryable`: keep everything and come back, not before `retryAfterMs` from now.
 * - `too-large`: split, and remember the size.
 * - `rejected`: refused for good, all of it.
 * - `unconfirmed`: it left and nobody will answer (a beacon). Kept, and not sent again by this queue.
 */
export type SendOutcome =
  | { readonly kind: 'settled'; readonly verdicts?: ReadonlyMap<string, SendVerdict> }
  | { readonly kind: 'retryable'; readonly reason: RetryReason; readonly retryAfterMs?: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'rejected'; readonly reason: string }
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

/** Carries one batch out of the process. It never throws, waits or retries: the queue does. */
export interface Transport<T = string> {
  send(entries: readonly Entry<T>[], options: SendOptions): Promise<SendOutcome>;
}
