import { defineModel, type Model, visitor } from './model.ts';

export const mediaQuality: Model = defineModel(
  'media_quality',
  'A playing of a sound or film: how soon it began, how often it stopped, how much of it was played.',
  ({ text, number }) => `
-- Each playing tells its totals as they grow.
SELECT
  ${text('properties', 'session_id')} AS play,
  min(coalesce(${text('properties', 'content_asset_id')}, ${text('properties', 'asset_id')})) AS asset,
  min(${text('properties', 'media_type')}) AS media_type,
  min(${visitor}) AS visitor,
  min(timestamp) AS started_at,
  max(${number('properties', 'total_length')}) AS total_seconds,
  max(${number('properties', 'watched_ms')}) / 1000 AS played_seconds,
  max(${number('properties', 'startup_ms')}) AS startup_ms,
  max(${number('properties', 'stall_count')}) AS stalls,
  max(${number('properties', 'stall_ms')}) / 1000 AS stalled_seconds,
  CAST(count(*) FILTER (WHERE event IN ('Video Playback Completed', 'Video Content Completed')) > 0 AS BOOLEAN) AS is_completed,
  CAST(count(*) FILTER (WHERE event = 'Video Playback Interrupted') > 0 AS BOOLEAN) AS is_interrupted
FROM events
WHERE event LIKE 'Video %' AND ${text('properties', 'session_id')} IS NOT NULL
GROUP BY 1`,
);
