import type { Clock } from '@org/track-core';

/** The longest wait Node's timers know, milliseconds; they run anything longer at once. */
const maxTimerMs = 2_147_483_647;

/** The process's time. Its timers never keep the process alive: whether there is still work is the host's to say. */
export function createNodeClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    after(delayMs, task) {
      let timer: NodeJS.Timeout;
      const wait = (leftMs: number): void => {
        const stepMs = Math.min(leftMs, maxTimerMs);
        timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : task()), stepMs).unref();
      };
      wait(delayMs);
      return () => clearTimeout(timer);
    },
  };
}
