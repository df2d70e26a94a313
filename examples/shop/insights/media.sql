-- How well sounds and films stream, and how much of them is played.
SELECT
  asset,
  count(*) AS plays,
  round(median(startup_ms)) AS median_startup_ms,
  round(avg(stalls), 2) AS stalls_per_play,
  round(100 * sum(stalled_seconds) / nullif(sum(stalled_seconds) + sum(played_seconds), 0), 2) AS stalled_percent,
  round(avg(played_seconds), 1) AS avg_played_seconds,
  round(100 * avg(played_seconds / nullif(total_seconds, 0))) AS avg_played_percent
FROM media_quality
GROUP BY asset
ORDER BY plays DESC, asset
