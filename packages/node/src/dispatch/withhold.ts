import type { CollectedEvent, ConsentCategory, Destination } from '@org/track-core';
import { isConsented } from './is-consented.ts';

/** The event without the fields that its consent does not cover; the event itself if it covers all. */
export function withhold(event: CollectedEvent, withheld: NonNullable<Destination['withheld']>): CollectedEvent {
  const denied = Object.entries(withheld).flatMap(([category, paths]) =>
    isConsented(event, [category as ConsentCategory]) ? [] : (paths ?? []),
  );
  return denied.reduce<CollectedEvent>((left, path) => without(left, path.split('.')) as CollectedEvent, event);
}

/** A copy of `value` in which nothing lies at `path`; the way there may lead through lists, and then leads through each. */
function without(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, path));
  const [field, ...rest] = path;
  if (typeof value !== 'object' || value === null || field === undefined || !Object.hasOwn(value, field)) return value;
  const { [field]: found, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [field]: without(found, rest) };
}
