-- What a headline is worth: seen, followed, and then read to the middle or beyond.
-- A headline that many follow and few read promised too much.
WITH seen AS (
  SELECT
    properties ->> 'article_id' AS article_id,
    properties ->> 'headline_id' AS headline_id,
    any_value(properties ->> 'headline') AS headline,
    count(*) FILTER (event = 'Impression') AS impressions,
    count(*) FILTER (event = 'Headline Clicked') AS clicks
  FROM events
  WHERE event IN ('Impression', 'Headline Clicked')
  GROUP BY ALL
),
readings AS (
  SELECT
    properties ->> 'article_id' AS article_id,
    properties ->> 'headline_id' AS headline_id,
    properties ->> 'view_id' AS view_id,
    max((properties ->> 'percent')::DOUBLE) AS percent
  FROM events
  WHERE event = 'Article Read'
  GROUP BY ALL
),
reads AS (
  SELECT article_id, headline_id, count(*) FILTER (percent >= 50) AS reads
  FROM readings
  GROUP BY ALL
)
SELECT
  headline,
  article_id || ' ' || headline_id AS variant,
  impressions,
  clicks,
  coalesce(reads, 0) AS reads,
  round(100 * clicks / nullif(impressions, 0), 1) AS click_percent,
  round(100 * coalesce(reads, 0) / nullif(clicks, 0), 1) AS read_percent
FROM seen
LEFT JOIN reads USING (article_id, headline_id)
ORDER BY variant
