import {
  type ConsentCategory,
  type ConsentPreferences,
  checkProperties,
  type EventSource,
  type Issue,
  isServedPage,
  type Plan,
  purposeOf,
  type TrackEvent,
} from '@org/track-core';

/** What an event is judged by besides itself. */
export interface Law {
  readonly plan?: Plan;
  readonly unplanned: 'store' | 'quarantine';
  readonly source: EventSource;
  /** Used where an event carries no answers of its own. */
  readonly vouched?: ConsentPreferences;
  /** Global Privacy Control came with the request. */
  readonly gpc: boolean;
}

/** The purpose that consent does not cover; `undefined` if it covers the event. */
export function deniedPurpose(event: TrackEvent, law: Law): ConsentCategory | undefined {
  if (isServedPage(event)) return undefined;
  const purpose = purposeOf(law.plan, event.type === 'track' ? event.event : undefined);
  return isConsentedTo(purpose, event, law) ? undefined : purpose;
}

/** May something that is no event be kept aside, for people to look at? As if it were what it says it is. */
export function mayQuarantine(input: unknown, law: Law): boolean {
  const name = fieldOf(input, 'type') === 'track' ? fieldOf(input, 'event') : undefined;
  return isConsentedTo(purposeOf(law.plan, typeof name === 'string' ? name : undefined), input, law);
}

type Fields = { readonly [key: string]: unknown };

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Fields)[key] : undefined;
}

/** Fail-closed: no answer is no. Reads what may not be an event at all. */
function isConsentedTo(purpose: ConsentCategory, event: unknown, { vouched, gpc }: Law): boolean {
  if (purpose === 'necessary') return true;
  const consent = fieldOf(fieldOf(event, 'context'), 'consent');
  if (purpose === 'advertising' && (gpc || fieldOf(consent, 'gpc') === true)) return false;
  return fieldOf(fieldOf(consent, 'categoryPreferences') ?? vouched, purpose) === true;
}

/** What the plan has against the event, from here. */
export function plannedIssues(event: TrackEvent, { plan, unplanned, source }: Law): readonly Issue[] {
  // What was served only a server can know, and no plan has to name it.
  if (isServedPage(event)) return source === 'server' ? [] : [{ path: 'event', code: 'server-only' }];
  if (plan === undefined) return [];
  const issues = checkProperties(plan, event, source);
  return unplanned === 'store' && issues[0]?.code === 'unplanned-event' ? [] : issues;
}
