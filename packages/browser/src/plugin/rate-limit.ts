import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { checkNumber } from './check-number.ts';

export interface RateLimitOptions {
  /** Events a second that may go on for ever. Default 10. */
  readonly perSecond?: number;
  /**
   * Events that may come at once after a quiet while, at least 1. Default 300. A yes brings up to 200 that waited for it:
   * a smaller burst drops some of them.
   */
  readonly burst?: number;
}

/**
 * Protects the collector, and the bill, from a page that tracks in a loop: above the limits events are dropped, counted
 * as `rate-limit`, whatever their purpose.
 *
 * The page's `onDiagnostic` hears of each. The warehouse hears of each burst once: the next event that passes says in
 * `context.rateLimit.dropped` how many were dropped before it.
 *
 * Time is the page's own, which no correction of the device's clock moves; after hours of sleep one burst is free, no more.
 * Options that are no such numbers throw in development; visitors get a tracker without a limit.
 */
export function rateLimit({ perSecond = 10, burst = 300 }: RateLimitOptions = {}): Plugin {
  if (isDevelopment) {
    checkNumber('rateLimit: perSecond', perSecond, 0);
    checkNumber('rateLimit: burst', burst, 1);
  }
  let free = burst; // events that may pass now
  let countedAt = 0; // when that was so, `performance.now()`
  let dropped = 0; // since the last that passed

  return {
    name: 'rate-limit',
    process(event) {
      const now = performance.now();
      free = Math.min(burst, free + (Math.max(0, now - countedAt) * perSecond) / 1_000);
      countedAt = now;
      if (free < 1) {
        dropped++;
        return null;
      }
      free--;
      if (!dropped) return event;
      const context = { ...event.context, rateLimit: { dropped } };
      dropped = 0;
      return { ...event, context };
    },
  };
}
