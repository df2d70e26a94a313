import type { Clock, QueueStats, Verdict } from '@org/track-core';
import type { CircuitState } from './circuit.ts';
import { createRate } from './rate.ts';

/** The books of one destination: `accepted = delivered + sum(dropped) + sum(dead) + pending`. */
export type DestinationStats = QueueStats;

/** `paused` by the host; `stopped` by the far end, which does not know us; else what the circuit says. */
export type DestinationState = 'paused' | 'stopped' | CircuitState;

/** How one destination is. */
export interface DestinationReport {
  readonly name: string;
  readonly state: DestinationState;
  /** Why it is stopped. */
  readonly stopReason?: string;
  readonly books: DestinationStats;
  /** Deliveries begun, and those that failed as a whole. */
  readonly deliveries: { readonly begun: number; readonly failed: number; readonly underWay: number };
  /** Deliveries that may be under way at once now. */
  readonly concurrency: number;
  /** Events delivered a second, of late. */
  readonly eventsPerSecond: number;
  /** From the collector's 200 to the far end's, of the oldest event in the delivery that came through last; milliseconds. */
  readonly lagMs?: number;
  /** Age of the oldest event without a fate, milliseconds since it arrived; absent if there is none. */
  readonly oldestAgeMs?: number;
  /** Nothing leaves for so long, milliseconds: the far end failed, or asked for peace. */
  readonly restMs: number;
  /** What went wrong, by reason, since the start: of deliveries, and of events that are tried again. */
  readonly errors: { readonly [reason: string]: number };
  readonly lastError?: { readonly reason: string; readonly at: number };
}

/** What a lane knows of itself, beside its books. */
interface LaneNow {
  readonly name: string;
  readonly state: DestinationState;
  readonly stopReason: string | undefined;
  readonly underWay: number;
  readonly concurrency: number;
  readonly restMs: number;
  readonly oldestReceivedAt: number | undefined;
}

/** Counts everything where its fate is decided. */
export interface Books {
  accept(events: number): void;
  count(verdict: Verdict): void;
  begun(): void;
  /** One delivery came through. */
  delivered(receivedAt: readonly number[]): void;
  failed(reason: string, isWholeDelivery: boolean): void;
  /** Deliveries that came through. */
  successes(): number;
  stats(): DestinationStats;
  report(now: LaneNow): DestinationReport;
}

type Counts = Record<string, number>;

/** Without a prototype: a reason may have the name of anything, `constructor` too. */
const noCounts = (): Counts => Object.create(null) as Counts;

/** Different reasons that are told apart: a far end can make up as many as it likes. */
const maxReasons = 100;

function countIn(counts: Counts, reason: string): void {
  const isTold = reason in counts || Object.keys(counts).length < maxReasons;
  const key = isTold ? reason : 'other';
  counts[key] = (counts[key] ?? 0) + 1;
}

export function createBooks(clock: Clock): Books {
  const totals = { accepted: 0, delivered: 0, pending: 0 };
  const dropped = noCounts();
  const dead = noCounts();
  const errors = noCounts();
  const rate = createRate(clock.elapsed);
  let begun = 0;
  let succeeded = 0;
  let failed = 0;
  let lagMs: number | undefined;
  let lastError: DestinationReport['lastError'];

  const stats = (): DestinationStats => ({ ...totals, dropped: { ...dropped }, dead: { ...dead } });

  return {
    accept(events) {
      totals.accepted += events;
      totals.pending += events;
    },
    count(verdict) {
      totals.pending--;
      if (verdict.kind !== 'delivered') return countIn(verdict.kind === 'dropped' ? dropped : dead, verdict.reason);
      totals.delivered++;
      rate.add(1);
    },
    begun: () => void begun++,
    delivered(receivedAt) {
      succeeded++;
      // Not spread into arguments: of those a call takes some hundred thousand at most.
      lagMs = clock.now() - receivedAt.reduce((oldest, at) => Math.min(oldest, at), Number.POSITIVE_INFINITY);
    },
    failed(reason, isWholeDelivery) {
      if (isWholeDelivery) failed++;
      countIn(errors, reason);
      lastError = { reason, at: clock.now() };
    },
    successes: () => succeeded,
    stats,
    report: ({ name, state, stopReason, underWay, concurrency, restMs, oldestReceivedAt }) => ({
      name,
      state,
      ...(stopReason === undefined ? {} : { stopReason }),
      books: stats(),
      deliveries: { begun, failed, underWay },
      concurrency,
      eventsPerSecond: rate.perSecond(),
      ...(lagMs === undefined ? {} : { lagMs }),
      ...(oldestReceivedAt === undefined ? {} : { oldestAgeMs: Math.max(0, clock.now() - oldestReceivedAt) }),
      restMs,
      errors: { ...errors },
      ...(lastError === undefined ? {} : { lastError }),
    }),
  };
}
