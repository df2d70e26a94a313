-- Forms that somebody began to fill in: sent, or given up, and at which field. Nothing that was typed is known.
WITH told AS (
  SELECT
    properties ->> 'form_id' || coalesce(', ' || (properties ->> 'step'), '') AS form,
    event,
    properties ->> 'last_field' AS last_field,
    (properties ->> 'duration_ms')::DOUBLE / 1000 AS seconds,
    (properties ->> 'fields_touched')::INT AS fields
  FROM events
  WHERE event IN ('Form Started', 'Form Submitted', 'Form Abandoned')
)
SELECT
  form,
  count(*) FILTER (event = 'Form Started') AS started,
  count(*) FILTER (event = 'Form Submitted' AND fields > 0) AS submitted,
  count(*) FILTER (event = 'Form Abandoned') AS abandoned,
  round(100.0 * count(*) FILTER (event = 'Form Abandoned') / count(*) FILTER (event = 'Form Started'), 1) AS abandoned_percent,
  mode(last_field) FILTER (event = 'Form Abandoned') AS given_up_at,
  round(median(seconds) FILTER (event = 'Form Submitted' AND fields > 0), 1) AS median_seconds
FROM told
GROUP BY form
HAVING started > 0
ORDER BY started DESC, form
LIMIT 15
