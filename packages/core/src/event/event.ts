/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object: `properties`, `traits` and the free parts of `context`. What is `undefined` is not there. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/**
 * What callers may pass where a JSON object travels: anything with named fields, interfaces and class instances
 * included; no array, function, date, map or promise. It is copied and made fit for JSON.
 */
export type ObjectInput =
  | { readonly [key: string]: unknown }
  | (object & {
      readonly [kind in
        | typeof Symbol.iterator
        | typeof Symbol.hasInstance
        | typeof Symbol.toPrimitive
        | typeof Symbol.toStringTag]?: never;
    });

/** The six calls of the Segment Spec. */
export type EventType = 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';

/** What a person may agree to. `necessary` needs no agreement. */
export type ConsentCategory = 'necessary' | 'functional' | 'analytics' | 'advertising';

/** Answers by category. A category that is absent has not been decided. */
export type ConsentPreferences = { readonly [category in Exclude<ConsentCategory, 'necessary'>]?: boolean };

/** A person's decision, and when it was made, epoch milliseconds. */
export type Decision = readonly [preferences: ConsentPreferences, decidedAt: number];

/** The page an event happened on. `url` is absolute; `path` and `search` agree with it. */
export interface PageContext {
  readonly url?: string;
  readonly path?: string;
  readonly search?: string;
  readonly title?: string;
  readonly referrer?: string;
}

/** The visit an event belongs to. */
export interface SessionContext {
  /**
   * UUIDv7: its first 48 bits are the session's start, to some 66 seconds. What follows is the same for a device's sessions
   * in a row.
   */
  readonly id: string;
  /** True on the first event of the session. Tabs that begin it in the same moment may each say so. */
  readonly isNew?: boolean | undefined;
}

/** What the person had agreed to when the event happened. */
export interface ConsentContext {
  readonly categoryPreferences: ConsentPreferences;
  /** Global Privacy Control was on. https://www.w3.org/TR/gpc/ */
  readonly gpc?: boolean | undefined;
  /** When the person decided, ISO 8601. Absent while only defaults apply. */
  readonly decidedAt?: string | undefined;
}

/** The circumstances of an event. Keys the Segment Spec defines and we do not use pass through untouched. */
export interface EventContext {
  readonly library?: { readonly name: string; readonly version: string };
  readonly page?: PageContext;
  readonly session?: SessionContext;
  readonly consent?: ConsentContext;
  readonly locale?: string;
  readonly timezone?: string;
  readonly userAgent?: string;
  readonly ip?: string;
  readonly traits?: JsonObject;
  readonly [key: string]: unknown;
}

/** Fields all six calls share. */
export interface EventBase {
  /** Made once at creation, never again on retry: the idempotency key of the whole journey. At most 100 characters. */
  readonly messageId: string;
  /** One of `anonymousId` and `userId` is always present, save on `alias`, and on a page that was served. */
  readonly anonymousId?: string;
  readonly userId?: string;
  /** When it happened by the sender's clock, ISO 8601 UTC. The collector corrects skew. */
  readonly timestamp: string;
  readonly context?: EventContext;
  /** Which destinations may have it, by name; `All` speaks for the rest. */
  readonly integrations?: JsonObject;
}

/** Somebody did something. */
export interface TrackCall extends EventBase {
  readonly type: 'track';
  readonly event: string;
  readonly properties?: JsonObject;
}

/** Somebody saw a page, or a screen of an app. */
export interface PageCall extends EventBase {
  readonly type: 'page' | 'screen';
  readonly name?: string;
  readonly category?: string;
  readonly properties?: JsonObject;
}

/** Somebody is known, and this is what we know. */
export interface IdentifyCall extends EventBase {
  readonly type: 'identify';
  readonly traits?: JsonObject;
}

/** Somebody belongs to an account, a company, a team. */
export interface GroupCall extends EventBase {
  readonly type: 'group';
  readonly groupId: string;
  readonly traits?: JsonObject;
}

/** Two ids are one person. */
export interface AliasCall extends EventBase {
  readonly type: 'alias';
  readonly userId: string;
  readonly previousId: string;
}

/** One event, as recorded and as it travels. https://segment.com/docs/connections/spec/ */
export type TrackEvent = TrackCall | PageCall | IdentifyCall | GroupCall | AliasCall;

/** Who claims it: a browser may say anything, a server is ours. */
export type EventSource = 'browser' | 'server';

/** What the collector knows about an event beyond what the event says of itself. */
export interface CollectorFacts {
  /** Server clock at arrival, ISO 8601. */
  readonly receivedAt: string;
  /** Sender's clock when the batch left, ISO 8601; absent where the sender cannot know. */
  readonly sentAt?: string;
  /** Sender's clock when the event happened; `timestamp` then is the corrected value. */
  readonly originalTimestamp: string;
  readonly source: EventSource;
}

/** An event after the collector: what destinations get. */
export type CollectedEvent = TrackEvent & CollectorFacts;
