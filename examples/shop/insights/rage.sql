-- What people press again and again, and nothing comes of it.
SELECT
  regexp_replace(page_path, '^/(products|journal)/.*', '/\1/…') AS page,
  properties ->> 'element_path' AS element,
  count(*) AS times,
  count(DISTINCT anonymous_id) AS visitors
FROM events
WHERE event = 'Rage Clicked'
GROUP BY ALL
ORDER BY times DESC, page, element
LIMIT 15
