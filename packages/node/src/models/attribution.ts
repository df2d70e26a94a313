import { defineModel, type Model, visitor } from './model.ts';

export interface AttributionOptions {
  /** What the view is called. Default `attribution`. */
  readonly name?: string;
  /** The event people were won for. Default `Order Completed`. */
  readonly event?: string;
}

/**
 * Where those came from who did something: by the first source and by the last before it that was no direct visit.
 *
 * @throws TypeError for an event that is none
 */
export function attribution({ name = 'attribution', event = 'Order Completed' }: AttributionOptions = {}): Model {
  if (typeof event !== 'string' || event === '' || event.includes('\0')) {
    throw new TypeError(`attribution(options): event: expected the name of an event, got ${JSON.stringify(event)}`);
  }
  return defineModel(
    name,
    `A "${event}": the first and the last source of the visitor before it.`,
    ({ text, number, quote, host }) => `
WITH conversions AS (
  SELECT
    message_id,
    ${visitor} AS visitor,
    timestamp AS converted_at,
    coalesce(
      ${number('properties', 'revenue')},
      ${number('properties', 'total')},
      ${number('properties', 'value')}
    ) AS value
  FROM events
  WHERE event = ${quote(event)}
),
touches AS (
  SELECT
    ${visitor} AS visitor,
    timestamp AS touched_at,
    message_id AS touch_id,
    1 AS place,
    ${text('context', 'campaign', 'source')} AS source,
    ${text('context', 'campaign', 'medium')} AS medium,
    ${text('context', 'campaign', 'name')} AS campaign,
    ${text('context', 'referrer', 'url')} AS referrer
  FROM events
  UNION ALL
  -- What the device remembers of the visitor's first visit comes before all we have seen ourselves.
  SELECT
    ${visitor},
    timestamp,
    message_id,
    0,
    ${text('context', 'attribution', 'first', 'campaign', 'source')},
    ${text('context', 'attribution', 'first', 'campaign', 'medium')},
    ${text('context', 'attribution', 'first', 'campaign', 'name')},
    ${text('context', 'attribution', 'first', 'referrer')}
  FROM events
),
sources AS (
  SELECT
    visitor,
    touched_at,
    touch_id,
    place,
    coalesce(source, ${host('referrer')}) AS source,
    coalesce(medium, CASE WHEN source IS NULL THEN 'referral' END) AS medium,
    campaign
  FROM touches
  WHERE source IS NOT NULL OR referrer IS NOT NULL
),
ranked AS (
  SELECT
    conversions.message_id,
    sources.source,
    sources.medium,
    sources.campaign,
    row_number() OVER (PARTITION BY message_id ORDER BY place, touched_at, touch_id) AS from_first,
    row_number() OVER (PARTITION BY message_id ORDER BY place DESC, touched_at DESC, touch_id DESC) AS from_last
  FROM conversions
  JOIN sources ON sources.visitor = conversions.visitor AND touched_at <= converted_at
)
SELECT
  conversions.message_id,
  conversions.visitor,
  converted_at,
  value,
  coalesce(firsts.source, 'direct') AS first_source,
  firsts.medium AS first_medium,
  firsts.campaign AS first_campaign,
  coalesce(lasts.source, 'direct') AS last_source,
  lasts.medium AS last_medium,
  lasts.campaign AS last_campaign
FROM conversions
LEFT JOIN ranked AS firsts ON firsts.message_id = conversions.message_id AND firsts.from_first = 1
LEFT JOIN ranked AS lasts ON lasts.message_id = conversions.message_id AND lasts.from_last = 1`,
  );
}
