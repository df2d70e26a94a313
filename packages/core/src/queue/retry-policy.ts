/** How patient a queue is with a far end that fails. */
export interface RetryPolicy {
  /** Upper bound of the first wait, milliseconds. It doubles with each try; any wait up to it is as likely. */
  readonly baseDelayMs: number;
  /** Cap of that bound, milliseconds. */
  readonly maxDelayMs: number;
}
