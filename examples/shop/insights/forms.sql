-- Forms that somebody began to fill in: sent, or given up, and at which field. Nothing that was typed is known.
SELECT
  form || coalesce(', ' || step, '') AS form,
  started,
  submitted,
  abandoned,
  round(abandoned_percent, 1) AS abandoned_percent,
  given_up_at,
  round(median_seconds, 1) AS median_seconds
FROM form_abandonment
ORDER BY started DESC, form
LIMIT 15
