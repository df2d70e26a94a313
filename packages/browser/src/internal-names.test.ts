import 'fake-indexeddb/auto';
import { deviceCookieName, type Plugin } from '@org/track-core';
import { afterEach, expect, test, vi } from 'vitest';
import { internalNames } from '../internal-names.ts';
import { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Names of all properties in `value`, at any depth. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

/** What the browser's database holds. */
function storedEntries(name: string): Promise<unknown> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('e').objectStore('e').getAll();
      reading.onsuccess = () => resolve(reading.result);
    };
  });
}

test('no name is said twice', () => {
  expect(internalNames).toEqual([...new Set(internalNames)]);
});

test('none is a name of the platform', () => {
  const platform = new Set<string>();
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const member: unknown = Reflect.get(globalThis, name);
    if (typeof member !== 'function') continue;
    for (const inner of [member, member.prototype ?? {}])
      Object.getOwnPropertyNames(inner).map((one) => platform.add(one));
  }
  expect(platform.size).toBeGreaterThan(1_000);
  expect(internalNames.filter((name) => platform.has(name))).toEqual([]);
});

test('none is seen from outside: in the API, on the wire, in the cookie or in the database', async () => {
  const bodies: string[] = [];
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    bodies.push(body);
    return { status: 200, ok: true, headers: new Headers(), text: async () => '{"success":true}' };
  });
  const plugin: Required<Plugin> = { name: 'seen', setup: () => () => {}, process: (event) => event };
  const diagnostics: unknown[] = [];
  // Each option there is: leaving one out is a mistake of types.
  const options: Required<BrowserTrackerOptions> = {
    endpoint: '/api/j',
    writeKey: 'shop',
    capture: [plugin],
    plugins: [plugin],
    consent: { model: 'opt-in', initial: { functional: true, analytics: true, advertising: false } },
    purposeOf: () => 'analytics',
    queue: {
      maxEvents: 100,
      maxBytes: 40_000,
      maxWaitMs: 100,
      concurrency: 1,
      timeoutMs: 5_000,
      retry: { baseDelayMs: 100, maxDelayMs: 1_000, maxAttempts: 3 },
    },
    session: { idleMs: 60_000, maxMs: 600_000 },
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
  };
  const tracker = createTracker(options);
  tracker.consent.set({ analytics: true, advertising: true });
  tracker.track('');
  const call = {
    userId: 'u1',
    anonymousId: 'a1',
    timestamp: new Date(0),
    integrations: {},
    purpose: 'analytics',
  } as const;
  const receipt = tracker.track('Seen', {}, { ...call, messageId: 'm1', context: {} });
  tracker.page('Home');
  tracker.identify('u1', {});
  tracker.group('g1', {});
  tracker.alias('u2');
  await receipt.durable;
  const stored = await storedEntries('jn:/api/j:shop');
  const cookie = decodeURIComponent(document.cookie.split(`${deviceCookieName}=`)[1] ?? '');
  const stats = await tracker.shutdown();

  const seen = [
    { ...tracker, ...call, deadlineMs: 1 },
    { queued: true, durable: true, messageId: '', delivered: await receipt.delivered, reason: '' },
    tracker.consent.get(),
    ...[options, stats, diagnostics, stored, JSON.parse(cookie), bodies.map((body) => JSON.parse(body))],
  ].flatMap(namesIn);
  const known = ['track', 'onChange', 'delivered', 'accepted', 'categoryPreferences', 'batch', 'queuedAt', 'code', 'v'];
  expect(seen).toEqual(expect.arrayContaining(known));
  expect(internalNames.filter((name) => seen.includes(name))).toEqual([]);
});
