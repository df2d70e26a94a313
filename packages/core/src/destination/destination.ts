import type { CollectedEvent, ConsentCategory } from '../event/event.ts';
import type { SendOutcome } from '../transport/transport.ts';

/** What a destination can take at once and how patient to be with it. */
export interface DestinationLimits {
  /** Most events in one delivery. */
  readonly maxEvents?: number;
  /** Most bytes of JSON in one delivery. */
  readonly maxBytes?: number;
  /** How long a first event waits for company, milliseconds. */
  readonly maxWaitMs?: number;
  /** Deliveries in flight at once. */
  readonly concurrency?: number;
  /** When to stop waiting for one delivery, milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Where events end up. It maps and delivers; batching, retries, consent, accounting are done around it.
 *
 * It receives only events whose own purpose and every category in `requires` are consented to.
 */
export interface Destination {
  /** Unique in a collector; names its cursor in the log, so changing it starts anew. */
  readonly name: string;
  readonly requires: readonly ConsentCategory[];
  /** `native`: delivering an event twice counts once. `keyed`: within a window. `none`: twice is twice. */
  readonly idempotency: 'native' | 'keyed' | 'none';
  readonly limits?: DestinationLimits;
  /** Called once before the first delivery. Rejecting it is retried. */
  open?(): Promise<void>;
  /** Which events it wants. Default: all. */
  accepts?(event: CollectedEvent): boolean;
  deliver(events: readonly CollectedEvent[], options: { readonly signal: AbortSignal }): Promise<SendOutcome>;
  close?(): Promise<void>;
}
