-- From looking to buying. A visitor counts at a step only if every step before it happened too.
-- The order event comes from the server, the others from the browser: one anonymous id tells one story.
WITH visitors AS (
  SELECT
    anonymous_id,
    bool_or(event = 'Product Viewed') AS viewed,
    bool_or(event = 'Product Added') AS added,
    bool_or(event = 'Checkout Started') AS checked_out,
    bool_or(event = 'Order Completed') AS ordered
  FROM events
  WHERE anonymous_id IS NOT NULL
  GROUP BY anonymous_id
),
steps AS (
  SELECT 1 AS step, 'Product viewed' AS name, count(*) AS visitors FROM visitors WHERE viewed
  UNION ALL
  SELECT 2, 'Added to cart', count(*) FROM visitors WHERE viewed AND added
  UNION ALL
  SELECT 3, 'Checkout started', count(*) FROM visitors WHERE viewed AND added AND checked_out
  UNION ALL
  SELECT 4, 'Order completed', count(*) FROM visitors WHERE viewed AND added AND checked_out AND ordered
)
SELECT
  name,
  visitors,
  round(100 * visitors / nullif(first_value(visitors) OVER (ORDER BY step), 0), 1) AS percent_of_first,
  round(100 * visitors / nullif(lag(visitors) OVER (ORDER BY step), 0), 1) AS percent_of_previous
FROM steps
ORDER BY step
