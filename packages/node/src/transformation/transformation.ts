import type { EventSource, TrackEvent } from '@org/track-core';

/** What is known of an event's arrival. */
export interface EventOrigin {
  readonly source: EventSource;
  /** The name of the key it came with. */
  readonly keyName?: string;
  /** Server clock at arrival, epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * Changes events before they are stored. Return the event, changed in place or another; several in its place; or `null`
 * to drop it. It runs at once, within a budget of time; what it throws, or does not finish, costs only that event.
 *
 * Events that consent does not cover are not shown to it, and it cannot change what was consented to.
 */
export type Transformation = (event: TrackEvent, origin: EventOrigin) => TrackEvent | readonly TrackEvent[] | null;

/** What became of one event. */
export type Transformed =
  | { readonly kind: 'events'; readonly events: readonly TrackEvent[] }
  | { readonly kind: 'dropped'; readonly by: string }
  /** `code` for machines, `by` which transformation. */
  | { readonly kind: 'failed'; readonly by: string; readonly code: string; readonly message?: string };
