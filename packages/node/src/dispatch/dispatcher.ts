import {
  type Clock,
  type Compacted,
  type Deadline,
  type Destination,
  type ErasePerson,
  type OnDiagnostic,
  type Plan,
  purposeOf,
} from '@org/track-core';
import type { Log } from '../log/log.ts';
import type { LogRange } from '../log/log-range.ts';
import type { DestinationReport, DestinationStats } from './books.ts';
import { textOf } from './call-destination.ts';
import { checkDestination } from './check-destination.ts';
import { createLane, type Lane } from './lane.ts';

/**
 * What became of a wish to forget somebody, at one destination. `accepted`: the far end took it, and counts nothing.
 * `unsupported`: it offers no way.
 */
export type ErasedAt =
  | { readonly destination: string; readonly kind: 'erased'; readonly rows: number }
  | { readonly destination: string; readonly kind: 'accepted' | 'unsupported' }
  | {
      readonly destination: string;
      readonly kind: 'failed';
      readonly reason: string;
      /** Rows that are gone nevertheless; left out where nobody knows. */
      readonly rows?: number;
    };

/** What a destination holds about somebody: one row of it, or why it told nothing. */
export type ExportedRow =
  | { readonly destination: string; readonly row: object }
  | { readonly destination: string; readonly failed: string };

/** Carries events from the log to every destination, each at its own pace. */
export interface Dispatcher {
  /** The books, by the destination's name. */
  stats(): Record<string, DestinationStats>;
  /** How each destination is. */
  report(): readonly DestinationReport[];
  /**
   * One more: what is new at once, and what the log holds already behind it; or from where one of that name was.
   *
   * @throws TypeError if it is none, or its name is taken
   */
  add(destination: Destination): void;
  /** Ends one; its place in the log is kept for the next of that name. Resolves when it is closed, at the deadline (10 s) at the latest. */
  remove(name: string, deadline?: Deadline): Promise<void>;
  /** Deliveries under way end, then nothing leaves until `resume`. */
  pause(name: string): void;
  /** Also what makes one that was stopped go on at once. */
  resume(name: string): void;
  /**
   * Delivers a part of the log to one destination once more, behind what is new; consent is asked again. Resolves with how
   * many events wait again.
   */
  replay(name: string, range?: LogRange): Promise<number>;
  /** Asks every destination once to forget somebody. Resolves with what came of it at each. `collector.erase` does more. */
  erase(person: ErasePerson, deadline?: Deadline): Promise<readonly ErasedAt[]>;
  /** Asks one. */
  eraseAt(name: string, person: ErasePerson, deadline?: Deadline): Promise<ErasedAt>;
  /** What those destinations hold about somebody that can be asked; `failed` in place of what one did not tell. */
  exportFrom(person: ErasePerson, deadline?: Deadline): AsyncIterable<ExportedRow>;
  /**
   * Makes one write its files anew, so that nothing of what was deleted is left in them; by the deadline (1 h). Its
   * deliveries wait meanwhile. Rejects with `TypeError` for one that has no way, else with why it did not.
   */
  compact(name: string, deadline?: Deadline): Promise<Compacted>;
  names(): readonly string[];
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

interface Seat {
  readonly destination: Destination;
  readonly lane: Lane;
}

/**
 * A lane for each destination, on a consumer of the log of its own. They share nothing, so none waits for another.
 *
 * @throws TypeError if a destination is not one, or two have the same name
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { log, destinations, plan, clock, random = Math.random, onDiagnostic } = options;
  const seats = new Map<string, Seat>();
  const names = new Set<string>();
  for (const [index, destination] of destinations.entries()) {
    checkDestination(`destinations[${index}]`, destination, names);
    names.add(destination.name);
  }
  for (const destination of destinations) open(destination);

  function open(destination: Destination): void {
    const outbox = log.consumer(destination.name, {
      purposeOf: (event) => purposeOf(plan, event.type === 'track' ? event.event : undefined),
    });
    const lane = createLane({ destination, outbox, clock, random, isSuppressed: log.suppression.has, onDiagnostic });
    seats.set(destination.name, { destination, lane });
  }

  function seatOf(name: string): Seat {
    const seat = seats.get(name);
    if (seat !== undefined) return seat;
    const known = [...seats.keys()].join(', ');
    throw new TypeError(`No destination "${name}"; there is ${known === '' ? 'none' : known}`);
  }

  const lanes = (): readonly Lane[] => [...seats.values()].map(({ lane }) => lane);

  /** Rejects with `timeout` where the answer comes too late. */
  async function inTime<T>(deadlineMs: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    let cancel = (): void => {};
    const tooLate = new Promise<never>((_, reject) => {
      cancel = clock.after(deadlineMs, () => {
        controller.abort();
        reject(new Error('timeout'));
      });
    });
    try {
      return await Promise.race([ask(controller.signal), tooLate]);
    } finally {
      cancel();
    }
  }

