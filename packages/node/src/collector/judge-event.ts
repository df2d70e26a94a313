import {
  type ConsentCategory,
  type ConsentPreferences,
  checkProperties,
  type EventSource,
  type Issue,
  type Plan,
  purposeOf,
  type TrackEvent,
} from '@org/track-core';

/** What becomes of one event. */
export type Judgement =
  | { readonly kind: 'keep' }
  | { readonly kind: 'quarantine'; readonly issues: readonly Issue[] }
  | { readonly kind: 'deny'; readonly purpose: ConsentCategory };

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

/** Does consent cover the event, and does the plan allow it from here? What may not be kept is not looked at further. */
export function judgeEvent(event: TrackEvent, law: Law): Judgement {
  const purpose = purposeOf(law.plan, event.type === 'track' ? event.event : undefined);
  if (!isConsentedTo(purpose, event, law)) return { kind: 'deny', purpose };
  const issues = plannedIssues(event, law);
  return issues.length === 0 ? { kind: 'keep' } : { kind: 'quarantine', issues };
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

function plannedIssues(event: TrackEvent, { plan, unplanned, source }: Law): readonly Issue[] {
  if (plan === undefined) return [];
  const issues = checkProperties(plan, event, source);
  return unplanned === 'store' && issues[0]?.code === 'unplanned-event' ? [] : issues;
}
