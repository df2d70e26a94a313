import type { Destination } from '@org/track-core';
import type { DestinationReport } from '../dispatch/books.ts';
import type { Standing } from '../server/operations.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** Waiting for longer than this is no pause between two deliveries. */
const lateMs = 15 * 60_000;

/** Platforms that are down are mostly back within this time. The law gives a month. */
const lateErasureMs = 24 * 3_600_000;

/** What the log holds, and how far each destination is. */
export function examineStanding(
  { stats, progress, destinations: reports, consumers, erasures }: Standing,
  destinations: readonly Pick<Destination, 'name'>[],
  now: number,
): readonly Finding[] {
  const names = new Set(destinations.map(({ name }) => name));
  return [
    ...examineLeftovers(stats.log),
    ...examineErasures(erasures, now),
    ...[...names].map((name) =>
      examineDelivery(
        name,
        progress[name]?.oldestReceivedAt,
        reports.find((report) => report.name === name),
        now,
      ),
    ),
    ...consumers
      .filter((name) => !names.has(name))
      .map((name) => {
        const message = `The log keeps everything for "${name}", which is no destination any more.`;
        return findingsAbout('destinations').warn(message, `track forget ${name}, or put it back into the config.`);
      }),
  ];
}

function examineErasures(
  { underWay, oldestAskedAt = Number.POSITIVE_INFINITY, waitsFor = [], failed }: Standing['erasures'],
  now: number,
): readonly Finding[] {
  const { warn } = findingsAbout('erasures');
  const isLate = now - oldestAskedAt > lateErasureMs;
  const whom = waitsFor.length === 0 ? 'the log' : waitsFor.join(', ');
  return [
    ...(underWay > 0 ? [warn(`${underWay} are not done.`, 'track receipts says who is asked again, and when.')] : []),
    ...(isLate
      ? [
          warn(
            `The oldest waits since ${new Date(oldestAskedAt).toISOString()}, for ${whom}.`,
            'track receipts --json says what was answered last; 30 days after it was asked for it is given up.',
          ),
        ]
      : []),
    ...failed.map((name) =>
      warn(`"${name}" never agreed to forget somebody.`, 'Erase them there yourself; track receipts says since when.'),
    ),
  ];
}

function examineLeftovers({ quarantined, deadLetters }: Standing['stats']['log']): readonly Finding[] {
  const { ok, warn } = findingsAbout('log');
  const findings: Finding[] = [];
  if (deadLetters > 0) {
    findings.push(warn(`${deadLetters} events were refused by a destination for good.`, 'track dead list'));
  }
  if (quarantined > 0) findings.push(warn(`${quarantined} events are in quarantine.`, 'track quarantine list'));
  return findings.length === 0 ? [ok('There are no dead letters, and nothing is in quarantine.')] : findings;
}

function examineDelivery(
  name: string,
  oldestReceivedAt: number | undefined,
  report: DestinationReport | undefined,
  now: number,
): Finding {
  const { ok, warn, fail } = findingsAbout(`destination ${name}`);
  const errors = Object.entries(report?.errors ?? {}).map(([reason, count]) => `${reason} (${count})`);
  const since = errors.length === 0 ? '' : ` Since the start: ${errors.join(', ')}.`;
  if (report?.state === 'stopped') {
    const message = `It does not know us, or does not let us in: ${report.stopReason ?? 'no reason told'}.${since}`;
    return fail(message, 'Put its key or address right, and start again; its events wait in the log.');
  }
  if (report?.state === 'paused') return warn('It is paused.', 'resume() makes it go on; its events wait in the log.');
  if (oldestReceivedAt === undefined) return ok(`It has everything.${since}`);
  if (report !== undefined && report.state !== 'closed') {
    const advice =
      'It is tried again by itself, and its events wait in the log; the server’s lines say what it answers.';
    return warn(`Its last delivery failed.${since}`, advice);
  }
  if (now - oldestReceivedAt <= lateMs) return ok(`It is being delivered to.${since}`);
  const message = `Something waits since ${new Date(oldestReceivedAt).toISOString()}.${since}`;
  return warn(message, 'The server’s lines say what the destination answers; nothing is lost meanwhile.');
}
