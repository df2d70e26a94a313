/** What is measured of a server's tracker. */
export type Measure = 'queue' | 'memory' | 'rate';

export type NodeFigures = { readonly [name: string]: number };

/** How many events wait when a call is timed. The first is enough to warm everything up. */
export const queueLengths: readonly number[] = [1_000, 10_000, 100_000];
