import type { Parcel } from './parcel.ts';

export interface DeliveryLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/**
 * The parcels that travel next, oldest first; empty if none may. They are of one group, and of no person who has
 * another parcel before them that waits or is on its way.
 *
 * @param waiting - in order
 * @param away - who has parcels on their way
 * @param isProbe - the far end may be down: whoever was in the fewest failures goes, so that one bad event does not look
 *   like a far end that fails
 */
export function takeDelivery(
  waiting: readonly Parcel[],
  { maxEvents, maxBytes }: DeliveryLimits,
  away: ReadonlySet<string>,
  now: number,
  isProbe = false,
): readonly Parcel[] {
  const passed = new Set<string>(); // persons of whom an earlier parcel stays
  const mayLeave = ({ notBefore, persons }: Parcel): boolean =>
    notBefore <= now && !persons.some((person) => away.has(person) || passed.has(person));
  const stays = ({ persons }: Parcel): void => {
    for (const person of persons) passed.add(person);
  };

  let first: Parcel | undefined;
  for (const parcel of waiting) {
    if (!mayLeave(parcel)) stays(parcel);
    else {
      if (first === undefined || parcel.tries < first.tries) first = parcel;
      if (!isProbe || first.tries === 0) break;
      stays(parcel); // of one person only the first is a candidate
    }
  }
  if (first === undefined || first.isSuspect) return first === undefined ? [] : [first];

  const taken: Parcel[] = [];
  let size = 0;
  let bytes = 0;
  passed.clear();
  for (const parcel of waiting) {
    const fits = taken.length === 0 || (size + parcel.size <= maxEvents && bytes + parcel.bytes <= maxBytes);
    const isOurs = taken.length === 0 ? parcel === first : parcel.group === first.group && !parcel.isSuspect;
    if (!isOurs || !fits || !mayLeave(parcel)) {
      stays(parcel);
      // Full, as good as: whoever comes now would only be a smaller one that overtakes.
      if (isOurs && !fits) break;
      continue;
    }
    taken.push(parcel);
    size += parcel.size;
    bytes += parcel.bytes;
  }
  return taken;
}
