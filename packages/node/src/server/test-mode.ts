import type { Collector } from '../collector/create-collector.ts';
import type { Arrival } from '../collector/store-events.ts';
import { type AdminRoute, answerJson } from './admin.ts';
import { passes, type TailFilter } from './tail.ts';

/** What came since the last reset. */
export interface TestCounts {
  readonly total: number;
  readonly good: number;
  readonly bad: number;
  /** Sent again: counted, and neither good nor bad. */
  readonly duplicates: number;
  /** Too many to be kept: they are in the counts, and not in the lists. */
  readonly forgotten: number;
}

/** Arrivals of each kind that are kept: a test that makes more reads the counts. */
const maxKept = 10_000;

/**
 * For end-to-end tests of other people's pages and backends: `GET /test/all` counts, `/test/good` and `/test/bad` list
 * what came, with `?event=`, `?userId=`, `?anonymousId=` and `?source=` as filters; `POST /test/reset` forgets it.
 */
export function createTestMode({ watch }: Pick<Collector, 'watch'>): AdminRoute {
  let good: Arrival[] = [];
  let bad: Arrival[] = [];
  let counts = { good: 0, bad: 0, duplicates: 0, forgotten: 0 };

  watch((arrival) => {
    if (arrival.status === 'duplicate') {
      counts.duplicates++;
      return;
    }
    const isGood = arrival.status === 'stored';
    counts[isGood ? 'good' : 'bad']++;
    const kept = isGood ? good : bad;
    if (kept.length < maxKept) kept.push(arrival);
    else counts.forgotten++;
  });

  function all(): TestCounts {
    return { total: counts.good + counts.bad, ...counts };
  }

  function reset(): void {
    good = [];
    bad = [];
    counts = { good: 0, bad: 0, duplicates: 0, forgotten: 0 };
  }

  return ({ method }, response, { pathname, searchParams }) => {
    const filter: TailFilter = Object.fromEntries(searchParams);
    const chosen = (arrivals: readonly Arrival[]): readonly Arrival[] =>
      arrivals.filter((arrival) => passes(arrival, filter));
    switch (`${method} ${pathname}`) {
      case 'GET /test/all':
        answerJson(response, 200, all());
        return true;
      case 'GET /test/good':
        answerJson(response, 200, chosen(good));
        return true;
      case 'GET /test/bad':
        answerJson(response, 200, chosen(bad));
        return true;
      case 'POST /test/reset':
        reset();
        answerJson(response, 200, all());
        return true;
      default:
        return false;
    }
  };
}
