-- How fast pages felt: of three out of four loads this much or better, as Core Web Vitals are judged.
-- A load may tell more than once, and the last word counts. https://web.dev/articles/vitals
WITH loads AS (
  SELECT
    any_value(page_path) AS page,
    max_by(properties, timestamp) AS last
  FROM events
  WHERE event = 'Web Vitals'
  GROUP BY coalesce(properties ->> 'updates', message_id)
)
SELECT
  page,
  count(*) AS loads,
  round(quantile_cont((last ->> 'lcp_ms')::DOUBLE, 0.75)) AS lcp_ms,
  round(quantile_cont((last ->> 'inp_ms')::DOUBLE, 0.75)) AS inp_ms,
  round(quantile_cont((last ->> 'cls')::DOUBLE, 0.75), 3) AS cls,
  round(100.0 * count(*) FILTER ((last ->> 'lcp_rating') = 'good') / nullif(count(last ->> 'lcp_rating'), 0)) AS lcp_good_percent
FROM loads
GROUP BY page
ORDER BY loads DESC, page
LIMIT 15
