/** One value, with what each label says. */
export type Reading = readonly [labels: readonly string[], value: number];

/** One thing that is measured, read when it is asked for. */
export interface Measure {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  read(): readonly Reading[];
}

/** Labels are our own words: statuses, names of destinations, reasons. What is none of those is counted as `other`. */
const reasonPattern = /^[a-z0-9][a-z0-9_.:-]{0,59}$/i;

/** Different reasons of one destination that are told apart; a destination can make up as many as it likes. */
const maxReasons = 50;

/** What reasons with labels become: bounded in number, and nothing but words. */
export function boundedReasons(counts: Readonly<Record<string, number>>): Record<string, number> {
  // Without a prototype: a reason may have the name of anything, `constructor` too.
  const bounded: Record<string, number> = Object.create(null);
  let others = 0;
  for (const [reason, count] of Object.entries(counts)) {
    const isTold = reasonPattern.test(reason) && (reason in bounded || Object.keys(bounded).length < maxReasons);
    if (isTold) bounded[reason] = (bounded[reason] ?? 0) + count;
    else others += count;
  }
  return others === 0 ? bounded : { ...bounded, other: (bounded.other ?? 0) + others };
}
