/** Upper bound of the first wait, milliseconds; it doubles with each failure in a row. */
const baseDelayMs = 1_000;
/** Cap of that bound, milliseconds. */
const maxDelayMs = 60_000;

/**
 * How long to wait after the `failures`th failure in a row, milliseconds. Full jitter: any wait up to the bound is as
 * likely, so that those who failed together do not come back together.
 *
 * @param failures - counted from 1
 * @param random - in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1));
}
