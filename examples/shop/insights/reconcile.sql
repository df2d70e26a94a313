-- Every event of a run, with how often it is stored: the right answer is once.
SELECT
  message_id AS "messageId",
  any_value(coalesce(event, type)) AS event,
  any_value(type) AS type,
  any_value(source) AS source,
  any_value(anonymous_id) AS "anonymousId",
  any_value(user_agent) AS "userAgent",
  count(*) AS count
FROM events
WHERE event IS DISTINCT FROM 'Page Served' -- that is nobody's
GROUP BY message_id
ORDER BY message_id
