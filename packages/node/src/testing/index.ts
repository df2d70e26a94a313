// Beside the rest, because a project that installed this package alone cannot import the core's.
export { type Device, formatDevice } from '@org/track-core';
export { aCanonicalEvent, canonicalEvents } from '../destination/canonical-events.ts';
export {
  type AnswerRow,
  type DestinationCase,
  type DestinationUnderTest,
  destinationContract,
  goldenPayloads,
} from '../destination/destination-contract.ts';
export {
  createScriptedEndpoint,
  type EndpointAnswer,
  type ReceivedRequest,
  type ScriptedEndpoint,
} from '../destination/scripted-endpoint.ts';
export { createFakeCollector, type FakeAnswer, type FakeCollector, type FakeRequest } from './fake-collector.ts';
export { assertTracked, type TrackMatchers, trackMatchers } from './matchers.ts';
export { createTestTracker, type TestTracker, type TestTrackerOptions } from './test-tracker.ts';
