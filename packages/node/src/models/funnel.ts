import { defineModel, type Model, percentOf, type SqlWords, visitor } from './model.ts';

/** The name of an event, or the path of a page that was viewed. */
export type FunnelStep = string | { readonly page: string };

export interface FunnelOptions {
  /** What the view is called. Default `funnel`. */
  readonly name?: string;
  /**
   * `time`: a step counts where it happened at or after the one before it. `any`: where all before it happened too,
   * whenever. Default `time`.
   */
  readonly order?: 'time' | 'any';
}

/**
 * How many visitors came how far. A visitor counts at a step only if every step before it happened too.
 *
 * @param steps - two or more, in any words: they are quoted
 * @throws TypeError for a step that is none, fewer than two, or an unknown order
 */
export function funnel(steps: readonly FunnelStep[], { name = 'funnel', order = 'time' }: FunnelOptions = {}): Model {
  if (!Array.isArray(steps) || steps.length < 2 || !steps.every((step) => isName(nameOf(step)))) {
    throw new TypeError('funnel(steps): expected two or more names of events, or { page } with a path');
  }
  if (order !== 'time' && order !== 'any') {
    throw new TypeError(`funnel(steps, options): order: expected time or any, got ${JSON.stringify(order)}`);
  }
  return defineModel(name, `How many visitors came how far: ${steps.map(nameOf).join(', ')}.`, ({ quote }) => {
    const reached = steps.map((step, index) => `reached_${index + 1} AS (${reachedSql(step, index, order, quote)})`);
    const counts = steps.map(
      (step, index) =>
        `SELECT ${index + 1} AS step, ${quote(nameOf(step))} AS name, count(*) AS visitors FROM reached_${index + 1}`,
    );
    return `
WITH ${reached.join(',\n')},
counts AS (
  ${counts.join('\n  UNION ALL\n  ')}
)
SELECT
  step,
  name,
  visitors,
  ${percentOf('visitors', 'first_value(visitors) OVER (ORDER BY step)')} AS percent_of_first,
  ${percentOf('visitors', 'max(visitors) OVER (ORDER BY step ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)')} AS percent_of_previous
FROM counts
ORDER BY step`;
  });
}

// The earliest possible moment of each step leaves most time for the next: nobody is missed.
function reachedSql(step: FunnelStep, index: number, order: 'time' | 'any', quote: SqlWords['quote']): string {
  const isStep =
    typeof step === 'string' ? `event = ${quote(step)}` : `type = 'page' AND page_path = ${quote(step.page)}`;
  if (index === 0) {
    return `
  SELECT ${visitor} AS visitor, min(timestamp) AS reached_at
  FROM events
  WHERE ${isStep} AND ${visitor} IS NOT NULL
  GROUP BY 1
`;
  }
  return `
  SELECT visitor, min(timestamp) AS reached_at
  FROM reached_${index}
  JOIN events ON ${visitor} = visitor
  WHERE ${isStep}${order === 'time' ? ' AND timestamp >= reached_at' : ''}
  GROUP BY visitor
`;
}

const nameOf = (step: FunnelStep): string => (typeof step === 'string' ? step : step?.page);

/** No database takes a zero character. */
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '' && !value.includes('\0');
