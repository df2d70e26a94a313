import {
  type Clock,
  type CollectedEvent,
  type Deadline,
  type DeliveryOutcome,
  type Destination,
  type DestinationLimits,
  type Entry,
  type OnDiagnostic,
  report,
  type Verdict,
} from '@org/track-core';
import type { LogOutbox } from '../log/log.ts';
import { unconfirmed } from '../log/log-consumer.ts';
import { backoffMs } from './backoff.ts';
import { createBooks, type DestinationReport, type DestinationStats } from './books.ts';
import { createDestinationCalls, textOf } from './call-destination.ts';
import { judgeEvent } from './judge-event.ts';
import { createPace } from './pace.ts';
import { createParcel, type Parcel } from './parcel.ts';
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

/** An event in so many deliveries that failed travels alone once others come through. */
const suspectAfterTries = 3;

/** How often an event may fail alone, while others come through, before it is a dead letter. */
const maxFailuresAlone = 5;

/** How long to leave an outbox alone that gives nothing although something waits, milliseconds. */
const outboxTroubleMs = 1_000;

export function createLane({ destination, outbox, clock, random, isSuppressed, onDiagnostic }: LaneOptions): Lane {
  const { name } = destination;
  const limits = { ...defaultDestinationLimits, ...destination.limits };
  const resends = destination.resendsUnconfirmed ?? destination.idempotency !== 'none';
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
    if (isClosed) return;
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
    if (judged.kind !== 'wanted') return settle(id, judged);
    const isOrdered = destination.order === 'person';
    const place = room.nextPlace(outbox.isOld(id));
    const parcel = createParcel(judged, { place, storedBytes: bytes, receivedAt: queuedAt, isOrdered });
    room.add(parcel);
    waitedAt = Math.min(waitedAt, clock.elapsed() + limits.maxWaitMs);
  }

  function settle(id: string, verdict: Verdict): void {
    books.count(verdict);
    void outbox.settle(id, verdict);
  }

  function finish(parcel: Parcel, verdict: Verdict): true {
    room.finish(parcel);
    settle(parcel.id, verdict);
    return true;
  }

  function giveBack(parcels: readonly Parcel[], notBefore = 0): false {
    for (const parcel of parcels) parcel.notBefore = Math.max(parcel.notBefore, notBefore);
    if (parcels.length > 0) {
      if (!resends) outbox.withdraw(parcels.map(({ id }) => id));
      room.giveBack(parcels);
      waitedAt = 0;
    }
    return false;
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
    const running = run(parcels).then(() => {
      underWay.delete(running);
      for (const person of persons) away.delete(person);
      pump();
    });
    underWay.add(running);
    return true;
  }

  const isFull = (): boolean => room.waiting().length >= pace.mostEvents() || room.waitingBytes() >= limits.maxBytes;

  /** Delivers until every parcel has its fate or waits again. Resolves with whether all of them have it. */
  async function run(parcels: readonly Parcel[]): Promise<boolean> {
    if (isClosed) return false;
    const live = parcels.filter((parcel) => {
      const verdict = reasonToEnd(parcel);
      return verdict === undefined || !finish(parcel, verdict);
    });
    if (live.length === 0) return true;
    // Where twice is twice the log knows before we do it: a process that is killed says nothing afterwards.
    if (!resends && !(await outbox.begin(live.map(({ id }) => id)))) {
      return giveBack(live, clock.elapsed() + outboxTroubleMs);
    }
    books.begun();
    const outcome = await calls.deliver(
      live.map(({ event }) => event),
      partsOf(live),
    );
    const isTooLarge = outcome.kind === 'dead' && outcome.reason === 'too-large';
    if (live.length === 1 || !(isTooLarge || outcome.kind === 'split')) return decide(live, outcome);
    succeed(); // it answers
    books.failed(outcome.reason, false);
    const half = live.length >> 1;
    if (isTooLarge) pace.tooLarge(half);
    if (await run(live.slice(0, half))) return run(live.slice(half));
    // Something is in the way: the rest has time, and must not overtake.
    return giveBack(live.slice(half));
  }

  /** Of one delivery all are of one group. */
  function partsOf(parcels: readonly Parcel[]): { items?: readonly (readonly string[])[]; group?: string } {
    if (destination.map === undefined) return {};
    const group = parcels[0]?.group;
    return { items: parcels.map(({ items = [] }) => items), ...(group === undefined ? {} : { group }) };
  }

  /** What ends an event here; it may have waited long. */
  function reasonToEnd({ event, receivedAt }: Parcel): Verdict | undefined {
    if (isSuppressed(event)) return { kind: 'dropped', reason: 'suppressed' };
    return ageOf(receivedAt) > limits.horizonMs ? { kind: 'dead', reason: 'expired' } : undefined;
  }

  /** What an answer means for its parcels, and for those behind them. */
  function decide(parcels: readonly Parcel[], outcome: DeliveryOutcome): boolean {
    switch (outcome.kind) {
      case 'delivered':
        return settleEach(parcels, outcome.verdicts ?? new Map());
      case 'dead':
      case 'split':
        succeed();
        return parcels.every((parcel) => finish(parcel, { kind: 'dead', reason: outcome.reason }));
      case 'config':
        stop(outcome.reason);
        return giveBack(parcels);
      case 'retry':
        return fail(parcels, outcome.reason, outcome.retryAfterMs ?? 0);
      case 'unconfirmed':
        if (resends) return fail(parcels, 'timeout', 0);
        for (const parcel of parcels) finish(parcel, { kind: 'dead', reason: unconfirmed });
        return failAll(parcels, 'timeout', 0);
    }
  }

  function settleEach(
    parcels: readonly Parcel[],
    verdicts: NonNullable<Extract<DeliveryOutcome, { kind: 'delivered' }>['verdicts']>,
  ): boolean {
    succeed();
    books.delivered(parcels.map(({ receivedAt }) => receivedAt));
    const spread = random(); // one for all, so that they travel together again
    const again = parcels.filter((parcel) => {
      const verdict = verdicts.get(parcel.id) ?? { kind: 'delivered' };
      if (verdict.kind !== 'retry') return !finish(parcel, verdict);
      const { reason, retryAfterMs = 0 } = verdict;
      books.failed(reason, false);
      // A far end that names its time is alive: waiting for it does not make later waits longer.
      if (retryAfterMs === 0) parcel.tries++;
      const waitMs = Math.max(retryAfterMs, backoffMs(Math.max(1, parcel.tries), spread));
      parcel.notBefore = clock.elapsed() + waitMs;
      return true;
    });
    giveBack(again);
    return again.length === 0;
  }

  /** The far end answers: what failed often is looked at alone. */
  function succeed(): void {
    if (!pace.succeeded()) return;
    for (const parcel of room.waiting()) parcel.isSuspect = parcel.tries >= suspectAfterTries;
  }

  function fail(parcels: readonly Parcel[], reason: string, retryAfterMs: number): false {
    const [first] = parcels;
    if (first?.isSuspect === true && first.successesSeen < books.successes() && retryAfterMs === 0) {
      books.failed(reason, true);
      report(onDiagnostic, 'send-failed', `${name}: ${reason}`);
      return failAlone(first, reason);
    }
    return failAll(parcels, reason, retryAfterMs) || giveBack(parcels);
  }

  /** The far end failed, or asked for peace. */
  function failAll(parcels: readonly Parcel[], reason: string, retryAfterMs: number): false {
    books.failed(reason, true);
    report(onDiagnostic, 'send-failed', `${name}: ${reason}`);
    const isThrottled = retryAfterMs > 0 || reason === 'throttled' || reason === 'http-429';
    if (!isThrottled) for (const parcel of parcels) parcel.tries++;
    pace.failed({ events: parcels.length, isThrottled, retryAfterMs });
    return false;
  }

  /** Others come through, it does not: the fault may be its own. */
  function failAlone(parcel: Parcel, reason: string): false {
    parcel.failedAlone++;
    parcel.successesSeen = books.successes();
    if (parcel.failedAlone < maxFailuresAlone) {
      parcel.notBefore = clock.elapsed() + backoffMs(parcel.failedAlone, random());
      return giveBack([parcel]);
    }
    finish(parcel, { kind: 'dead', reason });
    return false;
  }

  function stop(reason: string): void {
    if (pace.stop(reason)) report(onDiagnostic, 'destination-stopped', `${name}: ${reason}`);
    books.failed(reason, true);
  }

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
    onDropped: (id, reason) => settle(id, { kind: reason === unconfirmed ? 'dead' : 'dropped', reason }),
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
    flush,
    shutdown: (deadline) => (closing ??= flush(deadline).then(close)),
  };
}
