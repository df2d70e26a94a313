import type { TrackEvent, Tracker } from '@org/track-core';

/** What redacts the events of a tracker, for parts that keep something of them elsewhere. */
export const redactors: WeakMap<Tracker, <E extends TrackEvent>(event: E) => E> = new WeakMap();
