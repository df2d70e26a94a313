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
  createMemoryOutbox,
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
import { checkOptions } from './check-options.ts';
import { isGpcOn } from './consent/privacy-signals.ts';
import { createCookieDeviceStore } from './identity/cookie-device-store.ts';
import { createIndexedDbOutbox, type IndexedDbOutbox } from './outbox/indexed-db-outbox.ts';
import { createBrowserClock } from './runtime/browser-clock.ts';
import { createPageContext } from './runtime/page-context.ts';
import { watchPage } from './runtime/page-lifecycle.ts';
import { createPageTransport } from './transport/page-transport.ts';

export interface BrowserTrackerOptions {
  /** Where the collector listens: a path of this site like `/api/j`, or an http(s) URL. No query, no extension. */
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
  /** Where events wait. Default: IndexedDB, and memory where that is missing. */
  readonly outbox?: Outbox;
  readonly queue?: Partial<QueueLimits>;
  /** When a visit ends. Default: after 30 minutes without an event, or 24 hours. */
  readonly session?: Partial<SessionLimits>;
  /** Hears of refused events, failing sends, missing storage. Default: nobody. */
  readonly onDiagnostic?: OnDiagnostic;
  readonly clock?: Clock;
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
export function createTracker<P extends Plan = AnyPlan>(options: BrowserTrackerOptions): Tracker<P, 'browser'> {
  checkOptions(options as unknown as Record<string, unknown>);
  return typeof document === 'undefined' ? createInertTracker() : createPageTracker(options);
}

function createPageTracker<P extends Plan>(options: BrowserTrackerOptions): Tracker<P, 'browser'> {
  const { endpoint, writeKey, capture = [], plugins = [], clock = createBrowserClock() } = options;
  const { now } = clock;
  const ids = createIds({ now });

  const store = createCookieDeviceStore();
  const remembered = store.load()?.consent;
  const decision = remembered && { initial: remembered.preferences, decidedAt: remembered.decidedAt };
  const consent = createConsent({ ...options.consent, ...decision, gpc: isGpcOn(), now });
  const mayStore = (): boolean => consent.decide('analytics') === 'granted';
  const identity = createIdentity({ ids, now, store, mayStore, session: options.session ?? {} });

  // Two collectors never get each other's leftovers.
  const name = ['jn', endpoint, writeKey].join(':');
  const outbox: Partial<IndexedDbOutbox> & Outbox =
    options.outbox ?? createIndexedDbOutbox({ ...options, clock, name, mayStore });
  const queue = createQueue({
    ...options,
    outbox,
    transport: options.transport ?? createPageTransport({ endpoint, writeKey, clock }),
    clock,
    limits: options.queue ?? {},
    allow: ({ purpose }) => consent.decide(purpose) === 'granted',
  });

  const page: Plugin = {
    name: 'page',
    setup() {
      const stops = [
        consent.onChange(() => outbox.prepare?.()),
        watchPage({ onExit: queue.exit, onReturn: () => void queue.flush() }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
  return createCoreTracker({
    ...options,
    queue,
    clock,
    ids,
    consent,
    identity,
    library,
    context: createPageContext(),
    // The page comes last: at its end the others have their last word before the queue leaves.
    plugins: [...capture, ...plugins, page],
  });
}

/** For a page that is being rendered on a server. */
function createInertTracker<P extends Plan>(): Tracker<P, 'browser'> {
  const clock = createBrowserClock();
  const { now } = clock;
  const outbox = createMemoryOutbox();
  const transport: Transport = { send: async () => ({ kind: 'unconfirmed' }) };
  const tracker = createCoreTracker<P, 'browser'>({
    queue: createQueue({ outbox, transport, clock }),
    clock,
    ids: createIds({ now }),
    consent: createConsent({ now }),
    library,
  });
  void tracker.shutdown();
  return tracker;
}
