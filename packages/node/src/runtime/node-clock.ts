import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@org/track-core';

/** The longest wait Node's timers know, milliseconds; they run anything longer at once. */
export const maxTimerMs = 2_147_483_647;

/**
 * The process's time. Its timers never keep the process alive: whether there is still work is the host's to say. What they
 * run is inside of no request: it is as it was where the clock was made, not where the timer was set, for whoever waits
 * first would lend their request, trace included, to what waits with them.
 */
export function createNodeClock(): Clock {
  const outside = AsyncLocalStorage.snapshot();
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(delayMs, task) {
      let timer: NodeJS.Timeout;
      const wait = (leftMs: number): void => {
        const stepMs = Math.min(leftMs, maxTimerMs);
        timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : task()), stepMs).unref();
      };
      outside(wait, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
