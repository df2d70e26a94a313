import type { Destination } from '@org/track-core';
import type { Standing } from '../server/operations.ts';
import { type Finding, findingsAbout } from './finding.ts';

/** Waiting for longer than this is no pause between two deliveries. */
const lateMs = 15 * 60_000;

/** What the log holds, and how far each destination is. */
export function examineStanding(
  { stats, progress, failures, consumers }: Standing,
  destinations: readonly Pick<Destination, 'name'>[],
  now: number,
): readonly Finding[] {
  return [
    ...examineLeftovers(stats.log),
    ...destinations.map(({ name }) => examineDelivery(name, progress[name]?.oldestReceivedAt, failures[name], now)),
    ...consumers
      .filter((name) => !destinations.some((destination) => destination.name === name))
      .map((name) => {
        const message = `The log keeps everything for "${name}", which is no destination any more.`;
        return findingsAbout('destinations').warn(message, `track forget ${name}, or put it back into the config.`);
      }),
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
  failures: Standing['failures'][string] = {},
  now: number,
): Finding {
  const { ok, warn } = findingsAbout(`destination ${name}`);
  const waitedMs = oldestReceivedAt === undefined ? 0 : now - oldestReceivedAt;
  const reasons = Object.entries(failures).map(([reason, count]) => `${reason} (${count})`);
  const since = reasons.length === 0 ? '' : ` Since the start it failed: ${reasons.join(', ')}.`;
  if (waitedMs > lateMs) {
    const message = `Something waits since ${new Date(oldestReceivedAt ?? 0).toISOString()}.${since}`;
    return warn(message, 'The server’s lines say what the destination answers; nothing is lost meanwhile.');
  }
  return oldestReceivedAt === undefined ? ok(`It has everything.${since}`) : ok(`It is being delivered to.${since}`);
}
