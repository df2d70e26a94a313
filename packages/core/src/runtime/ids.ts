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
  readonly fillRandom?: (bytes: Uint8Array) => void;
}

/** Fetched at once: asking the host for random bytes takes longer than making an id from them. */
const poolBytes = 1_024;
const maxSequence = 0xfff;

function fillFromCrypto(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}

/**
 * Starts a source of ids; its time ids strictly increase, so use one per process or page.
 *
 * The 12 bits after the time count the ids of one millisecond from a random start (RFC 9562 §6.2, method 1). When they
 * run out, or while the clock is behind, ids run ahead of the clock by as little as it takes.
 */
export function createIds({ now, fillRandom = fillFromCrypto }: IdsOptions): Ids {
  const hex = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  let time = 0;
  let sequence = maxSequence;
  let head = ''; // what ids made at `time` begin with

  function randomByte(): number {
    if (used === poolBytes) {
      fillRandom(pool);
      used = 0;
    }
    return pool[used++] as number;
  }

  const digits = (): string => hex[randomByte()] as string;

  /** The last two groups: the variant (binary 10), then 62 random bits. */
  const tail = (): string =>
    `-${hex[0x80 | (randomByte() & 0x3f)]}${digits()}-${digits()}${digits()}${digits()}${digits()}${digits()}${digits()}`;

  return {
    time() {
      const current = now();
      if (current > time || sequence === maxSequence) {
        time = Math.max(current, time + 1);
        const start = time.toString(16).padStart(12, '0');
        head = `${start.slice(0, 8)}-${start.slice(8)}-`;
        sequence = ((randomByte() & 7) << 8) | randomByte(); // the lower half: the upper is left to count in
      } else sequence++;
      return head + hex[0x70 | (sequence >> 8)] + hex[sequence & 0xff] + tail();
    },
    random: () =>
      `${digits()}${digits()}${digits()}${digits()}-${digits()}${digits()}-${hex[0x40 | (randomByte() & 0xf)]}${digits()}${tail()}`,
  };
}
