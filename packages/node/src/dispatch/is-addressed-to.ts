import type { CollectedEvent } from '@org/track-core';

/**
 * Does the event's `integrations` object let it go to the destination called `name`?
 * What it says of the name beats what it says of `All`; an object in place of `true` (a destination's own options) is a yes.
 */
export function isAddressedTo({ integrations }: CollectedEvent, name: string): boolean {
  if (integrations === undefined || integrations === null) return true;
  const named = Object.hasOwn(integrations, name) ? integrations[name] : undefined;
  return named === undefined ? integrations.All !== false : named !== false;
}
