-- How fast pages felt: of three out of four loads this much or better, as Core Web Vitals are judged.
SELECT
  page_path AS page,
  count(*) AS loads,
  round(quantile_cont(lcp_ms, 0.75)) AS lcp_ms,
  round(quantile_cont(inp_ms, 0.75)) AS inp_ms,
  round(quantile_cont(cls, 0.75), 3) AS cls,
  round(100.0 * count(*) FILTER (lcp_rating = 'good') / nullif(count(lcp_rating), 0)) AS lcp_good_percent
FROM web_vitals
GROUP BY page
ORDER BY loads DESC, page
LIMIT 15
