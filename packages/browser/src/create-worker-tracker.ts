import {
  type AnyPlan,
  attempt,
  type Clock,
  type ConsentPreferences,
  createConsent,
  createTracker as createCoreTracker,
  createIds,
  createQueue,
  type Decision,
  type Outbox,
  type Plan,
  type Tracker,
  type Transport,
} from '@org/track-core';
import { name as libraryName, version } from '../package.json';
import { capturePlugin } from './capture/capture-plugin.ts';
import { checkWorkerOptions } from './check-worker-options.ts';
import { isGpcOn } from './consent/privacy-signals.ts';
import type { BrowserTrackerOptions } from './create-browser-tracker.ts';
import { createHandedIdentity, type HandedIds } from './identity/handed-identity.ts';
import { holdUndecided } from './outbox/hold-undecided.ts';
import { createIndexedDbOutbox } from './outbox/indexed-db-outbox.ts';
import { browserClock } from './runtime/browser-clock.ts';
import { isDevelopment } from './runtime/is-development.ts';
import { listen } from './runtime/page-lifecycle.ts';
import { readWorkerContext } from './runtime/worker-context.ts';
import { createPageTransport } from './transport/page-transport.ts';

/**
 * Who it works for is handed in, as `readVisitor` tells it: `anonymousId`, `userId`, `sessionId`. Without one of the first
 * two, here or with a call, an event is dropped as `no-identity`.
 */
export interface WorkerTrackerOptions
  extends HandedIds,
    Pick<BrowserTrackerOptions, 'endpoint' | 'writeKey' | 'plugins' | 'purposeOf' | 'queue' | 'onDiagnostic'> {
  /** A worker remembers no decision: hand it in, and later ones with `consent.set()`. */
  readonly consent?: {
    /** What it means that nothing was handed in. `opt-in`: up to 200 events wait in memory for a yes. Default `opt-in`. */
    readonly model?: 'opt-in' | 'opt-out';
    /** What the person said. */
    readonly initial?: ConsentPreferences;
    /** When they said it, epoch milliseconds. */
    readonly decidedAt?: number;
  };
}

/** What a tracker is made of, where that is not the browser's own. */
export interface WorkerParts {
  readonly clock?: Clock;
  readonly outbox?: Outbox;
  readonly transport?: Transport;
}

const library = { name: `${libraryName}/worker`, version };

/**
 * Starts tracking in a worker of any kind: dedicated, shared or service. Throws only for a wrong option.
 *
 * Events wait in IndexedDB, apart from those of pages; what a worker leaves that was terminated, the next one finds. Cookies
 * are never written, and no context of a page is made up. A browser may end a worker at any moment: `await receipt.durable`,
 * and in a service worker `event.waitUntil(tracker.flush())`.
 *
 * Where there is no browser the tracker is inert, and counts every call as dropped (`shutdown`).
 */
export function createWorkerTracker<P extends Plan = AnyPlan>(options: WorkerTrackerOptions): Tracker<P, 'browser'>;
// What follows is no part of the interface: tests hand in parts.
export function createWorkerTracker(
  options: WorkerTrackerOptions,
  parts: WorkerParts = {},
): Tracker<AnyPlan, 'browser'> {
  if (isDevelopment) checkWorkerOptions(options);
  const isBrowser = typeof location === 'object';
  const { writeKey, purposeOf, onDiagnostic, consent: { model, initial, decidedAt } = {} } = options;
  const clock = parts.clock ?? browserClock;
  const ids = createIds(clock);
  let said: Decision | undefined = initial && decidedAt ? [initial, decidedAt] : undefined;
  const consent = createConsent({
    initial,
    undecided: model === 'opt-out' || undefined,
    store: {
      // What the page says later comes as a choice.
      load() {
        const consent = said;
        said = undefined;
        return { consent };
      },
    },
    gpc: isGpcOn(),
    now: clock.now,
  });
  // A worker that was made of a blob has no address that a path could be read against.
  const endpoint = attempt(() => new URL(options.endpoint, location.origin).href) ?? options.endpoint;
  const outbox =
    parts.outbox ??
    createIndexedDbOutbox({
      clock,
      // A page never gets a worker's leftovers, nor the other way round: what each knows of consent differs.
      name: `jn:worker:${options.endpoint}:${writeKey}`,
      mayStore: () => isBrowser && !!consent.allows('analytics'),
      onDiagnostic,
    });
  const queue = createQueue({
    outbox: holdUndecided(outbox, ({ purpose }) => consent.allows(purpose) === undefined),
    transport: parts.transport ?? createPageTransport({ endpoint, writeKey, clock }),
    clock,
    limits: options.queue,
    allow: ({ purpose }) => !!consent.allows(purpose),
    onDiagnostic,
  });
  const tracker = createCoreTracker<AnyPlan, 'browser'>({
    queue,
    clock,
    ids,
    consent,
    identity: createHandedIdentity(options),
    library,
    context: readWorkerContext,
    purposeOf,
    onDiagnostic,
    plugins: isBrowser
      ? [
          ...(options.plugins ?? []),
          capturePlugin('worker', (_, signal) => listen('online', queue.flush as () => void, signal)),
        ]
      : [],
  });
  if (!isBrowser) void tracker.shutdown();
  return tracker;
}
