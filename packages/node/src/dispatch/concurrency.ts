/** How many deliveries a far end bears at once: found out, not configured. */
export interface Concurrency {
  /** Deliveries that may be under way now. */
  allowed(): number;
  /** One came through. */
  succeeded(): void;
  /** The far end failed or asked for peace. */
  failed(): void;
}

/** What a failure leaves of the window. */
const decrease = 0.5;

/**
 * Additive increase, multiplicative decrease: one more for each window of successes, half after a failure; between 1 and
 * `max`. https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease
 */
export function createConcurrency(max: number): Concurrency {
  let window = 1;
  return {
    // A part of one, as of a share of few processors, would be none.
    allowed: () => Math.max(1, Math.floor(window)),
    succeeded() {
      window = Math.min(max, window + 1 / window);
    },
    failed() {
      window = Math.max(1, window * decrease);
    },
  };
}
