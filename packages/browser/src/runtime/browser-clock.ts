import type { Clock } from '@org/track-core';

/** The browser's time. */
export const browserClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, task) {
    // Further away than some 24 days would be at once.
    const timer = setTimeout(task, Math.min(1e9, delayMs));
    return () => clearTimeout(timer);
  },
};
