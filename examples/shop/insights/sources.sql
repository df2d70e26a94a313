-- Who said it, minute by minute: the browser or the server. The last hour that has any events.
WITH minutes AS (
  SELECT time_bucket(INTERVAL '1 minute', received_at) AS minute, source, count(*) AS events
  FROM events
  GROUP BY ALL
)
SELECT
  minute,
  coalesce(sum(events) FILTER (source = 'browser'), 0) AS browser,
  coalesce(sum(events) FILTER (source = 'server'), 0) AS server
FROM minutes
WHERE minute > (SELECT max(minute) FROM minutes) - INTERVAL '1 hour'
GROUP BY minute
ORDER BY minute
