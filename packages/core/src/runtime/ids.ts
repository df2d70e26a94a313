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
  const hexOf = Array.from(pool, (_, byte) => (byte + 256).toString(16).slice(-2));
  let used = poolBytes;
  let time = 0;
  let sequence = maxSequence;

  /** `count` random hexadecimal digits. */
  function digits(count: number): string {
    let text = '';
    while (text.length < count) {
      if (used === poolBytes) {
        fillRandom(pool);
        used = 0;
      }
      text += hexOf[pool[used++] as number];
    }
    return text.slice(0, count);
  }

  /** The last two groups: the variant (binary 10), then 62 random bits. */
  const tail = (): string => `-${'89ab'[Number.parseInt(digits(1), 16) & 3]}${digits(3)}-${digits(12)}`;

  return {
    time() {
      const current = now();
      if (current > time || sequence === maxSequence) {
        time = Math.max(current, time + 1);
        sequence = Number.parseInt(digits(3), 16) >> 1; // the lower half: the upper is left to count in
      } else sequence++;
      const start = time.toString(16).padStart(12, '0');
      return `${start.slice(0, 8)}-${start.slice(8)}-${(0x7000 | sequence).toString(16)}${tail()}`;
    },
    random: () => `${digits(8)}-${digits(4)}-4${digits(3)}${tail()}`,
  };
}
