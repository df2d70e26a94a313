-- The four figures on top. Abandonment: of those who put something in a cart, how many did not order.
WITH visitors AS (
  SELECT
    anonymous_id,
    bool_or(event = 'Product Added') AS added,
    bool_or(event = 'Order Completed') AS ordered
  FROM events
  WHERE anonymous_id IS NOT NULL
  GROUP BY anonymous_id
)
SELECT
  (SELECT count(*) FROM events) AS events,
  (SELECT count(*) FROM visitors) AS visitors,
  (SELECT count(*) FROM events WHERE event = 'Order Completed') AS orders,
  (SELECT coalesce(round(sum((properties ->> 'total')::DOUBLE), 2), 0) FROM events WHERE event = 'Order Completed') AS revenue,
  (
    SELECT round(100.0 * count(*) FILTER (NOT ordered) / nullif(count(*), 0), 1)
    FROM visitors
    WHERE added
  ) AS abandonment_percent
