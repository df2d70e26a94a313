export {
  type AnyPlan,
  type CallOptions,
  type Consent,
  type ConsentCategory,
  type ConsentPreferences,
  type ConsentState,
  type Diagnostic,
  definePlan,
  type EventContext,
  type EventPlan,
  type OnDiagnostic,
  type Plan,
  type Plugin,
  type Receipt,
  type Stats,
  type TrackEvent,
  type Tracker,
  type Verdict,
} from '@org/track-core';
export { type AttributionOptions, attribution } from './attribution/attribution.ts';
export type { Campaign, Touch } from './attribution/read-touch.ts';
export { type AutocaptureOptions, autocapture } from './capture/autocapture.ts';
export { clicks } from './capture/clicks.ts';
export { deadClicks } from './capture/dead-clicks.ts';
export { type DownloadsOptions, downloads } from './capture/downloads.ts';
export { type EngagementOptions, engagement } from './capture/engagement.ts';
export { type ErrorsOptions, errors } from './capture/errors.ts';
export { forms } from './capture/forms.ts';
export { type ImpressionsOptions, impressions } from './capture/impressions.ts';
export { type MediaOptions, media } from './capture/media.ts';
export { type OutboundLinksOptions, outboundLinks } from './capture/outbound-links.ts';
export { pageViews } from './capture/page-views.ts';
export { rageClicks } from './capture/rage-clicks.ts';
export { type ScrollDepthOptions, scrollDepth } from './capture/scroll-depth.ts';
export { staggered } from './capture/staggered.ts';
export { webVitals } from './capture/web-vitals.ts';
export { type ErasedIds, type ErasureOptions, erasure } from './consent/erasure.ts';
export { type GoogleConsentOptions, googleConsent } from './consent/google-consent.ts';
export { sharedConsent } from './consent/shared-consent.ts';
export { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';
export { type CookieCheckOptions, cookieCheck } from './identity/cookie-check.ts';
export { oneStart } from './identity/one-start.ts';
export { type PageOnlyOptions, pageOnly } from './identity/page-only.ts';
export { readVisitor, type Visitor } from './identity/read-visitor.ts';
export { hostOnly, rootDomain } from './identity/root-domain.ts';
export type { StoragePart } from './identity/storage-part.ts';
export { type RateLimitOptions, rateLimit } from './plugin/rate-limit.ts';
export { redaction } from './plugin/redaction.ts';
export { type SamplingOptions, sampling } from './plugin/sampling.ts';
export { type SequenceOptions, sequence } from './plugin/sequence.ts';
export { servedPage } from './plugin/served-page.ts';
export { type QueuedCall, replay } from './stub/replay.ts';
export { beacon } from './transport/beacon.ts';
export { compressed } from './transport/compressed.ts';
export { deferred } from './transport/deferred.ts';
export type { DeliveryPart } from './transport/delivery-part.ts';
export {
  type DeliveryState,
  type DeliveryStateOptions,
  type DeliveryStatePart,
  deliveryState,
} from './transport/delivery-state.ts';
export { eager } from './transport/eager.ts';
export { numbered } from './transport/numbered.ts';
export { takeover } from './transport/takeover.ts';
