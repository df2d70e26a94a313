import type { DeviceStore, EventContext, Outbox } from '@org/track-core';

declare const made: unique symbol;

/**
 * How a device remembers, as this package makes it: `rootDomain()`, `hostOnly()`, `pageOnly()`. What it says to the
 * tracker has short names in the published files, so nobody else can make one. Each is for one tracker.
 */
export interface StoragePart {
  readonly [made]?: never;
}

/** What a tracker does otherwise than by default, because its device remembers otherwise. */
export interface Remembering extends StoragePart {
  /** Where ids, visit and decision are kept. */
  readonly store?: DeviceStore;
  /** May ids be kept in the store now? */
  readonly mayStore?: () => boolean;
  /** Where events wait. */
  readonly outbox?: Outbox;
  /** The circumstances of an event that happens now. */
  readonly context?: () => EventContext;
}
