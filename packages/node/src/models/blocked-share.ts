import { defineModel, type Model, percentOf } from './model.ts';
import { servedPagesSql } from './served-pages.ts';

export interface BlockedShareOptions {
  /** What the view is called. Default `blocked_share`. */
  readonly name?: string;
  /** One row for each day (in UTC), browser or path, in place of one for all. */
  readonly by?: 'day' | 'browser' | 'page_path';
}

const groups = ['day', 'browser', 'page_path'];

/** Of a normal distribution 95 % lie within so many standard deviations. */
const z = '1.959964';

/**
 * How many page views content blockers swallowed, at most. Of the pages that were served to browsers whose request brought
 * a yes to `analytics`, the share that no page view confirmed, with its 95 % interval by Wilson. Page views without such a
 * yes are in neither half of it: of those that were confirmed we would know, and not of the others.
 *
 * @throws TypeError for a group it does not know
 */
export function blockedShare({ name = 'blocked_share', by }: BlockedShareOptions = {}): Model {
  if (by !== undefined && !groups.includes(by)) {
    throw new TypeError(`blockedShare(options): by: expected day, browser or page_path, got ${JSON.stringify(by)}`);
  }
  const group = by === undefined ? '' : `${by},`;
  return defineModel(
    name,
    'Pages that were served, by what became of them, and the share that blockers swallowed at most, in percent.',
    ({ text, period }) => `
WITH pages AS (${servedPagesSql({ text })}
),
counts AS (
  SELECT
    ${by === 'day' ? `${period('day', 'served_at')} AS day,` : group}
    count(*) AS served,
    count(*) FILTER (WHERE state = 'confirmed') AS confirmed,
    count(*) FILTER (WHERE state = 'declined') AS declined,
    count(*) FILTER (WHERE state = 'bot') AS bot,
    count(*) FILTER (WHERE state = 'unconfirmed') AS unconfirmed,
    count(*) FILTER (WHERE consent = 'given' AND bot IS NULL) AS expected,
    count(*) FILTER (WHERE consent = 'given' AND bot IS NULL AND (has_called_home OR state = 'confirmed')) AS alive,
    count(*) FILTER (WHERE has_called_home) AS controls
  FROM pages
  WHERE told_by <> 'browser only'
  ${by === undefined ? 'HAVING count(*) > 0' : 'GROUP BY 1'}
),
shares AS (
  SELECT
    *,
    CAST(unconfirmed AS DOUBLE PRECISION) / nullif(expected, 0) AS share,
    ${z} * ${z} / nullif(expected, 0) AS spread
  FROM counts
)
SELECT
  ${group}
  served,
  confirmed,
  declined,
  bot,
  unconfirmed,
  expected,
  100 * share AS percent,
  -- Its edges are whole numbers, which the roots miss by a hair.
  CASE WHEN unconfirmed = 0 THEN 0 * share ELSE
    100 * (share + spread / 2 - sqrt(spread * (share * (1 - share) + spread / 4))) / (1 + spread) END AS percent_low,
  CASE WHEN unconfirmed = expected THEN 100 * share ELSE
    100 * (share + spread / 2 + sqrt(spread * (share * (1 - share) + spread / 4))) / (1 + spread) END AS percent_high,
  CASE WHEN controls > 0 THEN ${percentOf('expected - alive', 'expected')} END AS control_percent,
  CASE WHEN controls > 0 THEN ${percentOf('alive - (expected - unconfirmed)', 'expected')} END AS percent_less_control
FROM shares`,
  );
}
