/** Where ids were seen lately: 64-bit hashes of message ids, each with the row of the log it went into. */
export interface IdWindow {
  /** Rows that may hold an id with this hash. A hash is no proof: the row itself is. */
  find(high: number, low: number): readonly number[];
  add(high: number, low: number, seq: number): void;
  /** Forgets the ids of all rows up to `seq`. */
  forgetThrough(seq: number): void;
  readonly size: number;
}

/** Rows looked at for one hash at most, so that ids made to collide cost their sender's events, not our time. */
const maxCandidates = 8;

/**
 * Remembers the newest `maxIds` ids; beyond that the oldest is forgotten. It takes 24 to 32 bytes for each of `maxIds`,
 * reserved at once: 24 MB for a million.
 */
export function createIdWindow(maxIds: number, random: () => number = Math.random): IdWindow {
  // A ring in order of arrival, and an index into it by open addressing, at most half full.
  const highs = new Uint32Array(maxIds);
  const lows = new Uint32Array(maxIds);
  const seqs = new Float64Array(maxIds);
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(maxIds * 2))); // place in the ring + 1; 0 is free
  const mask = slots.length - 1;
  // Unknown to senders, so that nobody can choose ids that share a slot.
  const salt = (random() * 2 ** 32) >>> 0;
  const factor = ((random() * 2 ** 32) >>> 0) | 1;
  let oldest = 0;
  let size = 0;

  function home(high: number, low: number): number {
    const mixed = Math.imul(high ^ salt, factor) ^ low;
    return (mixed ^ (mixed >>> 15)) & mask;
  }

  function homeOf(place: number): number {
    return home(highs[place] as number, lows[place] as number);
  }

  function forgetOldest(): void {
    let hole = homeOf(oldest);
    while (slots[hole] !== oldest + 1) hole = (hole + 1) & mask;
    // Entries behind the hole move up if that brings them no closer than their home, or a search would miss them.
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const place = (slots[at] as number) - 1;
      if (((at - homeOf(place)) & mask) >= ((at - hole) & mask)) {
        slots[hole] = place + 1;
        hole = at;
      }
    }
    slots[hole] = 0;
    oldest = (oldest + 1) % maxIds;
    size--;
  }

  return {
    find(high, low) {
      let found: number[] | undefined;
      for (let at = home(high, low); slots[at] !== 0; at = (at + 1) & mask) {
        const place = (slots[at] as number) - 1;
        if (highs[place] !== high || lows[place] !== low) continue;
        found ??= [];
        found.push(seqs[place] as number);
        if (found.length === maxCandidates) break;
      }
      return found ?? nothing;
    },
    add(high, low, seq) {
      if (size === maxIds) forgetOldest();
      let at = home(high, low);
      for (let equals = 0; slots[at] !== 0; at = (at + 1) & mask) {
        const place = (slots[at] as number) - 1;
        if (highs[place] === high && lows[place] === low && ++equals === maxCandidates) return;
      }
      const place = (oldest + size) % maxIds;
      highs[place] = high;
      lows[place] = low;
      seqs[place] = seq;
      slots[at] = place + 1;
      size++;
    },
    forgetThrough(seq) {
      while (size > 0 && (seqs[oldest] as number) <= seq) forgetOldest();
    },
    get size() {
      return size;
    },
  };
}

const nothing: readonly number[] = [];

/** Two 32-bit hashes for each id, as they are kept beside the batch: `[high, low, high, low, …]`. */
export function hashIds(ids: readonly string[]): Uint32Array {
  const hashes = new Uint32Array(ids.length * 2);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as string;
    let high = 0x2545f491;
    let low = id.length ^ 0x6c8e9cf5;
    for (let at = 0; at < id.length; at++) {
      const code = id.charCodeAt(at);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x5bd1e995);
    }
    hashes[i * 2] = scramble(high);
    hashes[i * 2 + 1] = scramble(low ^ high);
  }
  return hashes;
}

/** Spreads every bit of a 32-bit number over all of them. */
function scramble(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}
