import { defineModel, type Model } from './model.ts';

export const webVitals: Model = defineModel(
  'web_vitals',
  'A load of a page: how fast it felt. https://web.dev/articles/vitals',
  ({ text, number }) => `
-- A load may tell more than once, and the last word counts.
WITH told AS (
  SELECT
    coalesce(${text('properties', 'updates')}, message_id) AS load,
    message_id,
    page_path,
    user_agent,
    timestamp,
    properties
  FROM events
  WHERE event = 'Web Vitals'
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY load ORDER BY timestamp DESC, message_id DESC) AS place
  FROM told
)
SELECT
  load,
  page_path,
  user_agent,
  timestamp AS told_at,
  ${number('properties', 'lcp_ms')} AS lcp_ms,
  ${number('properties', 'inp_ms')} AS inp_ms,
  ${number('properties', 'cls')} AS cls,
  ${number('properties', 'ttfb_ms')} AS ttfb_ms,
  ${number('properties', 'fcp_ms')} AS fcp_ms,
  ${text('properties', 'lcp_rating')} AS lcp_rating,
  ${text('properties', 'inp_rating')} AS inp_rating,
  ${text('properties', 'cls_rating')} AS cls_rating
FROM ranked
WHERE place = 1`,
);
