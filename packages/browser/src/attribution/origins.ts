import type { TrackEvent } from '@org/track-core';
import type { Touch } from './read-touch.ts';

/** How a visit, and a person's first one, came about. */
export interface Origins {
  /** The session's id. */
  readonly session: string | undefined;
  /** The end of the anonymous id: enough to tell whether the first touch is this person's, too little to name anybody. */
  readonly person: string | undefined;
  /** How the visit began. */
  readonly landing: Touch;
  /** Its latest source. */
  readonly last: Touch;
  /** How the first visit began, and when. */
  readonly first: Touch & { readonly timestamp: string };
}

/** As long as the device cookie lasts: 395 days. */
const maxAgeMs = 34_128_000_000;

/** What is known after `event`, which finds its visit as it is `known` or begins one with `arrival`. */
export function originsAt(known: Origins | undefined, event: TrackEvent, arrival: Touch): Origins {
  const { anonymousId, timestamp, context } = event;
  const session = context?.session?.id;
  if (known && known.session === session) return known;
  const person = anonymousId?.slice(-4);
  const isReturn =
    known && known.person === person && Date.parse(timestamp) - Date.parse(known.first.timestamp) < maxAgeMs;
  return {
    ...{ session, person, landing: arrival, last: arrival },
    first: isReturn ? known.first : { ...arrival, timestamp },
  };
}

/** The same, with no click named. */
export function withoutClicks({ landing, last, first, ...visit }: Origins): Origins {
  const clickIds = undefined;
  return { ...visit, landing: { ...landing, clickIds }, last: { ...last, clickIds }, first: { ...first, clickIds } };
}
