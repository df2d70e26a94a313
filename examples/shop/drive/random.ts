/** Numbers in [0, 1) that repeat for the same seed: the same run, the same visitors. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    // A counter whose bits are mixed (splitmix32): seeds that are neighbours give numbers that are not.
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (probability) => next() < probability,
    pick: (list) => list[Math.floor(next() * list.length)] as (typeof list)[number],
    between: (low, high) => Math.floor(low + next() * (high - low + 1)),
  };
}

export interface Random {
  chance(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
}
