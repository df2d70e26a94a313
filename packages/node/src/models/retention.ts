import { defineModel, type Model, percentOf, visitor } from './model.ts';

export interface RetentionOptions {
  /** What the view is called. Default `retention`. */
  readonly name?: string;
  /** How long a period is; weeks begin on Monday, days at midnight UTC. Default `week`. */
  readonly by?: 'day' | 'week';
}

/**
 * Who comes back: of those first seen in one period, how many are seen again in the periods after it.
 *
 * @throws TypeError for a period it does not know
 */
export function retention({ name = 'retention', by = 'week' }: RetentionOptions = {}): Model {
  if (by !== 'day' && by !== 'week') {
    throw new TypeError(`retention(options): by: expected day or week, got ${JSON.stringify(by)}`);
  }
  return defineModel(
    name,
    `A ${by} of first visits and a ${by} after it: how many of them were there.`,
    ({ period }) => `
WITH seen AS (
  SELECT DISTINCT ${visitor} AS visitor, ${period(by, 'timestamp')} AS period
  FROM events
  WHERE ${visitor} IS NOT NULL
),
firsts AS (
  SELECT visitor, min(period) AS cohort
  FROM seen
  GROUP BY visitor
),
sizes AS (
  SELECT cohort, count(*) AS size
  FROM firsts
  GROUP BY cohort
)
SELECT
  cohort,
  CAST((period - cohort) / ${by === 'week' ? 7 : 1} AS INTEGER) AS ${by}s_later,
  size,
  count(*) AS visitors,
  ${percentOf('count(*)', 'size')} AS percent
FROM seen
JOIN firsts USING (visitor)
JOIN sizes USING (cohort)
GROUP BY cohort, period, size`,
  );
}
