export * from '../destination/testing.ts';
export { createFakeCollector, type FakeAnswer, type FakeCollector, type FakeRequest } from './fake-collector.ts';
export { assertTracked, type TrackMatchers, trackMatchers } from './matchers.ts';
export { createTestTracker, type TestTracker, type TestTrackerOptions } from './test-tracker.ts';
