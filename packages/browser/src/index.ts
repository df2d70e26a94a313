export type { Plugin, Receipt, Stats, Tracker } from '@org/track-core';
export { clicks } from './capture/clicks.ts';
export { pageViews } from './capture/page-views.ts';
export { type BrowserTrackerOptions, createTracker } from './create-browser-tracker.ts';
export { type RateLimitOptions, rateLimit } from './plugin/rate-limit.ts';
export { type SamplingOptions, sampling } from './plugin/sampling.ts';
export { type SequenceOptions, sequence } from './plugin/sequence.ts';
export { beacon } from './transport/beacon.ts';
export type { DeliveryPart } from './transport/delivery-part.ts';
