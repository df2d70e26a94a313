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
  /**
   * A step counts at most so long after the first, in seconds, 1 or more; whoever begins again is given the time again.
   * Only in the order of time. Default: no bound.
   */
  readonly withinSeconds?: number;
}

/**
 * How many visitors came how far. A visitor counts at a step only if every step before it happened too. A step that is
 * named again needs another event: `['Viewed', 'Viewed']` is who viewed twice.
 *
 * @param steps - two or more, in any words: they are quoted
 * @throws TypeError for a step that is none, fewer than two, an unknown order, or a time that is none
 */
export function funnel(steps: readonly FunnelStep[], options: FunnelOptions = {}): Model {
  const { name = 'funnel', order = 'time', withinSeconds } = options;
  if (!Array.isArray(steps) || steps.length < 2 || !steps.every((step) => isName(nameOf(step)))) {
    throw new TypeError('funnel(steps): expected two or more names of events, or { page } with a path');
  }
  if (order !== 'time' && order !== 'any') {
    throw new TypeError(`funnel(steps, options): order: expected time or any, got ${JSON.stringify(order)}`);
  }
  if (withinSeconds !== undefined && !(order === 'time' && Number.isFinite(withinSeconds) && withinSeconds >= 1)) {
    throw new TypeError(
      `funnel(steps, options): withinSeconds: expected 1 or more, in the order of time, got ${withinSeconds}`,
    );
  }
  return defineModel(name, `How many visitors came how far: ${steps.map(nameOf).join(', ')}.`, (words) => {
    const isSteps = steps.map((step) => isStepSql(step, words));
    const reached = steps.map((_, index) => `reached_${index + 1} AS (${reachedSql(isSteps, index, options, words)})`);
    const counts = steps.map((step, index) => {
      const visitors = withinSeconds === undefined ? 'count(*)' : 'count(DISTINCT visitor)';
      return `SELECT ${index + 1} AS step, ${words.quote(nameOf(step))} AS name, ${visitors} AS visitors FROM reached_${index + 1}`;
    });
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

/**
 * Who reached a step, and when at the earliest, for that leaves most time for the next: nobody is missed. With a bound
 * every beginning is followed by itself, for a late one may reach what an early one did not in time. Where a step comes
 * again, it is remembered which event it was.
 */
function reachedSql(
  isSteps: readonly string[],
  index: number,
  { order = 'time', withinSeconds }: FunnelOptions,
  { seconds, first }: SqlWords,
): string {
  const isStep = isSteps[index] ?? '';
  const isBound = withinSeconds !== undefined;
  const isAgain = (place: number): boolean => order === 'time' && isSteps.indexOf(isSteps[place] ?? '', place + 1) > 0;
  const earliest = [
    'min(timestamp) AS reached_at',
    ...(isAgain(index) ? [`min(timestamp) AS at_${index}`, `${first('message_id', isStep)} AS id_${index}`] : []),
  ].join(', ');
  if (index === 0) {
    return `
  SELECT ${visitor} AS visitor, ${isBound ? 'timestamp AS begun_at, ' : ''}${earliest}
  FROM events
  WHERE ${isStep} AND ${visitor} IS NOT NULL
  GROUP BY ${isBound ? '1, 2' : '1'}
`;
  }
  const former = isSteps.lastIndexOf(isStep, index - 1);
  const conditions = [
    isStep,
    ...(order === 'time' ? ['timestamp >= reached_at'] : []),
    ...(order === 'time' && former >= 0
      ? [`(timestamp > at_${former} OR (timestamp = at_${former} AND message_id > id_${former}))`]
      : []),
    ...(isBound ? [`${seconds('begun_at', 'timestamp')} <= ${withinSeconds}`] : []),
  ];
  const remembered = isSteps
    .slice(0, index)
    .flatMap((_, place) => (isAgain(place) ? [`at_${place}, id_${place}`] : []));
  const group = ['visitor', ...(isBound ? ['begun_at'] : []), ...remembered].join(', ');
  const times = isSteps.slice(0, index + 1).filter((each) => each === isStep).length;
  return `
  SELECT ${group}, ${earliest}
  FROM reached_${index}
  JOIN events ON ${visitor} = visitor
  WHERE ${conditions.join(' AND ')}
  GROUP BY ${group}${order === 'any' && times > 1 ? `\n  HAVING count(*) >= ${times}` : ''}
`;
}

const isStepSql = (step: FunnelStep, { quote }: SqlWords): string =>
  typeof step === 'string' ? `event = ${quote(step)}` : `type = 'page' AND page_path = ${quote(step.page)}`;

const nameOf = (step: FunnelStep): string => (typeof step === 'string' ? step : step?.page);

/** No database takes a zero character. */
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '' && !value.includes('\0');
