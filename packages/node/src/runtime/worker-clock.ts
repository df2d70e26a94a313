import type { Clock } from '@org/track-core';

/** Time in a runtime whose timers end with the request they were set in. */
export function createWorkerClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(delayMs, task) {
      const timer = setTimeout(task, Math.min(delayMs, 1e9)); // beyond 24 days it would be none
      return () => clearTimeout(timer);
    },
  };
}
