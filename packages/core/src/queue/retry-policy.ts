/** How patient a queue is with a far end that fails. */
export interface RetryPolicy {
  /** Upper bound of the first wait, milliseconds. It doubles with each try. */
  readonly baseDelayMs: number;
  /** Cap of that bound, milliseconds. */
  readonly maxDelayMs: number;
  /** Tries before a batch is given up; `Infinity` leaves the end to the outbox's own bounds. */
  readonly maxAttempts: number;
}

/**
 * The wait before the next try, in milliseconds, or `undefined` to give up.
 *
 * Full jitter: any wait up to the bound is as likely, so that clients do not come back together after a shared outage.
 *
 * @param attempt - tries already made, counted from 1
 * @param random - a number in [0, 1)
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  return random * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** Math.max(0, attempt - 1));
}
