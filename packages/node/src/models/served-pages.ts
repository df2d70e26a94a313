import { defineModel, type Model, type SqlWords } from './model.ts';

/** One row for each page view that a server served or a browser named. */
export function servedPagesSql({ text }: Pick<SqlWords, 'text'>): string {
  return `
WITH told AS (
  SELECT
    ${text('properties', 'page_view_id')} AS page_view_id,
    ${text('properties', 'consent')} AS consent,
    ${text('properties', 'browser')} AS browser,
    ${text('properties', 'bot')} AS bot,
    coalesce(${text('properties', 'called_home')}, 'false') AS called_home,
    page_path,
    timestamp
  FROM events
  -- Only a server of ours can say it, and it says it of nobody.
  WHERE event = 'Page Served' AND source = 'server' AND anonymous_id IS NULL AND user_id IS NULL
),
served AS (
  SELECT
    page_view_id AS served_id,
    min(timestamp) AS served_at,
    min(page_path) AS served_path,
    min(consent) AS consent,
    min(browser) AS browser,
    min(bot) AS bot
  FROM told
  WHERE called_home = 'false'
  GROUP BY 1
),
alive AS (
  SELECT DISTINCT page_view_id AS alive_id
  FROM told
  WHERE called_home = 'true'
),
seen AS (
  SELECT ${text('context', 'served', 'id')} AS seen_id, min(timestamp) AS seen_at, min(page_path) AS seen_path
  FROM events
  WHERE type = 'page' AND source = 'browser' AND ${text('context', 'served', 'id')} IS NOT NULL
  GROUP BY 1
)
SELECT
  coalesce(served_id, seen_id) AS page_view_id,
  CASE
    WHEN seen_id IS NOT NULL THEN 'confirmed'
    WHEN bot IS NOT NULL THEN 'bot'
    WHEN consent = 'given' THEN 'unconfirmed'
    ELSE 'declined'
  END AS state,
  CASE
    WHEN served_id IS NULL THEN 'browser only'
    WHEN seen_id IS NULL THEN 'server only'
    ELSE 'both'
  END AS told_by,
  coalesce(served_path, seen_path) AS page_path,
  served_at,
  seen_at,
  consent,
  browser,
  bot,
  CAST(alive_id IS NOT NULL AS BOOLEAN) AS has_called_home
FROM served
FULL JOIN seen ON served_id = seen_id
LEFT JOIN alive ON served_id = alive_id`;
}

/**
 * What became of each page that was served: `confirmed` by the browser's page view; else `bot`; else `declined`, where the
 * request brought no yes, so that silence was meant; else `unconfirmed`.
 */
export const servedPages: Model = defineModel(
  'served_pages',
  'A page view that the server served: confirmed, declined, bot or unconfirmed. Nothing in it says whose it was.',
  servedPagesSql,
);
