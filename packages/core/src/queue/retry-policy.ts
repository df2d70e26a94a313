/** How patient a queue is with a far end that fails. It tries without end: what may be lost is the outbox's decision. */
export interface RetryPolicy {
  /** Upper bound of the first wait, milliseconds. It doubles with each try; any wait up to it is as likely. Default 1,000. */
  readonly baseDelayMs: number;
  /** Cap of that bound, milliseconds. Default 60,000. */
  readonly maxDelayMs: number;
}
