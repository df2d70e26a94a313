import type { CollectedEvent } from '@org/track-core';
import type { PageOptions } from './page/entry.ts';
import type { Visitor } from './visitor.ts';

/** What a value must be: this, like this, or such that it holds. */
export type Expected = string | number | boolean | undefined | RegExp | ((value: unknown) => boolean);

/** An event that must arrive, with at least these properties. `page` stands for the event of a page view. */
export interface ExpectedEvent {
  readonly event: string;
  readonly properties?: Readonly<Record<string, Expected>>;
  /** Something beyond properties; it tells what is wrong, or nothing. */
  readonly also?: (event: CollectedEvent) => string | undefined;
}

/** One thing that somebody does on a page, and what is known of it in the end. */
export interface Row {
  /** What makes the events. */
  readonly plugin: string;
  readonly name: string;
  visit(visitor: Visitor): Promise<void>;
  /** What the page's tracker is made with. Default: every part with its defaults. */
  readonly tracker?: PageOptions;
  /** Which events are looked at: all of these names, and of no other, in the order of their timestamps. */
  readonly of: RegExp;
  readonly expected: readonly ExpectedEvent[];
  /** Is one of those that `npm test` runs: quick, and about something that only a real browser does. */
  readonly isQuick?: boolean;
  /** Why an engine, by its name, is not even asked: its driver would never answer again. */
  readonly untried?: Readonly<Record<string, string>>;
  /** Why an engine, by its name, cannot have it. It is tried all the same. */
  readonly limits?: Readonly<Record<string, string>>;
}

const nameOf = (event: CollectedEvent): string => ('event' in event ? event.event : event.type);

/** What is not as the row expects, one line each. */
export function differences({ of, expected }: Row, arrived: readonly CollectedEvent[]): readonly string[] {
  const events = arrived
    .filter((event) => of.test(nameOf(event)))
    .toSorted((one, other) => Date.parse(one.timestamp) - Date.parse(other.timestamp));
  const names = events.map(nameOf);
  const expectedNames = expected.map(({ event }) => event);
  if (names.toSorted().join() !== expectedNames.toSorted().join()) {
    return [`expected ${expectedNames.join(', ') || 'nothing'}; there is ${names.join(', ') || 'nothing'}`];
  }
  const left = [...events];
  return expected.flatMap((wanted) => {
    // The first of that name which is as it should be, else the first.
    const candidates = left.filter((event) => nameOf(event) === wanted.event);
    const event = candidates.find((candidate) => issuesOf(candidate, wanted).length === 0) ?? candidates[0];
    if (!event) return [];
    left.splice(left.indexOf(event), 1);
    return issuesOf(event, wanted);
  });
}

function issuesOf(event: CollectedEvent, { properties = {}, also }: ExpectedEvent): readonly string[] {
  const actual: Readonly<Record<string, unknown>> = ('properties' in event && event.properties) || {};
  const wrong = Object.entries(properties).filter(([name, wanted]) => !isAs(actual[name], wanted));
  const issue = also?.(event);
  return [
    ...wrong.map(
      ([name, wanted]) =>
        `${nameOf(event)}: ${name} is ${JSON.stringify(actual[name])}${typeof wanted === 'function' ? '' : `, not ${wanted}`}`,
    ),
    ...(issue === undefined ? [] : [`${nameOf(event)}: ${issue}`]),
  ];
}

function isAs(value: unknown, wanted: Expected): boolean {
  if (typeof wanted === 'function') return wanted(value);
  if (wanted instanceof RegExp) return typeof value === 'string' && wanted.test(value);
  return value === wanted;
}

export const atLeast =
  (least: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= least;

export const between =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= least && value <= most;
