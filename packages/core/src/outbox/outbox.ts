import type { Entry, Verdict } from '../event/entry.ts';

/** How much may travel together. */
export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** What can be pulled. */
export interface OutboxDepth {
  readonly waiting: number;
  readonly waitingBytes: number;
}

/** Who an outbox reports to: the queue that drains it. */
export interface OutboxHost {
  /** A waiting entry is given up (full, too old); `reason` is its named loss. The host settles it, as any other. */
  onDropped(id: string, reason: string): void;
  /** `count` entries came in by another way than `add`. `hasWaited`: left by an earlier visit or process, so due now. */
  onArrived(count: number, hasWaited?: boolean): void;
}

/**
 * Where undelivered events wait. Bounded; never throws; what it cannot keep it reports as dropped.
 *
 * An entry is *waiting* until pulled, then *leased* until settled. Whoever opens a durable outbox later finds every
 * entry that was not settled, leased ones included.
 */
export interface Outbox<T = string> {
  /** Called once, before anything else. */
  open(host: OutboxHost): void;
  /** Keeps an entry, behind all others. A returned promise tells whether it became durable; none means memory only. */
  add(entry: Entry<T>): void | Promise<boolean>;
  /**
   * Leases the oldest waiting entries within `limits`, at least one if any waits. Empty if none does.
   * At once: an outbox that must fetch its entries does so ahead, and says `onArrived` when they are here.
   */
  pull(limits: BatchLimits): readonly Entry<T>[];
  /** Forgets an entry that was leased or given up: `verdict` is its fate. An unknown id is ignored. */
  settle(id: string, verdict: Verdict): void | Promise<void>;
  /** Takes leased entries back: they wait again, before all others. */
  release(entries: readonly Entry<T>[]): void;
  /** Nothing waits and no answer is due: what is held for the entries' sake may be let go, those unconfirmed included. */
  rest?(): void;
  depth(): OutboxDepth;
  /** Releases what it holds open (database, file). Entries that would not outlive it are given up as `shutdown`. */
  close(): void | Promise<void>;
}
