import {
  type AnyPlan,
  type ConsentCategory,
  type ConsentPreferences,
  createConsent,
  createTracker as createCoreTracker,
  createIdentity,
  createIds,
  createQueue,
  type DeviceStore,
  type IdentityOptions,
  type OnDiagnostic,
  type Plan,
  type Plugin,
  type QueueLimits,
  type QueueOptions,
  type RetryPolicy,
  type SessionLimits,
  type Tracker,
  type TrackerParts,
} from '@org/track-core';
import { name as libraryName, version } from '../package.json';
import { capturePlugin } from './capture/capture-plugin.ts';
import { checkOptions } from './check-options.ts';
import { isGpcOn } from './consent/privacy-signals.ts';
import { cookieDeviceStore } from './identity/cookie-device-store.ts';
import type { Remembering, StoragePart } from './identity/storage-part.ts';
import { reportListedEndpoint } from './listed-endpoint.ts';
import { createIndexedDbOutbox, type IndexedDbOutboxOptions } from './outbox/indexed-db-outbox.ts';
import { browserClock } from './runtime/browser-clock.ts';
import { isDevelopment } from './runtime/is-development.ts';
import { readContext } from './runtime/page-context.ts';
import { watchPage } from './runtime/page-lifecycle.ts';
import { tellDeveloper } from './tell-developer.ts';
import type { CarryFirst, DeliveryPage, DeliveryPart } from './transport/delivery-part.ts';
import { createPageTransport, type PageTransportOptions } from './transport/page-transport.ts';

export interface BrowserTrackerOptions {
  /** Where the collector listens: a path of this site like `/api/j`, or an http(s) URL. Its steps are made of `\w . -`; no query, no extension. */
  readonly endpoint: string;
  /** Names the source to a collector that has several. It is public. */
  readonly writeKey?: string;
  /** What makes events by itself: `pageViews()`, `clicks()`. Default: nothing. */
  readonly capture?: readonly Plugin[];
  /** What sees each event before it is kept, in this order. */
  readonly plugins?: readonly Plugin[];
  /** What takes part in how batches travel, from the wire outwards: `beacon()`, `deferred()`, `deliveryState()`. Default: `fetch` alone. */
  readonly delivery?: readonly DeliveryPart[];
  /** How the device remembers: `rootDomain()`, `pageOnly()`. Default: in a cookie of this host, and in IndexedDB. */
  readonly storage?: StoragePart;
  readonly consent?: {
    /**
     * What it means that the person has not decided. `opt-in`: nothing is stored or sent before a yes; up to 200 events
     * wait in memory for it. `opt-out`: a yes. Default `opt-in`.
     */
    readonly model?: 'opt-in' | 'opt-out';
    /** What the person said elsewhere. A decision this device remembers comes first. */
    readonly initial?: ConsentPreferences;
  };
  /** Tells what consent a `track` event needs, as a plan's `purposeOf` does. Default: `analytics`, for all. */
  readonly purposeOf?: (event: string | undefined) => ConsentCategory;
  /** When a batch leaves, and how many at once. */
  readonly queue?: Partial<Omit<QueueLimits, keyof RetryPolicy>>;
  /** When a visit ends. Default: after 30 minutes without an event, or 24 hours. */
  readonly session?: Partial<SessionLimits>;
  /** Hears of refused events, failing sends, missing storage. Default: nobody. */
  readonly onDiagnostic?: OnDiagnostic;
}

const library = { name: libraryName, version };

/** What the parts of a tracker are made with; each takes what it needs. */
type Shared = Omit<IdentityOptions, 'session'> & { readonly store: DeviceStore } & IndexedDbOutboxOptions &
  PageTransportOptions &
  Omit<QueueOptions<string>, 'outbox' | 'transport'> &
  Pick<DeliveryPage, 'allow'> &
  Pick<TrackerParts, 'library' | 'context' | 'purposeOf'> &
  Pick<BrowserTrackerOptions, 'session'>;

/**
 * Starts tracking on this page. Throws only for a wrong option; afterwards nothing throws into the page.
 *
 * Where there is no page, as in server-side rendering, the tracker is inert: it listens to nothing, stores and sends
 * nothing, and counts every call as dropped (`shutdown`).
 */
export function createTracker<P extends Plan = AnyPlan>(options: BrowserTrackerOptions): Tracker<P, 'browser'> {
  if (isDevelopment) {
    checkOptions(options);
    options = tellDeveloper(options);
    reportListedEndpoint(options);
  }
  const isPage = typeof document === 'object';
  const shared: Shared = {
    ...options,
    clock: browserClock,
    ids: createIds(browserClock),
    now: browserClock.now,
    store: cookieDeviceStore,
    // Two collectors never get each other's leftovers.
    name: `jn:${options.endpoint}:${options.writeKey}`,
    mayStore: () => isPage && !!consent.allows('analytics'),
    allow: ({ purpose }) => !!consent.allows(purpose),
    limits: options.queue,
    context: readContext,
    library,
    // It may say otherwise of all of this; tests do.
    ...(options.storage as Remembering | undefined),
  };
  const consent = createConsent({
    ...shared,
    ...options.consent,
    undecided: options.consent?.model === 'opt-out' || undefined,
    gpc: isGpcOn(),
  });
  const page = { outbox: createIndexedDbOutbox(shared), ...shared };
  const delivery = (options.delivery ?? []) as readonly CarryFirst[];
  const queue = createQueue({
    ...page,
    transport: delivery.reduce((next, part) => part(next, page), createPageTransport(page)),
  });
  const tracker = createCoreTracker<P, 'browser'>({
    ...shared,
    consent,
    queue,
    identity: createIdentity(shared),
    plugins: isPage
      ? [
          ...(options.capture ?? []),
          ...(options.plugins ?? []),
          // Last: at the page's end the others have their last word before the queue leaves.
          capturePlugin('page', (_, signal) => watchPage(queue.exit, queue.flush as () => void, signal)),
        ]
      : [],
  });
  if (!isPage) void tracker.shutdown();
  return tracker;
}
