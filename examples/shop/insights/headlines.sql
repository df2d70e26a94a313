-- What a headline is worth: seen, followed, and then read to the middle or beyond.
-- A headline that many follow and few read promised too much.
SELECT
  title AS headline,
  id || ' ' || variant AS variant,
  impressions,
  clicks,
  reads,
  round(click_percent, 1) AS click_percent,
  round(read_percent, 1) AS read_percent
FROM content
ORDER BY 2
