/** How fast the log takes what is under way, so that who is turned away is told a time that is true. */
export interface Drain {
  /** Measures `work`, which stores `bytes`. It rejects, and never throws. */
  measure<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  /** Whole seconds until `bytes` are stored at the rate measured lately: 1 to `maxWaitS`. 1 if nothing was measured yet. */
  waitS(bytes: number): number;
}

/** Longer than this nobody is sent away: by then the log is well again or out of order, and to ask costs little. */
export const maxWaitS = 60;

/** What was measured counts half as much after this time. */
const halfLifeMs = 10_000;

/** A measurement takes this long, or until nothing is under way. */
const sliceMs = 100;

/**
 * @param elapsed - milliseconds that never go back
 */
export function createDrain(elapsed: () => number): Drain {
  let underWay = 0;
  let sliceStart = 0;
  let sliceBytes = 0;
  let storedAt = 0;
  let bytesPerMs = 0; // as it was at the end of the last slice
  let measuredAt = 0;

  /** With little to do even a fast log stores little: the best of late says what it can. */
  function rate(): number {
    const remembered = bytesPerMs * 0.5 ** ((elapsed() - measuredAt) / halfLifeMs);
    return Math.max(remembered, sliceBytes / Math.max(1, storedAt - sliceStart));
  }

  /** Between two turns of work, never within: all that one commit stored belongs to the time it took. */
  function endSlice(): void {
    bytesPerMs = rate();
    measuredAt = elapsed();
    sliceStart = underWay === 0 ? measuredAt : storedAt;
    sliceBytes = 0;
  }

  /** Apart from `work`, which holds what it stores, and may go as soon as it has begun. */
  async function measured<T>(bytes: number, result: Promise<T>): Promise<T> {
    try {
      await result;
      sliceBytes += bytes;
      storedAt = elapsed();
      return result;
    } finally {
      underWay--;
    }
  }

  return {
    measure(bytes, work) {
      if (underWay === 0 || storedAt - sliceStart >= sliceMs) endSlice();
      underWay++;
      return measured(bytes, work());
    },
    waitS(bytes) {
      const seconds = Math.ceil(bytes / rate() / 1_000);
      return seconds > 0 && seconds < Number.POSITIVE_INFINITY ? Math.min(maxWaitS, seconds) : 1;
    },
  };
}
