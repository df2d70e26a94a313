import {
  type AnyPlan,
  type Clock,
  type ConsentCategory,
  type ConsentModel,
  type ConsentPreferences,
  createConsent,
  createTracker as createCoreTracker,
  createIdentity,
  createIds,
  createQueue,
  type OnDiagnostic,
  type Outbox,
  type Plan,
  type Plugin,
  type QueueLimits,
  type SessionLimits,
  type Tracker,
  type Transport,
} from '@org/track-core';
import { name as libraryName, version } from '../package.json';
import { capturePlugin } from './capture/capture-plugin.ts';
import { checkOptions } from './check-options.ts';
import { isGpcOn } from './consent/privacy-signals.ts';
import { cookieDeviceStore } from './identity/cookie-device-store.ts';
import { createIndexedDbOutbox, type IndexedDbOutbox } from './outbox/indexed-db-outbox.ts';
import { browserClock } from './runtime/browser-clock.ts';
import { readContext } from './runtime/page-context.ts';
import { watchPage } from './runtime/page-lifecycle.ts';
import { createPageTransport } from './transport/page-transport.ts';

export interface BrowserTrackerOptions {
  /** Where the collector listens: a path of this site like `/api/j`, or an http(s) URL. Its steps are made of `\w . -`; no query, no extension. */
  readonly endpoint: string;
  /** Names the source to a collector that has several. It is public. */
  readonly writeKey?: string;
  /** What makes events by itself: `pageViews()`, `clicks()`. Default: nothing. */
  readonly capture?: readonly Plugin[];
  /** What sees each event before it is kept, in this order. */
  readonly plugins?: readonly Plugin[];
  readonly consent?: {
    /** Default `opt-in`: nothing is stored or sent before a yes; up to 200 events wait in memory for it. */
    readonly model?: ConsentModel;
    /** What the person said elsewhere. A decision this device remembers comes first. */
    readonly initial?: ConsentPreferences;
  };
  /** Tells what consent a `track` event needs, as a plan's `purposeOf` does. Default: `analytics`, for all. */
  readonly purposeOf?: (event: string | undefined) => ConsentCategory;
  readonly queue?: Partial<QueueLimits>;
  /** When a visit ends. Default: after 30 minutes without an event, or 24 hours. */
  readonly session?: Partial<SessionLimits>;
  /** Hears of refused events, failing sends, missing storage. Default: nobody. */
  readonly onDiagnostic?: OnDiagnostic;
}

/** What a tracker is made of, where that is not the browser's own. */
export interface PageParts {
  readonly clock?: Clock;
  /** Where events wait. Default: IndexedDB, and memory where that is missing. */
  readonly outbox?: Outbox;
  /** Carries batches. Default: `fetch`. */
  readonly transport?: Transport;
}

const library = { name: libraryName, version };

/**
 * Starts tracking on this page. Throws only for a wrong option; afterwards nothing throws into the page.
 *
 * Where there is no page, as in server-side rendering, the tracker is inert: it listens to nothing, stores and sends
 * nothing, and counts every call as dropped (`closed`).
 */
export function createTracker<P extends Plan = AnyPlan>(options: BrowserTrackerOptions): Tracker<P, 'browser'>;
// What follows is no part of the interface: tests hand in parts.
export function createTracker(options: BrowserTrackerOptions, parts: PageParts = {}): Tracker<AnyPlan, 'browser'> {
  checkOptions(options);
  const { clock = browserClock } = parts;
  const isPage = typeof document === 'object';
  const ids = createIds(clock);

  const consent = createConsent({
    ...options.consent,
    remembered: cookieDeviceStore.load()?.consent,
    gpc: isGpcOn(),
    now: clock.now,
  });
  const mayStore = (): boolean => isPage && consent.decide('analytics') === 'granted';

  // Two collectors never get each other's leftovers.
  const name = ['jn', options.endpoint, options.writeKey].join(':');
  const outbox: Outbox & Partial<IndexedDbOutbox> =
    parts.outbox ?? createIndexedDbOutbox({ ...options, clock, name, mayStore });
  consent.onChange(() => outbox.prepare?.());
  const queue = createQueue({
    ...options,
    outbox,
    transport: parts.transport ?? createPageTransport({ ...options, clock }),
    clock,
    limits: options.queue,
    allow: ({ purpose }) => consent.decide(purpose) === 'granted',
  });

  const tracker = createCoreTracker<AnyPlan, 'browser'>({
    ...options,
    queue,
    clock,
    ids,
    consent,
    identity: createIdentity({ ids, now: clock.now, store: cookieDeviceStore, mayStore, session: options.session }),
    library,
    context: readContext,
    plugins: isPage
      ? [
          ...(options.capture ?? []),
          ...(options.plugins ?? []),
          // Last: at the page's end the others have their last word before the queue leaves.
          capturePlugin('page', (_, signal) => watchPage(queue.exit, () => void queue.flush(), signal)),
        ]
      : [],
  });
  if (!isPage) void tracker.shutdown();
  return tracker;
}
