/** Makes identifiers: RFC 9562 UUIDs in lower case. */
export interface Ids {
  /** UUIDv7: sorts by creation. Each is greater than the one before, even if the wall clock stands still or steps back. */
  time(): string;
  /** UUIDv4: tells nothing but itself. */
  random(): string;
}

export interface IdsOptions {
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Fills `bytes` with unpredictable values. Default: `crypto.getRandomValues`, looked up when the first id is made. */
  readonly fillRandom?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** Fetched at once: asking the host for random bytes takes longer than making an id from them. */
const poolBytes = 1_024;
const maxSequence = 0xfff;

/**
 * Starts a source of ids; its time ids strictly increase, so use one per process or page.
 *
 * The 12 bits after the time count the ids of one millisecond from a random start (RFC 9562 §6.2, method 1). When they
 * run out, or while the clock is behind, ids run ahead of the clock by as little as it takes.
 */
export function createIds({ now, fillRandom = (bytes) => void crypto.getRandomValues(bytes) }: IdsOptions): Ids {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  let time = 0;
  let sequence = maxSequence;

  /** The next random byte. */
  function byte(): number {
    if (used === poolBytes) {
      fillRandom(pool);
      used = 0;
    }
    return pool[used++] as number;
  }

  /** `count` random hexadecimal digits. */
  const digits = (count: number): string => (count ? (byte() & 15).toString(16) + digits(count - 1) : '');

  /** Completes the first 16 digits with the variant (binary 10) and 62 random bits. */
  const uuid = (head: string): string =>
    `${head.slice(0, 8)}-${head.slice(8, 12)}-${head.slice(12)}-${'89ab'[byte() & 3]}${digits(3)}-${digits(12)}`;

  return {
    time() {
      const current = now();
      if (current > time || sequence === maxSequence) {
        time = Math.max(current, time + 1);
        sequence = ((byte() & 7) << 8) | byte(); // the lower half: the upper is left to count in
      } else sequence++;
      return uuid(time.toString(16).padStart(12, '0') + (0x7000 | sequence).toString(16));
    },
    random: () => uuid(`${digits(12)}4${digits(3)}`),
  };
}
