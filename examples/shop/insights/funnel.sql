-- From looking to buying. A visitor counts at a step only if every step before it happened too.
-- The order event comes from the server, the others from the browser: one anonymous id tells one story.
SELECT
  name,
  visitors,
  round(percent_of_first, 1) AS percent_of_first,
  round(percent_of_previous, 1) AS percent_of_previous
FROM funnel
ORDER BY step
