export type { Plugin, Receipt, Stats, Tracker } from '@org/track-core';
export { createWorkerTracker, type WorkerTrackerOptions } from './create-worker-tracker.ts';
export { readVisitor, type Visitor } from './identity/read-visitor.ts';
export { type RateLimitOptions, rateLimit } from './plugin/rate-limit.ts';
export { type SamplingOptions, sampling } from './plugin/sampling.ts';
export { type SequenceOptions, sequence } from './plugin/sequence.ts';
