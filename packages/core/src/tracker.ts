import type { Consent } from './consent/consent.ts';
import type { Verdict } from './event/entry.ts';
import type {
  ConsentCategory,
  ConsentPreferences,
  EventContext,
  EventSource,
  JsonObject,
  ObjectInput,
} from './event/event.ts';
import type { EventPlan, Plan } from './plan/plan.ts';
import type { InferInput, StandardSchemaV1 } from './plan/standard-schema.ts';

/** Said with one call; each field beats what the tracker would fill in. */
export interface CallOptions {
  readonly userId?: string;
  readonly anonymousId?: string;
  /** When it happened. Default: now. */
  readonly timestamp?: Date | string;
  /**
   * Give both twins of one happening the same id and they count once: while the first is on its way the second call
   * returns its receipt, later the collector knows it. Default: a new UUIDv7.
   */
  readonly messageId?: string;
  /** Merged over the tracker's own context, key by key. */
  readonly context?: EventContext;
  readonly integrations?: JsonObject;
  /** `now`: it does not wait for company. Default: it leaves with the others, in a batch. */
  readonly priority?: 'now';
  /** Which consent it needs. Default: as planned, else `analytics`. */
  readonly purpose?: ConsentCategory;
}

/** What a call became, level by level. Each promise is made when first read and never rejects. */
export interface Receipt {
  /** As given, or new. Refused calls have one too: see `delivered` for the reason. */
  readonly messageId: string;
  /** True once it passed consent and waits in the outbox; false if it was dropped first. */
  readonly queued: Promise<boolean>;
  /**
   * True once it would survive a crash here, or was delivered; false if it was dropped first. Where nothing can be
   * stored, its fate is the answer.
   */
  readonly durable: Promise<boolean>;
  /** Its fate, when it is known. */
  readonly delivered: Promise<Verdict>;
}

/** Counts of losses by their named reason. */
export type Losses = { readonly [reason: string]: number };

/** The books: `accepted = delivered + sum(dropped) + sum(dead) + pending`, at any moment. */
export interface Stats {
  /** Calls made, and events found from earlier visits. */
  readonly accepted: number;
  /** Acknowledged by the far end. */
  readonly delivered: number;
  /** Let go by us: no consent, no room, no name … */
  readonly dropped: Losses;
  /** Refused by the far end for good. */
  readonly dead: Losses;
  /** Waiting for consent, for a batch, or for an answer. */
  readonly pending: number;
  /** Age of the oldest event in `pending`, milliseconds since it was queued; absent if there is none. Backends tell it. */
  readonly oldestAgeMs?: number;
  /** Kept after something in them was made fit for JSON: `function`, `bigint`, `circular` … Not part of the sum. */
  readonly sanitized: Losses;
}

/** How long to wait for what is under way, milliseconds. */
export interface Deadline {
  readonly deadlineMs?: number;
}

/** A plan that knows no event by name: any name, any properties. */
export type AnyPlan = Plan;

type PropertiesOf<E extends EventPlan> = E['properties'] extends StandardSchemaV1
  ? InferInput<E['properties']>
  : ObjectInput;

type Allowed<E extends EventPlan, Side extends EventSource> = E extends { readonly source: infer S }
  ? S extends Side
    ? true
    : false
  : true;

/** Names of the planned events that `Side` may send. */
export type EventName<P extends Plan, Side extends EventSource> = string extends keyof P['events']
  ? string
  : {
      [Name in keyof P['events'] & string]: Allowed<P['events'][Name], Side> extends true ? Name : never;
    }[keyof P['events'] & string];

/** The properties argument: it may be left out where an empty object would do. */
export type PropertiesArgument<P extends Plan, Name extends string> = string extends keyof P['events']
  ? [properties?: ObjectInput, options?: CallOptions]
  : Name extends keyof P['events']
    ? Record<never, never> extends PropertiesOf<P['events'][Name]>
      ? [properties?: PropertiesOf<P['events'][Name]>, options?: CallOptions]
      : [properties: PropertiesOf<P['events'][Name]>, options?: CallOptions]
    : never;

/** Who and where events of a bound tracker are about: one request, one job, one user. */
export interface Scope {
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly context?: EventContext;
  /** What this person agreed to. */
  readonly consent?: ConsentPreferences;
}

/**
 * Records events. One interface on both sides: a shared module takes a `Tracker` and does not ask where it runs.
 *
 * No call throws, blocks or returns a promise that rejects.
 *
 * @typeParam P - the plan, `createTracker<typeof plan>`; without it any event goes
 * @typeParam Side - which events of the plan may be sent from here
 */
export interface Tracker<P extends Plan = AnyPlan, Side extends EventSource = EventSource> {
  /** Somebody did something: `track('Product Added', { product_id: 'p1' })`. */
  track<Name extends EventName<P, Side>>(event: Name, ...rest: PropertiesArgument<P, Name>): Receipt;
  /** Somebody saw a page. */
  page(name?: string, properties?: ObjectInput, options?: CallOptions): Receipt;
  /** Somebody saw a screen of an app. */
  screen(name?: string, properties?: ObjectInput, options?: CallOptions): Receipt;
  /** From now on this person is `userId`. */
  identify(userId: string, traits?: ObjectInput, options?: CallOptions): Receipt;
  /** This person belongs to `groupId`. */
  group(groupId: string, traits?: ObjectInput, options?: CallOptions): Receipt;
  /** `userId` is the same person as `previousId`. Default: who this person was until now. */
  alias(userId: string, previousId?: string, options?: CallOptions): Receipt;
  /** Forgets the person: new anonymous id, new session, no user. */
  reset(): void;
  readonly consent: Consent;
  /** Sends what waits; resolves when all events accepted before this call have their fate, or at the deadline. */
  flush(options?: Deadline): Promise<Stats>;
  /** Stops capture, flushes, lets go of timers and storage. What is left undelivered is in the books. */
  shutdown(options?: Deadline): Promise<Stats>;
  stats(): Stats;
  /** The same tracker for one person or request: same queue, same books. */
  with(scope: Scope): Tracker<P, Side>;
}
