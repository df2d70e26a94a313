import { defineModel, type Model, percentOf } from './model.ts';

export interface ContentOptions {
  /** What the view is called. Default `content`. */
  readonly name?: string;
  /** The event of being seen, of being opened, and of being read. Default `Impression`, `Headline Clicked`, `Article Read`. */
  readonly events?: { readonly impression?: string; readonly click?: string; readonly read?: string };
  /** The properties that say which content, which variant of it, and how it reads. Default `id`, `variant`, `title`. */
  readonly properties?: { readonly id?: string; readonly variant?: string; readonly title?: string };
  /** From which `percent` on something is read. Default 50. */
  readonly readPercent?: number;
}

/**
 * What contents are worth: seen, opened, and then read. What many open and few read promised too much.
 *
 * @throws TypeError for what is no text, or a share that is none
 */
export function content({
  name = 'content',
  events = {},
  properties = {},
  readPercent = 50,
}: ContentOptions = {}): Model {
  const { impression = 'Impression', click = 'Headline Clicked', read = 'Article Read' } = events;
  const { id = 'id', variant = 'variant', title = 'title' } = properties;
  for (const word of [impression, click, read, id, variant, title]) {
    if (typeof word === 'string' && word !== '' && !/^([$/]|\*$)|\0/.test(word)) continue;
    throw new TypeError(`content(options): expected names of events and properties, got ${JSON.stringify(word)}`);
  }
  if (!(readPercent > 0 && readPercent <= 100)) {
    throw new TypeError(`content(options): readPercent: expected a number from 1 to 100, got ${readPercent}`);
  }
  return defineModel(
    name,
    'A content, in each variant: how often it was seen, opened, and read.',
    ({ text, number, quote }) => `
WITH seen AS (
  SELECT
    ${text('properties', id)} AS id,
    coalesce(${text('properties', variant)}, '') AS variant,
    max(${text('properties', title)}) AS title,
    count(*) FILTER (WHERE event = ${quote(impression)}) AS impressions,
    count(*) FILTER (WHERE event = ${quote(click)}) AS clicks
  FROM events
  WHERE event IN (${quote(impression)}, ${quote(click)}) AND ${text('properties', id)} IS NOT NULL
  GROUP BY 1, 2
),
-- A page tells how far it was read several times as it grows.
readings AS (
  SELECT
    ${text('properties', id)} AS id,
    coalesce(${text('properties', variant)}, '') AS variant,
    coalesce(${text('properties', 'view_id')}, message_id) AS view_id,
    max(${number('properties', 'percent')}) AS percent
  FROM events
  WHERE event = ${quote(read)}
  GROUP BY 1, 2, 3
),
read AS (
  SELECT id, variant, count(*) FILTER (WHERE percent >= ${readPercent}) AS reads
  FROM readings
  GROUP BY id, variant
)
SELECT
  id,
  nullif(variant, '') AS variant,
  title,
  impressions,
  clicks,
  coalesce(reads, 0) AS reads,
  ${percentOf('clicks', 'impressions')} AS click_percent,
  ${percentOf('coalesce(reads, 0)', 'clicks')} AS read_percent
FROM seen
LEFT JOIN read USING (id, variant)`,
  );
}
