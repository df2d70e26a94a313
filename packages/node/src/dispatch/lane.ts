import {
  type Clock,
  type CollectedEvent,
  type Deadline,
  type Destination,
  type DestinationLimits,
  type Entry,
  type OnDiagnostic,
  report,
} from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import { unconfirmed } from '../log/log-consumer.ts';
import type { LogOutbox } from '../log/log-outbox.ts';
import { createBooks, type DestinationReport, type DestinationStats } from './books.ts';
import { createDestinationCalls, textOf } from './call-destination.ts';
import { createCarrier, outboxTroubleMs } from './carry-parcels.ts';
import { judgeEvent } from './judge-event.ts';
import { createPace } from './pace.ts';
import { createParcel } from './parcel.ts';
import { createSteadyAge } from './steady-age.ts';
import { takeDelivery } from './take-delivery.ts';
import { createWaitingRoom } from './waiting-room.ts';

export interface LaneOptions {
  readonly destination: Destination;
  readonly outbox: LogOutbox;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** May nothing of whose event this is be carried on? */
  readonly isSuppressed: (event: CollectedEvent) => boolean;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** Everything between the log and one destination: what travels when, with whom, and what its answer means. */
export interface Lane {
  stats(): DestinationStats;
  report(): DestinationReport;
  /** Deliveries under way end; none begins until `resume`, which also ends a stop. */
  pause(): void;
  resume(): void;
  /** Resolves when the deliveries that are under way now have ended. */
  underWayEnded(): Promise<void>;
  /** Resolves when all has its fate, when nothing can move (paused, stopped), or at the deadline (10 s). */
  flush(deadline?: Deadline): Promise<void>;
  /** Flushes, then stops for good and closes the destination. What has no fate stays in the log. */
  shutdown(deadline?: Deadline): Promise<void>;
}

const never = Number.POSITIVE_INFINITY;

/** What a destination gets that names no limits of its own. One delivery at a time keeps the order of events. */
export const defaultDestinationLimits: Required<DestinationLimits> = {
  maxEvents: 500,
  maxBytes: 1024 * 1024,
  maxWaitMs: 1_000,
  concurrency: 1,
  timeoutMs: 30_000,
  horizonMs: never,
};

export function createLane({ destination, outbox, clock, random, isSuppressed, onDiagnostic }: LaneOptions): Lane {
  const { name } = destination;
  const limits = limitsOver(defaultDestinationLimits, destination.limits);
  const calls = createDestinationCalls({ destination, clock, timeoutMs: limits.timeoutMs, onDiagnostic });
  const books = createBooks(clock);
  const ageOf = createSteadyAge(clock);
  const room = createWaitingRoom(limits);
  const pace = createPace({ clock, random, limits });

  const away = new Set<string>(); // persons with something under way
  const underWay = new Set<Promise<void>>();
  const flushes = new Set<() => void>();
  let waitedAt = never; // when the first that waits has waited long enough
  let isPaused = false;
  let isClosed = false;
  let closing: Promise<void> | undefined;
  let plannedAt = never;
  let cancelPlan: (() => void) | undefined;

  const carrier = createCarrier({
    ...{ destination, outbox, calls, room, pace, books, clock, random, ageOf, isSuppressed, onDiagnostic },
    horizonMs: limits.horizonMs,
    isClosed: () => isClosed,
    onBack() {
      waitedAt = 0;
    },
  });

  /** Runs `pump` at a moment of `clock.elapsed()`, unless it runs before that anyway. */
  function planAt(at: number): false {
    if (at < plannedAt) {
      cancelPlan?.();
      plannedAt = at;
      cancelPlan = clock.after(Math.max(0, at - clock.elapsed()), pump);
    }
    return false;
  }

  /** Begins what is due. */
  function pump(): void {
    cancelPlan?.();
    plannedAt = never;
    if (isClosed) return endFlushes();
    fill();
    while (begin());
    endFlushes();
  }

  /** Takes events out of the log while there is room for them. */
  function fill(): void {
    const now = clock.elapsed();
    const space = outbox.depth().waiting === 0 ? undefined : room.room(now);
    if (space === undefined) return;
    const entries = outbox.pull(space);
    for (const entry of entries) take(entry);
    // Of new ones there may be none, and then their commit tells.
    if (entries.length === 0 && space.isNewOnly === true) return;
    if (outbox.depth().waiting > 0) planAt(now + (entries.length === 0 ? outboxTroubleMs : 0));
  }

  function take({ id, value, purpose, bytes, queuedAt }: Entry<CollectedEvent>): void {
    const judged = judgeEvent(destination, value, {
      purpose,
      ageOf,
      isSuppressed,
      onFailed: (code, error) => report(onDiagnostic, code, `${name}: ${textOf(error)}`),
    });
    if (judged.kind !== 'wanted') return carrier.settle(id, judged);
    const isOrdered = destination.order === 'person';
    const place = room.nextPlace(outbox.isOld(id));
    const parcel = createParcel(judged, { place, storedBytes: bytes, receivedAt: queuedAt, isOrdered });
    room.add(parcel);
    waitedAt = Math.min(waitedAt, clock.elapsed() + limits.maxWaitMs);
  }

  /** Begins one delivery; false if none may begin now. */
  function begin(): boolean {
    const now = clock.elapsed();
    const waiting = room.waiting();
    const isProbe = pace.state() !== 'closed';
    if (waiting.length === 0) waitedAt = never;
    if (isPaused || waiting.length === 0 || underWay.size >= pace.allowed()) return false;
    if (pace.restUntil() > now) return planAt(pace.restUntil());
    if (flushes.size === 0 && waitedAt > now && !isFull()) return planAt(waitedAt);
    const parcels = takeDelivery(
      waiting,
      { maxEvents: pace.mostEvents(), maxBytes: limits.maxBytes },
      away,
      now,
      isProbe,
    );
    if (parcels.length === 0) {
      const times = waiting.map(({ notBefore }) => notBefore).filter((notBefore) => notBefore > now);
      return planAt(times.reduce((soonest, time) => Math.min(soonest, time), never));
    }
    room.take(parcels);
    const persons = parcels.flatMap((parcel) => parcel.persons);
    for (const person of persons) away.add(person);
    const running = carrier.carry(parcels).then(() => {
      underWay.delete(running);
      for (const person of persons) away.delete(person);
      pump();
    });
    underWay.add(running);
    return true;
  }

  const isFull = (): boolean => room.waiting().length >= pace.mostEvents() || room.waitingBytes() >= limits.maxBytes;

  function endFlushes(): void {
    const canMove = !(isPaused || pace.stopReason() !== undefined);
    const hasWork = canMove ? !room.isEmpty() || outbox.depth().waiting > 0 : underWay.size > 0;
    if (hasWork && !isClosed) return;
    for (const done of flushes) done();
  }

  function flush({ deadlineMs = 10_000 }: Deadline = {}): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        flushes.delete(done);
        resolve();
      };
      const cancel = clock.after(deadlineMs, done);
      flushes.add(done);
      pump();
    });
  }

  async function close(): Promise<void> {
    isClosed = true;
    cancelPlan?.();
    endFlushes();
    calls.abandon();
    await Promise.all(underWay);
    await outbox.close();
    await calls.close();
  }

  outbox.open({
    onDropped: (id, reason) => carrier.settle(id, { kind: reason === unconfirmed ? 'dead' : 'dropped', reason }),
    onArrived(count, hasWaited) {
      books.accept(count);
      if (hasWaited === true) waitedAt = 0;
      planAt(clock.elapsed()); // not at once: we are in the middle of the log's commit
    },
  });

  return {
    stats: books.stats,
    report() {
      return books.report({
        name,
        state: isPaused ? 'paused' : pace.stopReason() !== undefined ? 'stopped' : pace.state(),
        stopReason: pace.stopReason(),
        underWay: underWay.size,
        concurrency: pace.bears(),
        restMs: Math.max(0, pace.restUntil() - clock.elapsed()),
        oldestReceivedAt: room.oldestReceivedAt(),
      });
    },
    pause() {
      isPaused = true;
      endFlushes();
    },
    resume() {
      isPaused = false;
      pace.reset();
      pump();
    },
    async underWayEnded() {
      await Promise.all(underWay);
    },
    flush,
    shutdown: (deadline) => (closing ??= flush(deadline).then(close)),
  };
}
