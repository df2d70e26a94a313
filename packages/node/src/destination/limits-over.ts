import type { DestinationLimits } from '@org/track-core';

/** Limits over those that hold otherwise. One that is `undefined`, as of a setting nobody made, says nothing. */
export function limitsOver<Limits extends DestinationLimits>(
  standard: Limits,
  own: DestinationLimits | undefined,
): Limits {
  const given = Object.entries(own ?? {}).filter(([, limit]) => limit !== undefined);
  return { ...standard, ...Object.fromEntries(given) };
}
