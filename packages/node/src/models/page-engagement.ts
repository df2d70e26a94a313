import { defineModel, type Model, visitor } from './model.ts';

export const pageEngagement: Model = defineModel(
  'page_engagement',
  'A page view: for how long it had attention, and how far it was seen.',
  ({ text, number }) => `
WITH views AS (
  SELECT
    coalesce(${text('properties', 'view_id')}, message_id) AS view_id,
    min(page_path) AS page_path,
    min(${visitor}) AS visitor,
    min(session_id) AS session_id,
    min(timestamp) AS opened_at
  FROM events
  WHERE type = 'page'
  GROUP BY 1
),
-- A page tells its totals several times as they grow, and the last time with the page that follows.
told AS (
  SELECT
    ${text('properties', 'view_id')} AS view_id,
    ${number('properties', 'seconds')} AS seconds,
    ${number('properties', 'percent')} AS percent
  FROM events
  WHERE event = 'Page Engaged'
  UNION ALL
  SELECT
    ${text('properties', 'previous_view_id')},
    ${number('properties', 'previous_seconds')},
    ${number('properties', 'previous_percent')}
  FROM events
  WHERE type = 'page'
),
attention AS (
  SELECT view_id, max(seconds) AS seconds, max(percent) AS percent
  FROM told
  WHERE view_id IS NOT NULL
  GROUP BY view_id
)
SELECT view_id, page_path, visitor, session_id, opened_at, seconds, percent
FROM views
LEFT JOIN attention USING (view_id)`,
);
