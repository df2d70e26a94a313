import { statfsSync, statSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CollectorStats } from '../collector/create-collector.ts';
import type { DestinationReport } from '../dispatch/books.ts';
import type { OpenErasures } from '../log/erasure-receipt.ts';
import { version } from '../version.ts';
import { boundedReasons, type Measure, type Reading } from './measure.ts';

export interface MetricsOptions {
  readonly stats: () => CollectorStats;
  readonly destinations: () => readonly DestinationReport[];
  /** `undefined`: the log has no file. */
  readonly logPath: string | undefined;
  /** `undefined`: the log cannot be read now. */
  readonly erasures: () => OpenErasures | undefined;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
}

/** All that is told of a server, in Prometheus's names. */
export function measuresOf({ stats, destinations, logPath, erasures, now }: MetricsOptions): readonly Measure[] {
  const counter = (name: string, help: string, labels: readonly string[], read: Measure['read']): Measure => ({
    name: `track_${name}_total`,
    kind: 'counter',
    help,
    labels,
    read,
  });
  const gauge = (name: string, help: string, labels: readonly string[], read: Measure['read']): Measure => ({
    name: `track_${name}`,
    kind: 'gauge',
    help,
    labels,
    read,
  });
  const one = (value: number): readonly Reading[] => [[[], value]];
  const ofFile = (value: (path: string) => number): readonly Reading[] =>
    logPath === undefined ? [] : one(value(logPath));
  const ofErasures = (value: (standing: OpenErasures) => number): readonly Reading[] => {
    const standing = erasures();
    return standing === undefined ? [] : one(value(standing));
  };
  const byKey = (record: Readonly<Record<string, number>>): readonly Reading[] =>
    Object.entries(boundedReasons(record)).map(([key, value]) => [[key], value]);
  const ofEach = (pick: (report: DestinationReport) => number | undefined): readonly Reading[] =>
    destinations().flatMap((report): Reading[] => {
      const value = pick(report);
      return value === undefined ? [] : [[[report.name], value]];
    });
  const byReason = (pick: (report: DestinationReport) => Readonly<Record<string, number>>): readonly Reading[] =>
    destinations().flatMap((report) =>
      byKey(pick(report)).map(([[reason = ''], value]): Reading => [[report.name, reason], value]),
    );
  const each = ['destination'];
  const eachReason = ['destination', 'reason'];

  return [
    gauge('build_info', 'What runs: always 1.', ['version'], () => [[[version], 1]]),
    counter('events', 'Events by what became of them at the door.', ['status'], () => byKey(stats().events)),
    counter('requests', 'Requests by the status they were answered with.', ['status'], () => byKey(stats().requests)),
    counter('refusals', 'Requests refused as a whole, by reason.', ['reason'], () => byKey(stats().refusals)),
    counter('retried_batches', 'Batches stored that were not the first try of their sender.', [], () =>
      one(stats().retried),
    ),
    gauge('in_flight_requests', 'Requests worked on now.', [], () => one(stats().inFlight.requests)),
    gauge('in_flight_bytes', 'Bytes of bodies worked on now.', [], () => one(stats().inFlight.bytes)),
    gauge('log_batches', 'Batches in the log.', [], () => one(stats().log.batches)),
    gauge('log_events', 'Events in the log.', [], () => one(stats().log.events)),
    gauge('log_quarantined', 'Events in quarantine.', [], () => one(stats().log.quarantined)),
    gauge('log_dead_letters', 'Dead letters in the log.', [], () => one(stats().log.deadLetters)),
    gauge('log_file_bytes', 'Size of the log, its write-ahead log included.', [], () =>
      ofFile((path) => sizeOf(path) + sizeOf(`${path}-wal`)),
    ),
    gauge('log_disk_free_bytes', "Free room on the log's disk.", [], () => ofFile(freeBytes)),
    gauge('erasures_open', 'Erasures that a destination, or the log, has not done yet.', [], () =>
      ofErasures(({ open }) => open),
    ),
    gauge('erasures_oldest_age_seconds', 'Age of the oldest erasure that is not done; 0 if none.', [], () =>
      ofErasures(({ oldestAskedAt }) => (oldestAskedAt === undefined ? 0 : Math.max(0, now() - oldestAskedAt) / 1_000)),
    ),
    // accepted = delivered + dropped + dead + waiting, at any moment.
    counter('destination_accepted', 'Events taken on for a destination.', each, () =>
      ofEach(({ books }) => books.accepted),
    ),
    counter('destination_delivered', 'Events a destination has.', each, () => ofEach(({ books }) => books.delivered)),
    counter('destination_dropped', 'Events that were not for a destination, by reason.', eachReason, () =>
      byReason(({ books }) => books.dropped),
    ),
    counter('destination_dead', 'Events a destination refused for good, by reason.', eachReason, () =>
      byReason(({ books }) => books.dead),
    ),
    gauge('destination_waiting', 'Events that wait for a destination.', each, () =>
      ofEach(({ books }) => books.pending),
    ),
    gauge('destination_oldest_age_seconds', 'Age of the oldest event that waits; 0 if none.', each, () =>
      ofEach(({ oldestAgeMs = 0 }) => oldestAgeMs / 1_000),
    ),
    gauge('destination_lag_seconds', 'From our 200 to theirs, of the delivery that came through last.', each, () =>
      ofEach(({ lagMs }) => (lagMs === undefined ? undefined : lagMs / 1_000)),
    ),
    gauge('destination_events_per_second', 'Events delivered a second, of late.', each, () =>
      ofEach(({ eventsPerSecond }) => eventsPerSecond),
    ),
    gauge('destination_state', 'How a destination is: 1 for the state it is in.', ['destination', 'state'], () =>
      destinations().map(({ name, state }) => [[name, state], 1]),
    ),
    counter('destination_deliveries', 'Deliveries begun.', each, () => ofEach(({ deliveries }) => deliveries.begun)),
    counter('destination_errors', 'What went wrong in deliveries, by reason.', eachReason, () =>
      byReason(({ errors }) => errors),
    ),
  ];
}

/** Everything measured for Prometheus, and how the process itself is. */
export function createRegistry(measures: readonly Measure[]): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, kind, help, labels, read } of measures) {
    const labelled = (values: readonly string[]): Record<string, string> =>
      Object.fromEntries(labels.map((label, place) => [label, values[place] ?? '']));
    const configuration = { name, help, labelNames: labels, registers: [registry] };
    if (kind === 'counter') {
      new Counter({
        ...configuration,
        collect() {
          this.reset();
          for (const [values, value] of read()) this.inc(labelled(values), value);
        },
      });
    } else {
      new Gauge({
        ...configuration,
        collect() {
          this.reset();
          for (const [values, value] of read()) this.set(labelled(values), value);
        },
      });
    }
  }
  return registry;
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
