/** Lets each sender spend so many events a second, by a token bucket of its own. */
export interface RateLimit {
  /** Seconds until `sender` may come again, a whole number; `undefined` if it may come now. Costs nothing. */
  waitS(sender: string): number | undefined;
  /** Takes `events` from the sender's bucket. It may go below empty: what came in one body is taken whole or not at all. */
  charge(sender: string, events: number): void;
}

export interface RateLimitOptions {
  /** What a sender may spend for ever. `Infinity`: no limit. */
  readonly eventsPerSecond: number;
  /** Senders remembered; beyond it the one that was quiet for longest starts anew. About 150 bytes each. */
  readonly maxSenders: number;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
}

/** After a quiet time a sender may spend what this many seconds would have given: a phone that was offline, a deployment. */
const burstS = 40;

interface Bucket {
  level: number;
  filledAt: number;
}

export function createRateLimit({ eventsPerSecond, maxSenders, elapsed }: RateLimitOptions): RateLimit {
  if (eventsPerSecond === Number.POSITIVE_INFINITY) return { waitS: () => undefined, charge: () => {} };

  const size = Math.max(1, eventsPerSecond * burstS);
  const buckets = new Map<string, Bucket>(); // the one used last is last

  function levelOf({ level, filledAt }: Bucket): number {
    return Math.min(size, level + ((elapsed() - filledAt) / 1_000) * eventsPerSecond);
  }

  return {
    waitS(sender) {
      const bucket = buckets.get(sender);
      const missing = bucket === undefined ? 0 : 1 - levelOf(bucket);
      return missing <= 0 ? undefined : Math.ceil(missing / eventsPerSecond);
    },
    charge(sender, events) {
      const bucket = buckets.get(sender);
      const level = bucket === undefined ? size : levelOf(bucket);
      buckets.delete(sender);
      buckets.set(sender, { level: level - events, filledAt: elapsed() });
      if (buckets.size > maxSenders) buckets.delete(buckets.keys().next().value as string);
    },
  };
}
