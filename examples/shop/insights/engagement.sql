-- Engagement per page: how often it was opened, by how many, for how long, how far.
-- A page tells its totals several times as they grow, so the largest word per page view counts.
WITH views AS (
  SELECT page_path, count(*) AS views, count(DISTINCT anonymous_id) AS visitors
  FROM events
  WHERE type = 'page'
  GROUP BY page_path
),
attention AS (
  SELECT
    page_path,
    properties ->> 'view_id' AS view_id,
    max((properties ->> 'seconds')::DOUBLE) AS seconds,
    max((properties ->> 'percent')::DOUBLE) AS percent
  FROM events
  WHERE event = 'Page Engaged'
  GROUP BY ALL
),
engagement AS (
  SELECT page_path, avg(seconds) AS seconds, avg(percent) AS percent
  FROM attention
  GROUP BY page_path
)
SELECT
  page_path AS page,
  views,
  visitors,
  round(coalesce(seconds, 0), 1) AS avg_engaged_seconds,
  round(coalesce(percent, 0)) AS avg_percent_seen
FROM views
LEFT JOIN engagement USING (page_path)
ORDER BY views DESC, page
LIMIT 15
