import {
  type Clock,
  type CollectedEvent,
  createQueue,
  type Deadline,
  type Destination,
  type DestinationLimits,
  type OnDiagnostic,
  type Plan,
  purposeOf,
  type Queue,
  type QueueStats,
} from '@org/track-core';
import type { Log } from '../log/log.ts';
import { createDestinationTransport, type DestinationTransport } from './destination-transport.ts';

/** The books of one destination: `accepted = delivered + sum(dropped) + sum(dead) + pending`. */
export type DestinationStats = QueueStats;

/** Carries events from the log to every destination, each at its own pace. */
export interface Dispatcher {
  /** The books, by the destination's name. */
  stats(): Record<string, DestinationStats>;
  /** Resolves when what the log held has its fate at every destination, or at the deadline (10 s). */
  flush(options?: Deadline): Promise<void>;
  /** Flushes, then closes every destination; undelivered events stay in the log. A destination may take 2 s more to close. */
  close(options?: Deadline): Promise<void>;
}

export interface DispatcherOptions {
  readonly log: Log;
  readonly destinations: readonly Destination[];
  /** Says which consent an event needs. */
  readonly plan?: Plan;
  readonly clock: Clock;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  readonly onDiagnostic?: OnDiagnostic;
}

/** What a destination gets that names no limits of its own. One delivery at a time keeps the order of events. */
export const defaultDestinationLimits: Required<DestinationLimits> = {
  maxEvents: 500,
  maxBytes: 1024 * 1024,
  maxWaitMs: 1_000,
  concurrency: 1,
  timeoutMs: 30_000,
};

/** What a destination's own `close` may take once its queue has stopped, milliseconds. */
const closeGraceMs = 2_000;

interface Lane {
  readonly name: string;
  readonly queue: Queue<CollectedEvent>;
  readonly transport: DestinationTransport;
}

/**
 * One queue for each destination; its outbox is the destination's own consumer of the log. They share nothing, so none
 * waits for another.
 *
 * @throws TypeError if a destination is not one, or two have the same name
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { log, destinations, plan, clock, random, onDiagnostic } = options;
  checkDestinations(destinations);

  const lanes = destinations.map((destination): Lane => {
    const transport = createDestinationTransport(destination, onDiagnostic, log.suppression.has);
    const queue = createQueue<CollectedEvent>({
      outbox: log.consumer(destination.name, {
        purposeOf: (event) => purposeOf(plan, event.type === 'track' ? event.event : undefined),
      }),
      transport,
      clock,
      limits: { ...defaultDestinationLimits, ...destination.limits },
      ...(random === undefined ? {} : { random }),
      ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
    });
    return { name: destination.name, queue, transport };
  });

  return {
    stats: () => Object.fromEntries(lanes.map(({ name, queue }) => [name, queue.stats()])),
    async flush(deadline) {
      await Promise.all(lanes.map(({ queue }) => queue.flush(deadline)));
    },
    async close(deadline) {
      await Promise.all(
        lanes.map(async ({ queue, transport }) => {
          await queue.shutdown(deadline);
          await atMost(closeGraceMs, transport.close());
        }),
      );
    },
  };

  /** Resolves with `work`, or after `limitMs`: a destination may hang in its own `close` too. */
  function atMost(limitMs: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(limitMs, resolve);
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }
}

/** Refuses at set-up what would fail at the first delivery. */
function checkDestinations(destinations: readonly Destination[]): void {
  const names = new Set<string>();
  for (const [index, destination] of destinations.entries()) {
    const where = `destinations[${index}]`;
    if (typeof destination?.name !== 'string' || destination.name === '') {
      throw new TypeError(`${where}.name: expected a non-empty string, got ${describe(destination?.name)}`);
    }
    if (names.has(destination.name)) {
      throw new TypeError(`${where}.name: expected a name of its own, got "${destination.name}" a second time`);
    }
    names.add(destination.name);
    if (typeof destination.deliver !== 'function') {
      throw new TypeError(`${where}.deliver: expected a function, got ${describe(destination.deliver)}`);
    }
    if (!Array.isArray(destination.requires)) {
      throw new TypeError(
        `${where}.requires: expected a list of consent categories, got ${describe(destination.requires)}`,
      );
    }
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value;
}
