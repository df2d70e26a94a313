/** `closed`: deliveries flow. `open`: they rest. `probing`: one of them finds out whether the far end is back. */
export type CircuitState = 'closed' | 'open' | 'probing';

/** Keeps deliveries from a far end that fails, and lets one through to see. */
export interface Circuit {
  state(): CircuitState;
  /** When the next delivery may leave; a moment of `elapsed()`, 0 for any time. */
  restUntil(): number;
  /** It failed: nothing leaves for `waitMs`, whatever siblings hear, and then one delivery. */
  failed(waitMs: number): void;
  succeeded(): void;
  /** Someone says that all is well. */
  reset(): void;
}

export function createCircuit(elapsed: () => number): Circuit {
  let isFailing = false;
  let until = 0;
  return {
    state: () => (!isFailing ? 'closed' : elapsed() < until ? 'open' : 'probing'),
    restUntil: () => until,
    failed(waitMs) {
      isFailing = true;
      until = Math.max(until, elapsed() + waitMs);
    },
    succeeded() {
      isFailing = false;
    },
    reset() {
      isFailing = false;
      until = 0;
    },
  };
}
