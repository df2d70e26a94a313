import type { Destination } from '@org/track-core';
import { type Finding, findingsAbout } from './finding.ts';

/** How long a destination may take to open, milliseconds. */
const openWithinMs = 10_000;

/** Opens each destination as the server would, and closes it. */
export function tryDestinations(destinations: readonly Destination[]): Promise<readonly Finding[]> {
  return Promise.all(destinations.map(tryDestination));
}

async function tryDestination(destination: Destination): Promise<Finding> {
  const { ok, fail } = findingsAbout(`destination ${destination.name}`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${openWithinMs / 1_000} s`)), openWithinMs);
  });
  try {
    await Promise.race([openAndClose(destination), late]);
    return ok(destination.open === undefined ? 'It needs no opening; what it answers shows with events.' : 'It opens.');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`It does not open: ${reason}`, 'Until it does its events wait in the log.');
  } finally {
    clearTimeout(timer);
  }
}

async function openAndClose(destination: Destination): Promise<void> {
  await destination.open?.();
  if (destination.open !== undefined) await destination.close?.();
}
