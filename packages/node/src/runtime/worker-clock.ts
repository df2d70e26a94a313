import type { Clock } from '@org/track-core';

/** Time in a runtime whose timers end with the request they were set in. */
export function createWorkerClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
