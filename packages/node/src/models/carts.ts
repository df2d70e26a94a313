import { defineModel, type Model, visitor } from './model.ts';

export const carts: Model = defineModel(
  'carts',
  'A cart: from the first product after an order to the next order, or to nothing.',
  ({ number }) => `
WITH steps AS (
  SELECT
    ${visitor} AS visitor,
    event,
    timestamp,
    ${number('properties', 'price')} * coalesce(${number('properties', 'quantity')}, 1) AS value,
    count(CASE WHEN event = 'Order Completed' THEN 1 END) OVER (
      PARTITION BY ${visitor}
      ORDER BY timestamp, message_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS orders_before
  FROM events
  WHERE event IN ('Product Added', 'Product Removed', 'Checkout Started', 'Order Completed')
    AND ${visitor} IS NOT NULL
)
SELECT
  visitor,
  orders_before,
  min(timestamp) FILTER (WHERE event = 'Product Added') AS started_at,
  max(timestamp) AS last_at,
  count(*) FILTER (WHERE event = 'Product Added') AS added,
  count(*) FILTER (WHERE event = 'Product Removed') AS removed,
  coalesce(sum(value) FILTER (WHERE event = 'Product Added'), 0)
    - coalesce(sum(value) FILTER (WHERE event = 'Product Removed'), 0) AS value,
  min(timestamp) FILTER (WHERE event = 'Checkout Started') AS checkout_started_at,
  min(timestamp) FILTER (WHERE event = 'Order Completed') AS ordered_at,
  CAST(count(*) FILTER (WHERE event = 'Order Completed') = 0 AS BOOLEAN) AS is_abandoned
FROM steps
GROUP BY visitor, orders_before
HAVING count(*) FILTER (WHERE event = 'Product Added') > 0`,
);
