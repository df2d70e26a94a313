import type { ConsentCategory, Destination } from '@org/track-core';

const categories: readonly unknown[] = [
  'necessary',
  'functional',
  'analytics',
  'advertising',
] satisfies ConsentCategory[];

/**
 * Refuses at set-up what would fail at the first delivery.
 *
 * @param taken - names of other destinations
 * @throws TypeError with what is wrong
 */
export function checkDestination(where: string, destination: Destination, taken: ReadonlySet<string>): void {
  if (typeof destination?.name !== 'string' || destination.name === '') {
    throw new TypeError(`${where}.name: expected a non-empty string, got ${describe(destination?.name)}`);
  }
  if (taken.has(destination.name)) {
    throw new TypeError(`${where}.name: expected a name of its own, got "${destination.name}" a second time`);
  }
  if (typeof destination.deliver !== 'function') {
    throw new TypeError(`${where}.deliver: expected a function, got ${describe(destination.deliver)}`);
  }
  if (!Array.isArray(destination.requires)) {
    throw new TypeError(
      `${where}.requires: expected a list of consent categories, got ${describe(destination.requires)}`,
    );
  }
  const unknown: unknown = destination.requires.find((category: unknown) => !categories.includes(category));
  if (unknown !== undefined) {
    // Nobody can consent to it: every event would be dropped.
    throw new TypeError(`${where}.requires: expected ${categories.join(', ')}, got ${describe(unknown)}`);
  }
  for (const [limit, value] of Object.entries(destination.limits ?? {})) {
    const isWait = limit === 'maxWaitMs';
    if (value === undefined || (typeof value === 'number' && (value > 0 || (isWait && value === 0)))) continue;
    throw new TypeError(
      `${where}.limits.${limit}: expected a number ${isWait ? 'of 0 or more' : 'above 0'}, got ${describe(value)}`,
    );
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value);
  return value === null ? 'null' : typeof value;
}
