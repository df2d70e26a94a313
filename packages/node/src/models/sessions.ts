import { defineModel, type Model, visitor } from './model.ts';

export const sessions: Model = defineModel(
  'sessions',
  'A visit: when, how long, how many pages, where it began and ended.',
  ({ first, last, seconds }) => `
SELECT
  session_id,
  min(${visitor}) AS visitor,
  max(user_id) AS user_id,
  min(timestamp) AS started_at,
  max(timestamp) AS ended_at,
  ${seconds('min(timestamp)', 'max(timestamp)')} AS seconds,
  count(*) AS events,
  count(*) FILTER (WHERE type = 'page') AS page_views,
  ${first('page_path', `type = 'page'`)} AS landing_path,
  ${last('page_path', `type = 'page'`)} AS exit_path,
  CAST(count(*) FILTER (WHERE type = 'page') < 2 AS BOOLEAN) AS is_bounce
FROM events
WHERE session_id IS NOT NULL
GROUP BY session_id`,
);
