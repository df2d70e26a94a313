import type { Clock } from '@org/track-core';

/**
 * How old something is, milliseconds: what the wall clock says, but no more than a clock says that went on evenly since
 * this was made. A wall clock that jumps ahead makes nothing old; one that jumps back only makes things younger.
 */
export function createSteadyAge(clock: Pick<Clock, 'now' | 'elapsed'>): (epochMs: number) => number {
  const offset = clock.now() - clock.elapsed();
  return (epochMs) => Math.min(clock.now(), offset + clock.elapsed()) - epochMs;
}
