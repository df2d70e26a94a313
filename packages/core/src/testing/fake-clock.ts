import type { Clock } from '../runtime/clock.ts';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves both clocks on by `ms`, running each timer at its time and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as when a device corrects its time. */
  jump(ms: number): void;
  /** Lets promises settle without moving time. */
  settle(): Promise<void>;
  /** Timers that wait. */
  readonly timers: number;
}

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** @param startMs - the wall clock's first reading, epoch milliseconds */
export function createFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let offset = startMs;
  let timers: Timer[] = [];

  async function settle(): Promise<void> {
    // Chains of promises end within this many turns of the microtask queue, some dozens of batches one after another included.
    for (let turn = 0; turn < 500; turn++) await Promise.resolve();
  }

  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    after(delayMs, task) {
      const timer: Timer = { at: elapsed + Math.max(0, delayMs), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (;;) {
        const next = timers.reduce<Timer | undefined>(
          (soonest, timer) => (timer.at <= end && (!soonest || timer.at < soonest.at) ? timer : soonest),
          undefined,
        );
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        elapsed = Math.max(elapsed, next.at);
        next.task();
        await settle();
      }
      elapsed = end;
    },
    jump(ms) {
      offset += ms;
    },
    settle,
    get timers() {
      return timers.length;
    },
  };
}
