import type { Plan } from '@org/track-core';
import { defineModel, type Model, type SqlWords } from './model.ts';
import { type PropertyType, propertyTypes } from './property-types.ts';
import { sqlNames } from './sql-names.ts';

/** What each of the views has besides the properties. */
const shared = [
  'message_id',
  'timestamp',
  'received_at',
  'source',
  'anonymous_id',
  'user_id',
  'session_id',
  'page_path',
  'properties',
];

/** Keys that a database would take for a path into the JSON, for all of it, or cannot hold. They stay in `properties`. */
const isPath = (property: string): boolean => /^([$/]|\*?$)|[\0"\\]/.test(property);

/**
 * A view for each event of the plan, with a column for each of its properties, typed as the plan's schema says, and
 * `type_conflicts`. The views are `event_` and the event's name (`Order Completed`: `event_order_completed`).
 *
 * A value that is not of the type is NULL in its column, as it came in `properties`, and a row of `type_conflicts`. A
 * property whose type the schema does not tell is text. As all views they are made when the warehouse is opened: what is
 * new in the plan is a column from then on.
 *
 * @throws TypeError for what is no plan
 */
export function eventViews(plan: Plan): readonly Model[] {
  const events: unknown = (plan as unknown as { readonly events?: unknown } | undefined)?.events;
  if (typeof events !== 'object' || events === null) {
    throw new TypeError('eventViews(plan): expected a plan, as of definePlan()');
  }
  const planned = Object.entries(plan.events)
    .filter(([event]) => !event.includes('\0'))
    .map(([event, { properties }]) => ({
      event,
      types: [...propertyTypes(properties)].filter(([property]) => !isPath(property)),
    }));
  const names = sqlNames(
    planned.map(({ event }) => event),
    { prefix: 'event_' },
  );
  return [
    ...planned.map(({ event, types }) => eventView(names.get(event) ?? '', event, types)),
    typeConflicts(planned),
  ];
}

type Typed = readonly (readonly [property: string, type: PropertyType])[];

function eventView(name: string, event: string, types: Typed): Model {
  const columns = sqlNames(
    types.map(([property]) => property),
    { taken: shared },
  );
  return defineModel(
    name,
    `A "${event}", with a column for each property of the plan.`,
    (words) => `
SELECT
  ${[...shared, ...types.map(([property, type]) => `${words.typed(type, property)} AS "${columns.get(property)}"`)].join(',\n  ')}
FROM events
WHERE type = 'track' AND event = ${words.quote(event)}`,
  );
}

function typeConflicts(planned: readonly { readonly event: string; readonly types: Typed }[]): Model {
  return defineModel(
    'type_conflicts',
    'A property that is not of the type the plan says, and how many of the kind there are.',
    (words) => {
      const parts = planned.flatMap(({ event, types }) =>
        types.flatMap(([property, type]) => (type === 'any' ? [] : [conflictsOf(words, event, property, type)])),
      );
      const none = `SELECT message_id, timestamp, event, event AS property, event AS expected, event AS found FROM events WHERE 1 = 0`;
      return `
WITH conflicts AS (
  ${(parts.length === 0 ? [none] : parts).join('\n  UNION ALL\n  ')}
)
SELECT
  message_id,
  timestamp,
  event,
  property,
  expected,
  found,
  count(*) OVER (PARTITION BY event, property, found) AS times
FROM conflicts`;
    },
  );
}

function conflictsOf({ kind, typed, quote }: SqlWords, event: string, property: string, type: PropertyType): string {
  return `SELECT message_id, timestamp, event, ${quote(property)} AS property, ${quote(type)} AS expected, ${kind(property)} AS found
  FROM events
  WHERE type = 'track' AND event = ${quote(event)} AND ${kind(property)} IS NOT NULL AND ${typed(type, property)} IS NULL`;
}
