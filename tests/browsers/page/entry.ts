// What the pages of these tests run: every part there is, each with its defaults unless a test says otherwise.
import {
  attribution,
  autocapture,
  type BrowserTrackerOptions,
  clicks,
  compressed,
  createTracker,
  deadClicks,
  deferred,
  deliveryState,
  downloads,
  engagement,
  errors,
  forms,
  googleConsent,
  impressions,
  media,
  outboundLinks,
  pageOnly,
  pageViews,
  rageClicks,
  redaction,
  scrollDepth,
  sequence,
  staggered,
  type Tracker,
  webVitals,
} from '@org/track-browser';

/** What can be said of the tracker in JSON. */
export interface PageOptions {
  /** Default: agreed to analytics. */
  readonly consent?: BrowserTrackerOptions['consent'];
  /** Batches travel packed, and those of the page's end in the browser's hands. Default: `fetch` alone. */
  readonly hasDeliveryParts?: boolean;
  /** Nothing is kept beyond the page. Default: as ever. */
  readonly isPageOnly?: boolean;
  /** All but page views start one after the other. Default: at once. */
  readonly isStaggered?: boolean;
  /** Autocapture says what buttons read, masked. Default: no. */
  readonly hasText?: boolean;
}

declare global {
  interface Window {
    tracker: Tracker;
  }
}

export function begin({ consent, hasDeliveryParts, isPageOnly, isStaggered, hasText }: PageOptions): void {
  const others = [
    ...[engagement(), scrollDepth(), clicks(), autocapture({ text: hasText ? 'masked' : 'none' })],
    ...[outboundLinks(), downloads(), rageClicks(), deadClicks(), forms(), impressions(), media()],
    ...[webVitals(), errors()],
  ];
  window.tracker = createTracker({
    endpoint: '/api/j',
    capture: [pageViews(), ...(isStaggered ? staggered(...others) : others)],
    plugins: [attribution(), googleConsent(), redaction(), sequence()],
    delivery: hasDeliveryParts ? [compressed(), deferred(), deliveryState()] : [],
    ...(isPageOnly && { storage: pageOnly() }),
    consent: consent ?? { initial: { analytics: true } },
  });
}
