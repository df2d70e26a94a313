import { defineModel, type Model } from './model.ts';

export const completeness: Model = defineModel(
  'completeness',
  'A stream of events, numbered by `sequence()`: how many were made, how many arrived, how many are lost.',
  ({ text, number }) => {
    // What no page can have counted to is no number of ours, and a cast would stumble over it.
    const wholeNumber = (...path: string[]): string => {
      const claimed = number('context', 'stream', ...path);
      return `CASE WHEN ${claimed} BETWEEN 0 AND 999999999999999 THEN CAST(${claimed} AS BIGINT) END`;
    };
    return `
WITH claims AS (
  SELECT
    ${text('context', 'stream', 'id')} AS stream,
    ${wholeNumber('number')} AS made,
    1 AS arrived,
    user_agent,
    received_at
  FROM events
  UNION ALL
  -- The first event of a page says how many the page before it had made.
  SELECT
    ${text('context', 'stream', 'previous', 'id')},
    ${wholeNumber('previous', 'number')},
    0,
    user_agent,
    received_at
  FROM events
)
SELECT
  stream,
  CASE
    WHEN min(user_agent) LIKE '%Firefox/%' THEN 'Firefox'
    WHEN min(user_agent) LIKE '%Edg/%' THEN 'Edge'
    WHEN min(user_agent) LIKE '%Chrome/%' THEN 'Chrome'
    WHEN min(user_agent) LIKE '%Safari/%' THEN 'Safari'
    ELSE 'other'
  END AS browser,
  max(made) AS made,
  CAST(sum(arrived) AS BIGINT) AS arrived,
  CAST(max(made) - sum(arrived) AS BIGINT) AS lost,
  max(received_at) AS last_received_at
FROM claims
WHERE stream IS NOT NULL AND made IS NOT NULL
GROUP BY stream`;
  },
);
