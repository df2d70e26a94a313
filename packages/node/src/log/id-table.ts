/** One of the two halves of a table. */
export type Half = 0 | 1;

/** Hashes of ids, each with a number. What is found is no proof: 16 bits of a hash and its place are all that is kept. */
export interface IdTable {
  /** Numbers that were added with this hash, oldest first; one in ten thousand times with another. */
  find(half: Half, high: number, low: number): readonly number[];
  /** False if too many have this hash already. @param value - 0 to 2³² − 1 */
  add(half: Half, high: number, low: number, value: number): boolean;
  /** Takes out what was added; only the newest may go, and the newest first. Says whether it was there. */
  takeBack(half: Half, high: number, low: number, value: number): boolean;
  /**
   * Has the places of these hashes brought near all at once; one look-up after the other would wait for memory as often.
   * The answer only keeps the compiler from leaving that out.
   */
  warm(hashes: Uint32Array): number;
  clear(half: Half): void;
}

/** Numbers kept for one hash at most, so that ids made to collide cost their sender's events, not our time. */
export const maxCandidates = 8;

const slotsPerId = 1.5;

/**
 * Two times room for `ids`, reserved at once: 18 bytes for each. A half that holds half as many again is full, and no
 * search in it would end. Open addressing, and nothing is taken out that others
 * were added after. A look-up is mostly a wait for memory, so what it reads is small, apart from what it finds, and both
 * halves have a hash at the same place, side by side.
 */
export function createIdTable(ids: number, random: () => number): IdTable {
  const slots = Math.ceil(ids * slotsPerId) + 1;
  const end = slots * 2;
  const tags = new Uint16Array(end); // 0 is a free slot
  const values = new Uint32Array(end);
  // Unknown to senders, so that nobody can choose ids that share a slot, or a tag.
  const homeOfHigh = oddNumber(random);
  const homeOfLow = oddNumber(random);
  const tagOfHigh = oddNumber(random);
  const tagOfLow = oddNumber(random);
  const slotsPerHash = slots / 2 ** 32;

  function home(half: Half, high: number, low: number): number {
    const slot = Math.floor(((Math.imul(high, homeOfHigh) + Math.imul(low, homeOfLow)) >>> 0) * slotsPerHash);
    return slot * 2 + half;
  }

  function tagOf(high: number, low: number): number {
    return (Math.imul(high, tagOfHigh) + Math.imul(low, tagOfLow)) >>> 16 || 1;
  }

  const next = (at: number): number => (at + 2 < end ? at + 2 : at + 2 - end);

  return {
    find(half, high, low) {
      const sought = tagOf(high, low);
      let found: number[] | undefined;
      let at = home(half, high, low);
      for (let tag = tags[at]; tag !== 0; tag = tags[at]) {
        if (tag === sought) {
          found ??= [];
          found.push(values[at] as number);
        }
        at = next(at);
      }
      return found ?? nothing;
    },
    add(half, high, low, value) {
      const own = tagOf(high, low);
      let equals = 0;
      let at = home(half, high, low);
      for (let tag = tags[at]; tag !== 0; tag = tags[at]) {
        if (tag === own && ++equals === maxCandidates) return false;
        at = next(at);
      }
      tags[at] = own;
      values[at] = value;
      return true;
    },
    takeBack(half, high, low, value) {
      const own = tagOf(high, low);
      let newest = -1;
      for (let at = home(half, high, low); tags[at] !== 0; at = next(at)) {
        if (tags[at] === own && values[at] === value) newest = at;
      }
      if (newest >= 0) tags[newest] = 0;
      return newest >= 0;
    },
    warm(hashes) {
      let seen = 0;
      for (let at = 0; at < hashes.length; at += 2) {
        seen |= tags[home(0, hashes[at] as number, hashes[at + 1] as number)] as number;
      }
      return seen;
    },
    clear(half) {
      for (let at: number = half; at < end; at += 2) tags[at] = 0;
    },
  };
}

const nothing: readonly number[] = [];

function oddNumber(random: () => number): number {
  return (random() * 2 ** 32) | 1;
}
