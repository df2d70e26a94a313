import type { Clock } from '@org/track-core';
import { backoffMs } from './backoff.ts';
import { type CircuitState, createCircuit } from './circuit.ts';
import { createConcurrency } from './concurrency.ts';

/** What a far end bears, found out from its answers: how much at once, how often, and whether at all. */
export interface Pace {
  /** Most events in the next delivery. */
  mostEvents(): number;
  /** Deliveries that may be under way at once now: one while it is not known whether it is back. */
  allowed(): number;
  /** As many as it bears when it is well. */
  bears(): number;
  /** Nothing leaves before this moment of `elapsed()`. */
  restUntil(): number;
  state(): CircuitState;
  /** Why it is stopped: it does not know us. */
  stopReason(): string | undefined;
  /** It answers. Says whether it had failed before. */
  succeeded(): boolean;
  /** It failed, or asked for peace. `events` that shared the delivery may be the reason, unless it is `throttled`. */
  failed(failure: { readonly events: number; readonly isThrottled: boolean; readonly retryAfterMs: number }): void;
  /** It takes no more than so many events, from now on. */
  tooLarge(mostEvents: number): void;
  /** It does not know us, or does not let us: one event asks again after a while. Says whether that is news. */
  stop(reason: string): boolean;
  /** Someone says that all is well. */
  reset(): void;
}

/** A stopped destination is asked again by one event after this time, milliseconds: its key may be right by now. */
export const stopProbeMs = 600_000;

export interface PaceOptions {
  readonly clock: Pick<Clock, 'elapsed'>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly limits: { readonly maxEvents: number; readonly concurrency: number };
}

export function createPace({ clock, random, limits }: PaceOptions): Pace {
  const circuit = createCircuit(clock.elapsed);
  const concurrency = createConcurrency(limits.concurrency);
  let mostAtOnce = limits.maxEvents; // lowered for good by a far end that takes less
  let cap = mostAtOnce; // lowered for a while by one that fails
  let failures = 0; // in a row
  let stopReason: string | undefined;

  return {
    mostEvents: () => cap,
    allowed: () => (circuit.state() === 'closed' ? concurrency.allowed() : 1),
    bears: concurrency.allowed,
    restUntil: circuit.restUntil,
    state: circuit.state,
    stopReason: () => stopReason,
    succeeded() {
      const hadFailed = failures > 0;
      failures = 0;
      stopReason = undefined;
      cap = Math.min(mostAtOnce, cap * 2);
      circuit.succeeded();
      concurrency.succeeded();
      return hadFailed;
    },
    failed({ events, isThrottled, retryAfterMs }) {
      concurrency.failed();
      failures++;
      // A far end that asks for peace is well: the size of what we sent is not what it minds.
      if (!isThrottled && events > 0) cap = Math.max(1, Math.min(cap, events) >> 1);
      circuit.failed(retryAfterMs + backoffMs(failures, random()));
    },
    tooLarge(mostEvents) {
      // With several under way an older answer must not raise what a newer one lowered.
      mostAtOnce = Math.min(mostAtOnce, mostEvents);
      cap = Math.min(cap, mostAtOnce);
    },
    stop(reason) {
      const isNews = stopReason === undefined;
      stopReason = reason;
      cap = 1;
      circuit.failed(stopProbeMs);
      return isNews;
    },
    reset() {
      stopReason = undefined;
      cap = mostAtOnce;
      circuit.reset();
    },
  };
}
