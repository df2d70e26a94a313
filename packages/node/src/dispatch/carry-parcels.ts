import {
  type Clock,
  type CollectedEvent,
  type DeliveryOutcome,
  type Destination,
  type OnDiagnostic,
  report,
  type Verdict,
} from '@org/track-core';
import { unconfirmed } from '../log/log-consumer.ts';
import type { LogOutbox } from '../log/log-outbox.ts';
import { backoffMs } from './backoff.ts';
import type { Books } from './books.ts';
import type { DestinationCalls } from './call-destination.ts';
import type { Pace } from './pace.ts';
import type { Parcel } from './parcel.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Carries parcels to the destination, and knows what its answers mean for them and for those behind them. */
export interface Carrier {
  /** Delivers until every parcel has its fate or waits again. Resolves with whether all of them have it. */
  carry(parcels: readonly Parcel[]): Promise<boolean>;
  /** Of an event that does not travel: its fate is known. */
  settle(id: string, verdict: Verdict): void;
}

export interface CarrierOptions {
  readonly destination: Destination;
  readonly outbox: LogOutbox;
  readonly calls: DestinationCalls;
  readonly room: WaitingRoom;
  readonly pace: Pace;
  readonly books: Books;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** How long an event is tried after it arrived, milliseconds. */
  readonly horizonMs: number;
  readonly ageOf: (epochMs: number) => number;
  readonly isSuppressed: (event: CollectedEvent) => boolean;
  readonly isClosed: () => boolean;
  /** Something waits again that has waited long enough. */
  readonly onBack: () => void;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** An event in so many deliveries that failed travels alone once others come through. */
const suspectAfterTries = 3;

/** How often an event may fail alone, while others come through, before it is a dead letter. */
const maxFailuresAlone = 5;

/** How long to leave an outbox alone that gives nothing although something waits, milliseconds. */
export const outboxTroubleMs = 1_000;

export function createCarrier(options: CarrierOptions): Carrier {
  const { destination, outbox, calls, room, pace, books, clock, random, horizonMs } = options;
  const { ageOf, isSuppressed, isClosed, onBack, onDiagnostic } = options;
  const { name } = destination;
  const resends = destination.resendsUnconfirmed ?? destination.idempotency !== 'none';

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
      onBack();
    }
    return false;
  }

  /** Delivers until every parcel has its fate or waits again. Resolves with whether all of them have it. */
  async function run(parcels: readonly Parcel[]): Promise<boolean> {
    if (isClosed()) return giveBack(parcels);
    const live = parcels.filter((parcel) => {
      const verdict = reasonToEnd(parcel);
      return verdict === undefined || !finish(parcel, verdict);
    });
    if (live.length === 0) return true;
    // Where twice is twice the log knows before we do it: a process that is killed says nothing afterwards.
    if (!resends && !(await outbox.begin(live.map(({ id }) => id)))) {
      return giveBack(live, clock.elapsed() + outboxTroubleMs);
    }
    // Closed while that was written: nobody would end a delivery that begins now.
    if (isClosed()) return giveBack(live);
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
    return ageOf(receivedAt) > horizonMs ? { kind: 'dead', reason: 'expired' } : undefined;
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

  return { carry: run, settle };
}
