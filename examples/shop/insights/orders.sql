-- Each order once: what the server recorded, beside the receipt that the browser showed. One number ties the two.
SELECT
  told_by,
  count(*) AS orders,
  count(*) FILTER (server_times > 1) AS recorded_twice,
  round(sum(server_value), 2) AS value
FROM reconciliation
GROUP BY told_by
ORDER BY told_by
