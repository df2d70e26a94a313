import type { ConsentCategory, EventSource } from '../event/event.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

/** What the plan says of one event. */
export interface EventPlan {
  /** Any Standard Schema (zod, valibot, arktype …). Types the call; checked by the collector. */
  readonly properties?: StandardSchemaV1;
  /** Which consent it needs. Default `analytics`. */
  readonly purpose?: ConsentCategory;
  /** `server`: only a server may send it; the collector refuses it from browsers. Default: both may. */
  readonly source?: EventSource;
  /** What it means, for people. */
  readonly description?: string;
}

/** The typed tracking plan: every event a team records, written once for browser and server. */
export interface Plan {
  readonly version: string;
  readonly events: { readonly [event: string]: EventPlan };
}

/** Refuses fields an `EventPlan` does not have: a misspelt `source` would let browsers send what only servers may. */
type KnownFields<P extends Plan> = {
  readonly events: {
    readonly [Name in keyof P['events']]: {
      readonly [Field in Exclude<keyof P['events'][Name], keyof EventPlan>]: never;
    };
  };
};

/** Names a plan. It returns its argument: all the work is in the types, and `import type` makes it free in browsers. */
export function definePlan<const P extends Plan>(plan: P & KnownFields<P>): P {
  return plan;
}

/** The consent an event needs: as planned, else `analytics`. */
export function purposeOf(plan: Plan | undefined, event: string | undefined): ConsentCategory {
  return plannedEvent(plan, event)?.purpose ?? 'analytics';
}

/** What the plan says of `event`; own keys only, so that an event named `constructor` finds nothing. */
export function plannedEvent(plan: Plan | undefined, event: string | undefined): EventPlan | undefined {
  return plan !== undefined && event !== undefined && Object.hasOwn(plan.events, event)
    ? plan.events[event]
    : undefined;
}
