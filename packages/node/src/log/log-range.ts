import type { CollectedEvent } from '@org/track-core';

/** A part of the log. Bounds belong to it; those left out do not bound. */
export interface LogRange {
  /** Positions in the log, as `events` tells them. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** Arrival, epoch milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** How much a range holds. */
export interface Measured {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly events: number;
}

/** One event of the log. */
export interface LogEvent {
  /** Its batch's position. */
  readonly seq: number;
  readonly event: CollectedEvent;
}
