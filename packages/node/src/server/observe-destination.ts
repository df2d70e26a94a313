import type { CollectedEvent, Destination, SendOutcome } from '@org/track-core';
import type { Telemetry } from './telemetry.ts';

/** How deliveries to one destination went. */
export interface DeliveryCounts {
  deliveries: number;
  /** Deliveries that have to be tried again or were refused, by why. */
  readonly failures: Record<string, number>;
  /** Seconds spent in deliveries. */
  seconds: number;
}

/** The same destination, with its deliveries counted and traced. */
export function observeDestination(
  destination: Destination,
  telemetry: Telemetry,
): { readonly observed: Destination; readonly counts: DeliveryCounts } {
  const counts: DeliveryCounts = { deliveries: 0, failures: {}, seconds: 0 };
  const { name, requires, idempotency, limits } = destination;

  function countFailure(reason: string): void {
    counts.failures[reason] = (counts.failures[reason] ?? 0) + 1;
  }

  async function deliver(
    events: readonly CollectedEvent[],
    options: Parameters<Destination['deliver']>[1],
  ): Promise<SendOutcome> {
    const startedAt = performance.now();
    counts.deliveries++;
    try {
      const outcome = await telemetry.delivery(name, events.length, () => destination.deliver(events, options));
      if (outcome.kind !== 'delivered') countFailure(outcome.kind === 'unconfirmed' ? outcome.kind : outcome.reason);
      return outcome;
    } catch (error) {
      countFailure('thrown');
      throw error;
    } finally {
      counts.seconds += (performance.now() - startedAt) / 1_000;
    }
  }

  const observed: Destination = {
    name,
    requires,
    idempotency,
    ...(limits === undefined ? {} : { limits }),
    async open() {
      try {
        await destination.open?.();
      } catch (error) {
        countFailure('open-failed');
        throw error;
      }
    },
    ...(destination.accepts === undefined ? {} : { accepts: (event) => destination.accepts?.(event) ?? true }),
    deliver,
    close: async () => destination.close?.(),
  };
  return { observed, counts };
}
