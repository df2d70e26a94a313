import { statfsSync, statSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CollectorStats } from '../collector/create-collector.ts';
import type { ConsumerProgress } from '../log/log.ts';
import type { DeliveryCounts } from './observe-destination.ts';

export interface MetricsOptions {
  readonly stats: () => CollectorStats;
  readonly deliveries: ReadonlyMap<string, DeliveryCounts>;
  readonly progress: (destination: string) => ConsumerProgress | undefined;
  readonly now: () => number;
  /** `undefined`: the log has no file. */
  readonly logPath: string | undefined;
}

/** Labels are our own words: statuses, names of destinations, reasons. What is none of those is counted as `other`. */
const reasonPattern = /^[a-z0-9][a-z0-9_.:-]{0,59}$/i;

/** Different reasons of one destination that are told apart; a destination can make up as many as it likes. */
const maxReasons = 50;

/** What reasons with labels become: bounded in number, and nothing but words. */
export function boundedReasons(counts: Readonly<Record<string, number>>): Record<string, number> {
  const bounded: Record<string, number> = {};
  let others = 0;
  for (const [reason, count] of Object.entries(counts)) {
    const isTold = reasonPattern.test(reason) && (reason in bounded || Object.keys(bounded).length < maxReasons);
    if (isTold) bounded[reason] = (bounded[reason] ?? 0) + count;
    else others += count;
  }
  return others === 0 ? bounded : { ...bounded, other: (bounded.other ?? 0) + others };
}

/** The books in Prometheus's words, read when they are asked for. */
export function createMetrics({ stats, deliveries, progress, now, logPath }: MetricsOptions): Registry {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });

  function counts(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [readonly string[], number]>,
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labelled(labelNames, labels), value);
      },
    });
  }

  function levels(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [readonly string[], number]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labelled(labelNames, labels), value);
      },
    });
  }

  const byKey = (record: Readonly<Record<string, number>>): (readonly [readonly string[], number])[] =>
    Object.entries(boundedReasons(record)).map(([key, value]) => [[key], value]);
  const books = (): [string, CollectorStats['destinations'][string]][] => Object.entries(stats().destinations);
  const ofEach = (pick: (books: CollectorStats['destinations'][string]) => number): [string[], number][] =>
    books().map(([name, own]) => [[name], pick(own)]);
  const byReason = (
    pick: (books: CollectorStats['destinations'][string]) => Readonly<Record<string, number>>,
  ): [string[], number][] =>
    books().flatMap(([name, own]) =>
      Object.entries(boundedReasons(pick(own))).map(([reason, value]): [string[], number] => [[name, reason], value]),
    );

  counts('track_events_total', 'Events by what became of them at the door.', ['status'], () => byKey(stats().events));
  counts('track_requests_total', 'Requests by the status they were answered with.', ['status'], () =>
    byKey(stats().requests),
  );
  counts('track_refusals_total', 'Requests refused as a whole, by reason.', ['reason'], () => byKey(stats().refusals));
  levels('track_in_flight_requests', 'Requests worked on now.', [], () => [[[], stats().inFlight.requests]]);
  levels('track_in_flight_bytes', 'Bytes of bodies worked on now.', [], () => [[[], stats().inFlight.bytes]]);
  levels('track_log_batches', 'Batches in the log.', [], () => [[[], stats().log.batches]]);
  levels('track_log_events', 'Events in the log.', [], () => [[[], stats().log.events]]);
  levels('track_log_quarantined', 'Events in quarantine.', [], () => [[[], stats().log.quarantined]]);
  levels('track_log_dead_letters', 'Dead letters in the log.', [], () => [[[], stats().log.deadLetters]]);
  levels('track_log_file_bytes', 'Size of the log, its write-ahead log included.', [], () =>
    logPath === undefined ? [] : [[[], sizeOf(logPath) + sizeOf(`${logPath}-wal`)]],
  );
  levels('track_log_disk_free_bytes', "Free room on the log's disk.", [], () =>
    logPath === undefined ? [] : [[[], freeBytes(logPath)]],
  );

  // accepted = delivered + dropped + dead + waiting, at any moment.
  const destination = ['destination'];
  const reason = ['destination', 'reason'];
  counts('track_destination_accepted_total', 'Events taken on for a destination.', destination, () =>
    ofEach(({ accepted }) => accepted),
  );
  counts('track_destination_delivered_total', 'Events a destination has.', destination, () =>
    ofEach(({ delivered }) => delivered),
  );
  counts('track_destination_dropped_total', 'Events that were not for a destination, by reason.', reason, () =>
    byReason(({ dropped }) => dropped),
  );
  counts('track_destination_dead_total', 'Events a destination refused for good, by reason.', reason, () =>
    byReason(({ dead }) => dead),
  );
  levels('track_destination_waiting', 'Events that wait for a destination.', destination, () =>
    ofEach(({ pending }) => pending),
  );
  levels('track_destination_oldest_age_seconds', 'Age of the oldest batch that waits; 0 if none.', destination, () =>
    books().map(([name]) => {
      const oldest = progress(name)?.oldestReceivedAt;
      return [[name], oldest === undefined ? 0 : Math.max(0, now() - oldest) / 1_000];
    }),
  );
  counts('track_destination_deliveries_total', 'Deliveries begun.', destination, () =>
    [...deliveries].map(([name, own]) => [[name], own.deliveries]),
  );
  counts('track_destination_delivery_seconds_total', 'Time spent in deliveries.', destination, () =>
    [...deliveries].map(([name, own]) => [[name], own.seconds]),
  );
  counts('track_destination_errors_total', 'Deliveries that failed, by reason.', reason, () =>
    [...deliveries].flatMap(([name, own]) =>
      Object.entries(boundedReasons(own.failures)).map(([why, value]): [string[], number] => [[name, why], value]),
    ),
  );
  return registry;
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, place) => [name, values[place] ?? '']));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What users other than root may still write. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.NaN;
  }
}
