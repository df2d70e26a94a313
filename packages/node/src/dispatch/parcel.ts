import type { CollectedEvent } from '@org/track-core';
import type { Judged } from './judge-event.ts';

/** An event that waits for its delivery. */
export interface Parcel {
  /** The event's `messageId`. */
  readonly id: string;
  /** Its place among all that came out of the log: the order of delivery. */
  readonly place: number;
  readonly event: CollectedEvent;
  /** What the destination's `map` made of it. */
  readonly items: readonly string[] | undefined;
  readonly group: string | undefined;
  /** How many of a delivery's `maxEvents` it takes. */
  readonly size: number;
  readonly bytes: number;
  /** Whose it is, by every id it carries, where order matters; empty where it does not. */
  readonly persons: readonly string[];
  /** When the collector took it in, epoch milliseconds. */
  readonly receivedAt: number;
  /** Failed deliveries it was in. */
  tries: number;
  /** It failed where others came through: it travels alone. */
  isSuspect: boolean;
  /** How often it failed alone while others came through. */
  failedAlone: number;
  /** How many deliveries had succeeded when it failed alone last. */
  successesSeen: number;
  /** Not before this moment of `clock.elapsed()`. */
  notBefore: number;
}

interface ParcelFacts {
  readonly place: number;
  readonly storedBytes: number;
  readonly receivedAt: number;
  readonly isOrdered: boolean;
}

export function createParcel(
  { event, items, group }: Extract<Judged, { kind: 'wanted' }>,
  { place, storedBytes, receivedAt, isOrdered }: ParcelFacts,
): Parcel {
  return {
    id: event.messageId,
    place,
    event,
    items,
    group,
    size: items?.length ?? 1,
    // One more for the comma between two items.
    bytes: items?.reduce((sum, item) => sum + Buffer.byteLength(item) + 1, 0) ?? storedBytes,
    persons: isOrdered ? personsOf(event) : [],
    receivedAt,
    tries: 0,
    isSuspect: false,
    failedAlone: 0,
    successesSeen: -1,
    notBefore: 0,
  };
}

/** Both ids: on the event that says who somebody is they are one person. */
function personsOf({ userId, anonymousId }: CollectedEvent): readonly string[] {
  return [...(userId === undefined ? [] : [`u:${userId}`]), ...(anonymousId === undefined ? [] : [`a:${anonymousId}`])];
}
