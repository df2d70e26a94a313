/** Makes identifiers: RFC 9562 UUIDs in lower case. */
export interface Ids {
  /** UUIDv7: sorts by creation. Each is greater than the one before, even if the wall clock stands still or steps back. */
  time(): string;
  /** UUIDv4: tells nothing but itself. */
  random(): string;
}

export interface IdsOptions {
  /** Wall clock, whole epoch milliseconds. */
  readonly now: () => number;
  /** 64 unpredictable bits. Default: the host's, asked for each time. Where many ids are made: `createRandomPool()`. */
  readonly random64?: () => bigint;
}

/**
 * Starts a source of ids; its time ids strictly increase, so use one per process or page.
 *
 * The 12 bits after the time count the ids of one millisecond (RFC 9562 §6.2, method 1). Time and count are one number:
 * when the count runs out, or while the clock is behind, ids run ahead of the clock by as little as it takes.
 */
export function createIds({
  now,
  random64 = () => crypto.getRandomValues(new BigUint64Array(1))[0] as bigint,
}: IdsOptions): Ids {
  let last = 0;

  /** The version goes in among the first 60 bits; the variant (binary 10) and 62 random bits follow. */
  const uuid = (version: 4 | 7, first60: number | bigint): string => {
    const head = first60.toString(16).padStart(15, '0');
    const tail = ((1n << 63n) | (random64() >> 2n)).toString(16);
    return `${head.slice(0, 8)}-${head.slice(8, 12)}-${version}${head.slice(12)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };

  return {
    time() {
      last = Math.max(now() * 4_096, last + 1);
      return uuid(7, last);
    },
    random: () => uuid(4, random64() >> 4n),
  };
}

/** A source of random bits for servers: asking the host takes longer than making an id, so it is asked for many at once. */
export function createRandomPool(): () => bigint {
  const pool: bigint[] = [];
  return () => {
    if (pool.length === 0) pool.push(...crypto.getRandomValues(new BigUint64Array(128)));
    return pool.pop() as bigint;
  };
}
