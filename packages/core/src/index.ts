export { classifyReferrer, type ReferrerClass, type ReferrerMedium } from './attribution/classify-referrer.ts';
export { type ClickPlatform, clickIdsOf, clickPlatform } from './attribution/click-ids.ts';
export {
  type Consent,
  type ConsentOptions,
  type ConsentState,
  type ConsentStore,
  createConsent,
  isAllowed,
} from './consent/consent.ts';
export { createTracker, type TrackerParts } from './create-tracker.ts';
export type {
  Compacted,
  DeliverOptions,
  DeliveryOutcome,
  DeliveryVerdict,
  Destination,
  DestinationLimits,
  ErasedRows,
  ErasePerson,
  Mapped,
} from './destination/destination.ts';
export type { Entry, Verdict } from './event/entry.ts';
export {
  type CollectorReply,
  type Envelope,
  type EventResult,
  type EventStatus,
  envelopeBody,
} from './event/envelope.ts';
export type {
  AliasCall,
  CollectedEvent,
  CollectorFacts,
  ConsentCategory,
  ConsentContext,
  ConsentPreferences,
  Decision,
  EventBase,
  EventContext,
  EventSource,
  EventType,
  GroupCall,
  IdentifyCall,
  JsonObject,
  JsonValue,
  ObjectInput,
  PageCall,
  PageContext,
  SessionContext,
  TrackCall,
  TrackEvent,
} from './event/event.ts';
export { type EnvelopeLimits, type InvalidEvent, type ParsedEnvelope, parseEnvelope } from './event/parse-envelope.ts';
export { defaultEventLimits, type EventLimits, parseEvent } from './event/parse-event.ts';
export type { Issue, Result } from './event/result.ts';
export { isPageViewId, isServedPage, maxBotLength, pageServed, type ServedPage } from './event/served-page.ts';
export { wellFormedJson } from './event/well-formed-json.ts';
export {
  type Device,
  type DeviceStore,
  deviceCookieName,
  formatDevice,
  readDevice,
} from './identity/device.ts';
export {
  createIdentity,
  type Identity,
  type IdentityOptions,
  type SessionLimits,
  type Who,
} from './identity/identity.ts';
export { parseDevice } from './identity/parse-device.ts';
export { createMemoryOutbox, type MemoryOutboxOptions } from './outbox/memory-outbox.ts';
export type { BatchLimits, Outbox, OutboxDepth, OutboxHost } from './outbox/outbox.ts';
export { checkProperties } from './plan/check-properties.ts';
export { definePlan, type EventPlan, type Plan, plannedEvent, purposeOf } from './plan/plan.ts';
export type { InferInput, StandardIssue, StandardResult, StandardSchemaV1 } from './plan/standard-schema.ts';
export type { Plugin } from './plugin/plugin.ts';
export { createQueue, type Queue, type QueueLimits, type QueueOptions, type QueueStats } from './queue/queue.ts';
export type { RetryPolicy } from './queue/retry-policy.ts';
export { redactEvent } from './redaction/redact-event.ts';
export { redactText } from './redaction/redact-text.ts';
export { type RedactUrlOptions, redactUrl } from './redaction/redact-url.ts';
export { attempt } from './runtime/attempt.ts';
export type { Clock } from './runtime/clock.ts';
export { type Diagnostic, type OnDiagnostic, report } from './runtime/diagnostics.ts';
export { createIds, createRandomPool, type Ids, type IdsOptions } from './runtime/ids.ts';
export { utf8Length } from './runtime/utf8.ts';
export type {
  AnyPlan,
  CallOptions,
  Deadline,
  EventName,
  Losses,
  PropertiesArgument,
  Receipt,
  Scope,
  Stats,
  Tracker,
} from './tracker.ts';
export { whyPathIsListed } from './transport/listed-path.ts';
export { maxRetryAfterMs, outcomeOfResponse } from './transport/outcome-of-response.ts';
export type { RetryReason, SendOptions, SendOutcome, SendVerdict, Transport } from './transport/transport.ts';
