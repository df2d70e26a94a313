import { defineModel, type Model, secondsBetween, visitor } from './model.ts';

export const sessions: Model = defineModel(
  'sessions',
  'A visit: when, how long, how many pages, where it began and ended.',
  () => `
SELECT
  session_id,
  min(${visitor}) AS visitor,
  max(user_id) AS user_id,
  min(timestamp) AS started_at,
  max(timestamp) AS ended_at,
  ${secondsBetween('min(timestamp)', 'max(timestamp)')} AS seconds,
  count(*) AS events,
  count(*) FILTER (WHERE type = 'page') AS page_views,
  (array_agg(page_path ORDER BY timestamp, message_id) FILTER (WHERE type = 'page'))[1] AS landing_path,
  (array_agg(page_path ORDER BY timestamp DESC, message_id DESC) FILTER (WHERE type = 'page'))[1] AS exit_path,
  count(*) FILTER (WHERE type = 'page') < 2 AS is_bounce
FROM events
WHERE session_id IS NOT NULL
GROUP BY session_id`,
);
