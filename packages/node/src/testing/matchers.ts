import type { TrackEvent } from '@org/track-core';
import type { TestTracker } from './test-tracker.ts';

type Recorded = Pick<TestTracker, 'events' | 'issues' | 'diagnostics'>;
type Fields = { readonly [key: string]: unknown };

/** What Jest and Vitest expect of a matcher. */
interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What `expect(tracker)` then offers. How TypeScript hears of it: docs/guides/test-your-tracking.md. */
export interface TrackMatchers<R = unknown> {
  /**
   * A `track` event of this name was let through.
   *
   * @param properties - what its properties have at least; `expect.any(Number)` and the like may stand in it
   * @param fields - what else it has at least: `{ userId: 'u1', context: { page: { path: '/cart' } } }`
   */
  toHaveTracked(event: string, properties?: object, fields?: object): R;
  /** As many `track` events of this name were let through. */
  toHaveTrackedTimes(event: string, times: number): R;
  /** The plan has nothing against any event that was let through. */
  toFollowPlan(): R;
}

/** `expect.extend(trackMatchers)`, in Vitest and in Jest. */
export const trackMatchers: {
  toHaveTracked(tracker: unknown, event: string, properties?: object, fields?: object): MatcherResult;
  toHaveTrackedTimes(tracker: unknown, event: string, times: number): MatcherResult;
  toFollowPlan(tracker: unknown): MatcherResult;
} = {
  toHaveTracked(tracker, event, properties = {}, fields = {}) {
    const recorded = recordedBy(tracker);
    const pass = named(recorded, event).some((one) => matches({ properties: {}, ...one }, { ...fields, properties }));
    const wanted = `"${event}" ${shown({ ...fields, properties })}`;
    return {
      pass,
      message: () =>
        `expected ${pass ? 'nobody to have tracked' : 'somebody to have tracked'} ${wanted}\n${told(recorded)}`,
    };
  },
  toHaveTrackedTimes(tracker, event, times) {
    const recorded = recordedBy(tracker);
    const found = named(recorded, event).length;
    return {
      pass: found === times,
      message: () => `expected "${event}" to be tracked ${times} times, found it ${found} times\n${told(recorded)}`,
    };
  },
  toFollowPlan(tracker) {
    const { issues } = recordedBy(tracker);
    const lines = issues.map(({ event, issues }) => `  ${nameOf(event)}: ${issues.map(shown).join(', ')}`);
    return {
      pass: issues.length === 0,
      message: () =>
        issues.length === 0
          ? 'expected the plan to have something against an event; it has nothing'
          : `expected all events to follow the plan\n${lines.join('\n')}`,
    };
  },
};

/** The same without a test framework: throws if no such event was let through. */
export function assertTracked(
  tracker: Pick<TestTracker, 'events' | 'issues' | 'diagnostics'>,
  event: string,
  properties?: object,
  fields?: object,
): void {
  const { pass, message } = trackMatchers.toHaveTracked(tracker, event, properties, fields);
  if (!pass) throw new Error(message());
}

function recordedBy(tracker: unknown): Recorded {
  if (Array.isArray((tracker as Recorded | undefined)?.events)) return tracker as Recorded;
  throw new TypeError('expected a tracker made by createTestTracker');
}

const named = ({ events }: Recorded, name: string): readonly TrackEvent[] =>
  events.filter((event) => event.type === 'track' && event.event === name);

const nameOf = (event: TrackEvent): string => (event.type === 'track' ? `"${event.event}"` : event.type);

/** What was tracked instead, and what was dropped. */
function told({ events, diagnostics }: Recorded): string {
  const lines = events.map((event) => {
    const { context: _circumstances, type: _type, ...rest } = event;
    return `  ${nameOf(event)} ${shown(rest)}`;
  });
  const dropped = diagnostics.map(({ code, detail }) => `  dropped: ${code} (${detail})`);
  const all = [...lines, ...dropped];
  return all.length === 0 ? 'nothing was tracked' : `what was tracked:\n${all.join('\n')}`;
}

function shown(value: unknown): string {
  // Matchers have a `toJSON` of their own, so they are looked at before it is called.
  return JSON.stringify(value, function (this: Fields, key, text: unknown) {
    const inner = this[key];
    return isMatcher(inner) ? (inner.toAsymmetricMatcher?.() ?? String(inner)) : text;
  });
}

/** `expect.any(Number)`, `expect.stringContaining('x')` … of Jest and Vitest. */
function isMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof (value as AsymmetricMatcher | null | undefined)?.asymmetricMatch === 'function';
}

interface AsymmetricMatcher {
  asymmetricMatch(other: unknown): boolean;
  /** As people read it: `Any<Number>`. */
  toAsymmetricMatcher?(): string;
}

/** Has `actual` all that `expected` has? Lists are compared whole. */
function matches(actual: unknown, expected: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual);
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected);
  if (expected instanceof Date) return actual === expected.toISOString();
  if (Array.isArray(expected) !== Array.isArray(actual)) return false;
  if (Array.isArray(expected) && expected.length !== (actual as readonly unknown[]).length) return false;
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.entries(expected).every(([key, value]) => matches((actual as Fields)[key], value));
}