  async function eraseAt({ destination, lane }: Seat, person: ErasePerson, deadlineMs: number): Promise<ErasedAt> {
    const { name } = destination;
    if (destination.erase === undefined) return { destination: name, kind: 'unsupported' };
    try {
      const answer = await inTime(deadlineMs, async (signal) => {
        // Whoever is suppressed is in no later delivery; what is on its way must not arrive behind the wish.
        await lane.underWayEnded();
        return destination.erase?.(person, { signal });
      });
      if (answer === 'unsupported') return { destination: name, kind: answer };
      const rows = countOf(answer?.rows);
      return rows === undefined ? { destination: name, kind: 'accepted' } : { destination: name, kind: 'erased', rows };
    } catch (error) {
      const rows = countOf((error as { readonly erasedRows?: unknown } | undefined)?.erasedRows);
      return { destination: name, kind: 'failed', reason: textOf(error), ...(rows === undefined ? {} : { rows }) };
    }
  }

  async function* exportFrom({ destination }: Seat, person: ErasePerson, deadlineMs: number) {
    const { name } = destination;
    if (destination.export === undefined) {
      if (destination.isWarehouse === true) yield { destination: name, failed: 'it has no way to be asked from here' };
      return;
    }
    try {
      const rows = await inTime(deadlineMs, async (signal) => destination.export?.(person, { signal }) ?? []);
      for (const row of rows) yield { destination: name, row };
    } catch (error) {
      yield { destination: name, failed: textOf(error) };
    }
  }

  return {
    stats: () => Object.fromEntries([...seats].map(([name, { lane }]) => [name, lane.stats()])),
    report: () => lanes().map((lane) => lane.report()),
    add(destination) {
      checkDestination('destination', destination, new Set(seats.keys()));
      open(destination);
    },
    async remove(name, deadline) {
      const { lane } = seatOf(name);
      await lane.shutdown(deadline);
      seats.delete(name);
    },
    pause: (name) => seatOf(name).lane.pause(),
    resume: (name) => seatOf(name).lane.resume(),
    replay: async (name, range = {}) => log.records.replay(seatOf(name).destination.name, range),
    erase: (person, { deadlineMs = 10_000 } = {}) =>
      Promise.all([...seats.values()].map((seat) => eraseAt(seat, person, deadlineMs))),
    eraseAt: async (name, person, { deadlineMs = 10_000 } = {}) => eraseAt(seatOf(name), person, deadlineMs),
    async *exportFrom(person, { deadlineMs = 60_000 } = {}) {
      for (const seat of seats.values()) yield* exportFrom(seat, person, deadlineMs);
    },
    async compact(name, { deadlineMs = 3_600_000 } = {}) {
      const { destination } = seatOf(name);
      if (destination.compact === undefined)
        throw new TypeError(`"${name}" has no files of ours that could be compacted.`);
      return inTime(deadlineMs, async (signal) => destination.compact?.({ signal }) as Promise<Compacted>);
    },
    names: () => [...seats.keys()],
    async flush(deadline) {
      await Promise.all(lanes().map((lane) => lane.flush(deadline)));
    },
    async close(deadline) {
      await Promise.all(lanes().map((lane) => lane.shutdown(deadline)));
    },
  };
}

/** Destinations are the host's own code: what is no count is none. */
function countOf(rows: unknown): number | undefined {
  return Number.isSafeInteger(rows) && (rows as number) >= 0 ? (rows as number) : undefined;
}
