-- How well sounds and films stream, and how much of them is played. Each playing tells its totals as they grow.
WITH plays AS (
  SELECT
    properties ->> 'session_id' AS play,
    any_value(coalesce(properties ->> 'content_asset_id', properties ->> 'asset_id')) AS asset,
    max((properties ->> 'total_length')::DOUBLE) AS total_seconds,
    max((properties ->> 'watched_ms')::DOUBLE) / 1000 AS played_seconds,
    max((properties ->> 'startup_ms')::DOUBLE) AS startup_ms,
    max((properties ->> 'stall_count')::INT) AS stalls,
    max((properties ->> 'stall_ms')::DOUBLE) / 1000 AS stalled_seconds
  FROM events
  WHERE starts_with(event, 'Video ')
  GROUP BY play
)
SELECT
  asset,
  count(*) AS plays,
  round(median(startup_ms)) AS median_startup_ms,
  round(avg(stalls), 2) AS stalls_per_play,
  round(100 * sum(stalled_seconds) / nullif(sum(stalled_seconds) + sum(played_seconds), 0), 2) AS stalled_percent,
  round(avg(played_seconds), 1) AS avg_played_seconds,
  round(100 * avg(played_seconds / nullif(total_seconds, 0))) AS avg_played_percent
FROM plays
GROUP BY asset
ORDER BY plays DESC, asset
