/** From and until where something was played, seconds. */
export type Range = readonly [from: number, until: number];

/** Ranges in order, none of which touches another, with one more: what is in two of them counts once. */
export function addRange(ranges: readonly Range[], [from, until]: Range): Range[] {
  const apart = ranges.filter(([start, end]) => end < from || start > until);
  const touching = ranges.filter((range) => !apart.includes(range));
  const merged: Range = [
    Math.min(from, ...touching.map(([start]) => start)),
    Math.max(until, ...touching.map(([, end]) => end)),
  ];
  return [...apart, merged].sort(([a], [b]) => a - b);
}

/** What they cover together, seconds. */
export const lengthOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, [from, until]) => sum + until - from, 0);
