import type { CollectedEvent, ConsentCategory } from '../event/event.ts';
import type { SendOutcome, SendVerdict } from '../transport/transport.ts';

/** What a destination can take at once and how patient to be with it. */
export interface DestinationLimits {
  /** Most events in one delivery; where one event maps to several items, most items. */
  readonly maxEvents?: number;
  /** Most bytes of JSON in one delivery: of the items `map` made, else of the events as they were stored. */
  readonly maxBytes?: number;
  /** How long a first event waits for company, milliseconds. */
  readonly maxWaitMs?: number;
  /** Most deliveries in flight at once. How many there are follows what the far end bears. */
  readonly concurrency?: number;
  /** When to stop waiting for one delivery, milliseconds. */
  readonly timeoutMs?: number;
  /** How long an event is tried after it arrived, milliseconds; then it is a dead letter, `expired`. */
  readonly horizonMs?: number;
}

/** One event in the destination's words, or why it does not go there. */
export type Mapped =
  | {
      readonly kind: 'mapped';
      /** JSON texts, each one item of a delivery. Made once: a retry sends these very bytes. */
      readonly items: readonly string[];
      /** Only events of one group travel together: what the far end takes once for a whole request. */
      readonly group?: string;
    }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

/** How one batch is to be delivered. */
export interface DeliverOptions {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What `map` made of the events: at the same place, each event's items. Absent without a `map`. */
  readonly items?: readonly (readonly string[])[];
  /** The group they are of, where `map` named one. */
  readonly group?: string;
}

/**
 * What became of one delivery.
 *
 * - `delivered`: the far end answered; `verdicts` names, by `messageId`, the events that were not.
 * - `retry`: keep everything and come back, not before `retryAfterMs` from now.
 * - `dead`: refused for good, all of it; with the reason `too-large` less is sent first, from now on.
 * - `split`: refused for the sake of one or some of its events: the halves are tried, and what is refused alone is dead.
 * - `config`: the far end does not know us or does not let us. The destination stops and keeps its events; someone must act.
 * - `unconfirmed`: it left, and no answer came. Sent again only where twice counts once, or the host said so.
 */
export type DeliveryOutcome =
  | SendOutcome
  | { readonly kind: 'split'; readonly reason: string }
  | { readonly kind: 'config'; readonly reason: string };

/** One event's fate, as the far end told it. */
export type DeliveryVerdict = SendVerdict;

/** Whom to forget. */
export interface ErasePerson {
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** What came of making files smaller. */
export interface Compacted {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** How much an erasure took away, where the far end can count. */
export interface ErasedRows {
  /** Rows that went with this very try. */
  readonly rows: number;
}

/**
 * Where events end up. It maps and delivers; batching, retries, order, consent, accounting are done around it.
 *
 * It receives only events whose own purpose and every category in `requires` are consented to.
 */
export interface Destination {
  /** Unique in a collector; names its cursor in the log, so changing it starts anew. */
  readonly name: string;
  readonly requires: readonly ConsentCategory[];
  /**
   * It is a warehouse of the host's own. Only there go pages that were served, which are about nobody (`isServedPage`).
   * Default false: then it never hears of them, whatever an event or an option says.
   */
  readonly isWarehouse?: boolean;
  /**
   * Fields that need one consent more, as paths such as `context.ip`: without it events come as if they had none.
   * Asked before `accepts` and `map` look.
   */
  readonly withheld?: { readonly [category in Exclude<ConsentCategory, 'necessary'>]?: readonly string[] };
  /** `native`: delivering an event twice counts once. `keyed`: within a window. `none`: twice is twice. */
  readonly idempotency: 'native' | 'keyed' | 'none';
  /** Send again what nobody confirmed? Default: unless `idempotency` is `none`; then it is a dead letter, `unconfirmed`. */
  readonly resendsUnconfirmed?: boolean;
  readonly limits?: DestinationLimits;
  /** `person`: of one person's events none overtakes another. Default `none`, and with one delivery at a time the log's. */
  readonly order?: 'person' | 'none';
  /** How long ago an event may have happened, milliseconds; older ones are dead letters, `too_old`. Default any. */
  readonly maxAgeMs?: number;
  /** Called once before the first delivery. Rejecting it is retried. */
  open?(): Promise<void>;
  /** Which events it wants. Default: all. */
  accepts?(event: CollectedEvent): boolean;
  /** Puts an event into the far end's words, once. Pure; what it throws is of this event alone: dead, `mapping-failed`. */
  map?(event: CollectedEvent): Mapped;
  deliver(events: readonly CollectedEvent[], options: DeliverOptions): Promise<DeliveryOutcome>;
  /**
   * Makes the far end forget somebody, where it can; also before `open`, and again for whom it has forgotten. Resolves with
   * how many rows went, with nothing where the far end only took the wish, with `unsupported` where it has no way for these
   * ids. Rejects with why it did not: it is asked again, for weeks. A number in the error's `erasedRows` says how many rows
   * are gone nevertheless; without one nobody knows, and the receipt says so.
   */
  erase?(person: ErasePerson, options: { readonly signal: AbortSignal }): Promise<void | 'unsupported' | ErasedRows>;
  /**
   * Writes its files anew, so that nothing of what was deleted is left in them. May take long: deliveries and questions
   * wait. Rejects with why it did not; then all is as it was.
   */
  compact?(options: { readonly signal: AbortSignal }): Promise<Compacted>;
  /** All it holds about somebody, an object for each row, where it can be asked; also before `open`. */
  export?(person: ErasePerson, options: { readonly signal: AbortSignal }): Promise<readonly object[]>;
  close?(): Promise<void>;
}
