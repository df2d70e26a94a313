import { defineModel, type Model, visitor } from './model.ts';

export interface ReconciliationOptions {
  /** What the view is called. Default `reconciliation`. */
  readonly name?: string;
  /** What the server records. Default `Order Completed`. */
  readonly event?: string;
  /** What the browser records of the same thing. Default the same name. */
  readonly browserEvent?: string;
  /** The property that says which one it is. Default `order_id`. */
  readonly key?: string;
}

/**
 * What the browser said beside what the server said, one row for each thing both or one of them told.
 *
 * @throws TypeError for what is no name
 */
export function reconciliation(options: ReconciliationOptions = {}): Model {
  const { name = 'reconciliation', event = 'Order Completed', browserEvent = event, key = 'order_id' } = options;
  for (const word of [event, browserEvent, key]) {
    if (typeof word === 'string' && word !== '' && !/^([$/]|\*$)|\0/.test(word)) continue;
    throw new TypeError(
      `reconciliation(options): expected names of events and a property, got ${JSON.stringify(word)}`,
    );
  }
  return defineModel(
    name,
    `A "${event}": told by the browser, by the server, or by both, and whether the browser told anything at all.`,
    ({ text, number, quote }) => {
      const value = ['revenue', 'total', 'value'].map((property) => number('properties', property)).join(', ');
      const toldBy = (source: 'browser' | 'server', called: string): string => `
  SELECT
    ${text('properties', key)} AS told_key,
    min(timestamp) AS told_at,
    max(coalesce(${value})) AS value,
    count(*) AS times,
    min(${visitor}) AS visitor
  FROM events
  WHERE source = '${source}' AND event = ${quote(called)} AND ${text('properties', key)} IS NOT NULL
  GROUP BY 1
`;
      return `
WITH from_browser AS (${toldBy('browser', browserEvent)}),
from_server AS (${toldBy('server', event)}),
both_sides AS (
  SELECT
    coalesce(s.told_key, b.told_key) AS told_key,
    coalesce(s.visitor, b.visitor) AS visitor,
    s.told_at AS server_at,
    b.told_at AS browser_at,
    s.value AS server_value,
    b.value AS browser_value,
    coalesce(s.times, 0) AS server_times,
    coalesce(b.times, 0) AS browser_times
  FROM from_server AS s
  FULL JOIN from_browser AS b ON s.told_key = b.told_key
),
seen AS (
  SELECT ${visitor} AS visitor, count(*) AS browser_events
  FROM events
  WHERE source = 'browser'
  GROUP BY 1
)
SELECT
  told_key AS key,
  visitor,
  CASE
    WHEN server_times = 0 THEN 'browser only'
    WHEN browser_times = 0 THEN 'server only'
    ELSE 'both'
  END AS told_by,
  server_at,
  browser_at,
  server_value,
  browser_value,
  server_times,
  browser_times,
  -- 0: of this visitor the server knows, and no page ever told: blocked, refused, or lost.
  coalesce(browser_events, 0) AS browser_events
FROM both_sides
LEFT JOIN seen USING (visitor)`;
    },
  );
}
