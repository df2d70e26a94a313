import type { CollectedEvent, ConsentCategory, Entry, Outbox, TrackEvent } from '@org/track-core';

/** How a destination reads the log. */
export interface ConsumerOptions {
  /** What an event is for, from the plan. */
  readonly purposeOf: (event: TrackEvent) => ConsentCategory;
}

/** How much one pull may bring. */
export interface PullLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Nothing that can wait for all that is new (`isOld`). Default false. */
  readonly isNewOnly?: boolean;
}

/** The log from one destination's point of view. */
export interface LogOutbox extends Outbox<CollectedEvent> {
  /** As an outbox does: the oldest first. What can wait comes behind all that is new. */
  pull(limits: PullLimits): readonly Entry<CollectedEvent>[];
  /**
   * These leased events are about to leave, and nobody may send them twice. Resolves with whether that survives a crash.
   * Whoever opens the log after one gets them as given up, `unconfirmed`, unless they were settled or withdrawn.
   */
  begin(ids: readonly string[]): Promise<boolean>;
  /**
   * Can this leased event wait for all that is new? It was delivered before and is to be once more, or the log held it
   * before this reader came.
   */
  isOld(id: string): boolean;
  /** They did not arrive after all: they may leave again. */
  withdraw(ids: readonly string[]): void;
}

/** How far one consumer is. */
export interface ConsumerProgress {
  /** The newest batch of which something has its fate; it is counted from 1. */
  readonly cursor: number;
  /** When the oldest batch arrived that still waits, epoch milliseconds; `undefined` if none does. */
  readonly oldestReceivedAt?: number;
}
