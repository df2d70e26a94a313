import type { CollectedEvent, DeliveryOutcome, Destination } from '@org/track-core';
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

  function countFailure(reason: string): void {
    counts.failures[reason] = (counts.failures[reason] ?? 0) + 1;
  }

  async function deliver(
    events: readonly CollectedEvent[],
    options: Parameters<Destination['deliver']>[1],
  ): Promise<DeliveryOutcome> {
    const startedAt = performance.now();
    counts.deliveries++;
    try {
      const outcome = await telemetry.delivery(destination.name, events.length, () =>
        destination.deliver(events, options),
      );
      if (outcome.kind !== 'delivered') countFailure(outcome.kind === 'unconfirmed' ? outcome.kind : outcome.reason);
      return outcome;
    } catch (error) {
      countFailure('thrown');
      throw error;
    } finally {
      counts.seconds += (performance.now() - startedAt) / 1_000;
    }
  }

  async function open(): Promise<void> {
    try {
      await destination.open?.();
    } catch (error) {
      countFailure('open-failed');
      throw error;
    }
  }

  // All else is the destination's own, whatever a destination may have.
  const observed = new Proxy(destination, {
    get(target, key) {
      if (key === 'open') return open;
      if (key === 'deliver') return deliver;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { observed, counts };
}
