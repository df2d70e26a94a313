-- Engagement per page: how often it was opened, by how many, for how long, how far.
SELECT
  page_path AS page,
  count(*) AS views,
  count(DISTINCT visitor) AS visitors,
  round(coalesce(avg(seconds), 0), 1) AS avg_engaged_seconds,
  round(coalesce(avg(percent), 0)) AS avg_percent_seen
FROM page_engagement
GROUP BY page_path
ORDER BY views DESC, page
LIMIT 15
