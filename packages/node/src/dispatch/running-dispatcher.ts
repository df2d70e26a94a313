import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectedEvent, DeliveryOutcome, Destination, Diagnostic } from '@org/track-core';
import type { Log } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import type { DestinationReport } from './books.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions } from './dispatcher.ts';

/** The fake clock of core's testing entry, which only tests may import. */
type MovingClock = DispatcherOptions['clock'] & { advance(ms: number): Promise<void>; settle(): Promise<void> };

export type Answer = DeliveryOutcome | 'hang' | 'throw';

export interface Scripted extends Destination {
  /** Ids of each delivery. */
  readonly delivered: string[][];
  readonly closed: number;
  /** Deliveries without an answer now, and the most there ever were at once. */
  readonly underWay: number;
  readonly mostUnderWay: number;
}

/**
 * A destination that answers as told.
 *
 * @param answers - in turn, then `delivered`; one answer for always; or what to say to these ids
 */
export function scripted(
  name: string,
  answers: readonly Answer[] | Answer | ((ids: readonly string[], index: number) => Answer | Promise<Answer>) = [],
  overrides: Partial<Destination> = {},
): Scripted {
  const delivered: string[][] = [];
  let closed = 0;
  let underWay = 0;
  let mostUnderWay = 0;
  const answerTo = (ids: readonly string[], index: number): Answer | Promise<Answer> => {
    if (typeof answers === 'function') return answers(ids, index);
    if (typeof answers === 'string' || 'kind' in answers) return answers;
    return answers[index] ?? { kind: 'delivered' };
  };
  return {
    name,
    requires: [],
    idempotency: 'keyed',
    ...overrides,
    delivered,
    get closed() {
      return closed;
    },
    get underWay() {
      return underWay;
    },
    get mostUnderWay() {
      return mostUnderWay;
    },
    async deliver(events: readonly CollectedEvent[]) {
      const ids = events.map(({ messageId }) => messageId);
      const index = delivered.push(ids) - 1;
      underWay++;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      try {
        const answer = await answerTo(ids, index);
        if (answer === 'throw') throw new Error('broken');
        return answer === 'hang' ? await new Promise<never>(() => {}) : answer;
      } finally {
        underWay--;
      }
    },
    async close() {
      closed++;
    },
  };
}

export const consented = { consent: { categoryPreferences: { analytics: true } } };

export interface RunningDispatcher {
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly diagnostics: Diagnostic[];
  /** One batch of events: ids, or what is special about them. */
  append(...events: readonly (string | object)[]): Promise<void>;
  /** Time passes, and the log, which commits in the real event loop, gets its turns too. */
  pass(ms: number): Promise<void>;
  report(name: string): DestinationReport;
}

/** A dispatcher on a log in memory, on a clock that stands still. */
export function runDispatcher(
  clock: MovingClock,
  destinations: readonly Destination[],
  { log = memoryLog(), ...options }: Partial<DispatcherOptions> = {},
): RunningDispatcher {
  const diagnostics: Diagnostic[] = [];
  const onDiagnostic = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const dispatcher = createDispatcher({ log, destinations, clock, random: () => 0.5, onDiagnostic, ...options });
  return {
    log,
    dispatcher,
    diagnostics,
    async append(...events) {
      const batch = events.map((event) => ({
        type: 'track',
        event: 'Product Added',
        anonymousId: 'anonymous-1',
        timestamp: new Date(clock.now()).toISOString(),
        context: consented,
        ...(typeof event === 'string' ? { messageId: event } : event),
      }));
      await log.append({
        body: JSON.stringify({ batch }),
        ids: batch.map((event) => (event as { messageId?: string }).messageId ?? ''),
        facts: { receivedAt: clock.now(), source: 'server' },
      });
    },
    async pass(ms) {
      await nextTurn();
      await clock.advance(ms);
      await nextTurn();
      await clock.settle();
    },
    report(name) {
      const found = dispatcher.report().find((each) => each.name === name);
      if (found === undefined) throw new Error(`No destination "${name}"`);
      return found;
    },
  };
}

/** Ids that were delivered, of all deliveries, in order. */
export const idsOf = (destination: Scripted): readonly string[] => destination.delivered.flat();
