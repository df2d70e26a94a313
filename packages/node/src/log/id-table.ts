/** Hashes of ids, each with a number. What is found is no proof: 16 bits of a hash and its place are all that is kept. */
export interface IdTable {
  /** Numbers that were added with this hash, oldest first; one in ten thousand times with another. */
  find(high: number, low: number): readonly number[];
  /** @param value - 0 to 2³² − 1 */
  add(high: number, low: number, value: number): void;
  /**
   * Has the places of these hashes brought near all at once; one look-up after the other would wait for memory as often.
   * The answer only keeps the compiler from leaving that out.
   */
  warm(hashes: Uint32Array): number;
  clear(): void;
  readonly size: number;
}

/** Numbers kept for one hash at most, so that ids made to collide cost their sender's events, not our time. */
export const maxCandidates = 8;

/** Never full, so that every search ends. */
const slotsPerId = 1.5;

/**
 * Room for `maxIds`, reserved at once: 9 bytes for each. Open addressing, and nothing is ever taken out. A look-up is
 * mostly a wait for memory, so what it reads is small and apart from what it finds.
 */
export function createIdTable(maxIds: number, random: () => number): IdTable {
  const slots = Math.ceil(maxIds * slotsPerId) + 1;
  const tags = new Uint16Array(slots); // 0 is a free slot
  const values = new Uint32Array(slots);
  // Unknown to senders, so that nobody can choose ids that share a slot, or a tag.
  const homeOfHigh = oddNumber(random);
  const homeOfLow = oddNumber(random);
  const tagOfHigh = oddNumber(random);
  const tagOfLow = oddNumber(random);
  const slotsPerHash = slots / 2 ** 32;
  let size = 0;

  function home(high: number, low: number): number {
    return Math.floor(((Math.imul(high, homeOfHigh) + Math.imul(low, homeOfLow)) >>> 0) * slotsPerHash);
  }

  function tagOf(high: number, low: number): number {
    return (Math.imul(high, tagOfHigh) + Math.imul(low, tagOfLow)) >>> 16 || 1;
  }

  return {
    find(high, low) {
      const sought = tagOf(high, low);
      let found: number[] | undefined;
      let at = home(high, low);
      for (let tag = tags[at]; tag !== 0; tag = tags[at]) {
        if (tag === sought) {
          found ??= [];
          found.push(values[at] as number);
        }
        at = at + 1 === slots ? 0 : at + 1;
      }
      return found ?? nothing;
    },
    add(high, low, value) {
      const own = tagOf(high, low);
      let equals = 0;
      let at = home(high, low);
      for (let tag = tags[at]; tag !== 0; tag = tags[at]) {
        if (tag === own && ++equals === maxCandidates) return;
        at = at + 1 === slots ? 0 : at + 1;
      }
      tags[at] = own;
      values[at] = value;
      size++;
    },
    warm(hashes) {
      let seen = 0;
      for (let at = 0; at < hashes.length; at += 2) {
        seen |= tags[home(hashes[at] as number, hashes[at + 1] as number)] as number;
      }
      return seen;
    },
    clear() {
      tags.fill(0);
      size = 0;
    },
    get size() {
      return size;
    },
  };
}

const nothing: readonly number[] = [];

function oddNumber(random: () => number): number {
  return (random() * 2 ** 32) | 1;
}
