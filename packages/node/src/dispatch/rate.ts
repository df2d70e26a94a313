/** How many a second, of late. */
export interface Rate {
  add(count: number): void;
  perSecond(): number;
}

/** What was counted weighs half as much after this time, milliseconds. */
const halfLifeMs = 10_000;

/** @param elapsed - milliseconds that never go back */
export function createRate(elapsed: () => number): Rate {
  let level = 0;
  let at = elapsed();
  function now(): number {
    const moment = elapsed();
    level *= 0.5 ** ((moment - at) / halfLifeMs);
    at = moment;
    return level;
  }
  return {
    add(count) {
      level = now() + count;
    },
    perSecond: () => (now() * Math.LN2 * 1_000) / halfLifeMs,
  };
}
