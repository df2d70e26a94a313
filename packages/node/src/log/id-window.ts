import { createIdTable, type Half, maxCandidates } from './id-table.ts';

/** Where ids were seen lately: 64-bit hashes of message ids, each with the row of the log it went into. */
export interface IdWindow {
  /** Rows that may hold an id with this hash, at most eight. A hash is no proof: the row itself is. */
  find(high: number, low: number): readonly number[];
  /** @param seq - not lower than any before */
  add(high: number, low: number, seq: number): void;
  /** Takes back what was added since `settle`: the newest first. */
  takeBack(high: number, low: number, seq: number): void;
  /** What was added so far is there to stay, and what is too old for it may go. */
  settle(): void;
  /** Makes the look-ups of these hashes cheaper; the answer means nothing. */
  warm(hashes: Uint32Array): number;
  /** Forgets the ids of all rows up to `seq`. */
  forgetThrough(seq: number): void;
}

/** So many may be added between two `settle()` before older ones go for what may be taken back: all that is ever under way. */
const roomBetween = 16_384;

/**
 * Remembers at least the newest `maxIds` ids, and little more than twice as many: beyond that the older half is forgotten
 * at once. It takes 18 bytes for each of `maxIds`: 18 MB for a million.
 */
export function createIdWindow(maxIds: number, random: () => number = Math.random): IdWindow {
  const room = Math.max(maxIds, roomBetween);
  const mostInHalf = Math.floor(room * 1.25);
  const table = createIdTable(room, random); // the system gives it memory when it is written to
  let newer: Half = 0;
  let older: Half = 1;
  let count = 0; // in the newer half
  // The rows before their first: numbers in the table count from here.
  let newerFrom = 0;
  let olderFrom = 0;
  let forgotten = 0;

  function rows(early: readonly number[], late: readonly number[]): readonly number[] {
    return [...early.map((value) => value + olderFrom), ...late.map((value) => value + newerFrom)]
      .filter((seq) => seq > forgotten)
      .slice(-maxCandidates);
  }

  function turnOver(): void {
    [older, newer] = [newer, older];
    olderFrom = newerFrom;
    table.clear(newer);
    count = 0;
  }

  return {
    find(high, low) {
      const early = table.find(older, high, low);
      const late = table.find(newer, high, low);
      return early.length === 0 && late.length === 0 ? late : rows(early, late);
    },
    add(high, low, seq) {
      if (count === mostInHalf) turnOver();
      if (count === 0) newerFrom = seq;
      if (table.add(newer, high, low, seq - newerFrom)) count++;
    },
    takeBack(high, low, seq) {
      if (table.takeBack(newer, high, low, seq - newerFrom)) count--;
      // What was added before the halves changed is in the older one by now.
      else table.takeBack(older, high, low, seq - olderFrom);
    },
    settle() {
      if (count >= maxIds) turnOver();
    },
    warm: table.warm,
    forgetThrough(seq) {
      forgotten = Math.max(forgotten, seq);
    },
  };
}

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
