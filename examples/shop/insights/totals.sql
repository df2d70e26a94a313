-- The figures on top. Abandonment: of all carts that something was put into, how many were not ordered.
SELECT
  (SELECT count(*) FROM events) AS events,
  (SELECT count(DISTINCT anonymous_id) FROM events) AS visitors,
  (SELECT count(*) FROM events WHERE event = 'Order Completed') AS orders,
  (SELECT coalesce(round(sum((properties ->> 'total')::DOUBLE), 2), 0) FROM events WHERE event = 'Order Completed') AS revenue,
  (SELECT round(100.0 * count(*) FILTER (is_abandoned) / nullif(count(*), 0), 1) FROM carts) AS abandonment_percent
