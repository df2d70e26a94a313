import type { Site } from './site.ts';
import type { Visit, VisitOptions } from './visit.ts';

/** Where a measure is taken: one tracker, its site, a browser. */
export interface Lab {
  readonly site: Site;
  /** Fewer repetitions: to see that it works. */
  readonly isQuick: boolean;
  visit<T>(options: VisitOptions, act: (visit: Visit) => Promise<T>): Promise<T>;
}

export interface Column {
  readonly name: string;
  /** After the point. Default 0. */
  readonly digits?: number;
  /** Say how many times ours it is. */
  readonly isCompared?: boolean;
  /** We promise none: a run in which ours has some fails. A count, never a time. */
  readonly isPromisedZero?: boolean;
}

/** One table: a line for each tracker. */
export interface Measure {
  readonly title: string;
  /** What the figures mean, in a sentence or two. */
  readonly meaning: string;
  readonly columns: readonly Column[];
  /** One figure for each column. */
  run(lab: Lab): Promise<readonly number[]>;
}

/** As in the browser's own tools: a phone of the middle class. */
export const phoneSlowdown = 4;
