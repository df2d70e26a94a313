import type { Destination } from '@org/track-core';
import type { Telemetry } from './telemetry.ts';

/** The same destination, with its deliveries traced. */
export function traceDestination(destination: Destination, telemetry: Telemetry): Destination {
  const deliver: Destination['deliver'] = (events, options) =>
    telemetry.delivery(destination.name, events.length, () => destination.deliver(events, options));
  // All else is the destination's own, whatever a destination may have.
  return new Proxy(destination, {
    get(target, key) {
      if (key === 'deliver') return deliver;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
