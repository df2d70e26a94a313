export {
  type AnyPlan,
  type CallOptions,
  type Clock,
  type CollectedEvent,
  type Compacted,
  type ConsentCategory,
  type ConsentPreferences,
  type Deadline,
  type DeliverOptions,
  type DeliveryOutcome,
  type DeliveryVerdict,
  type Destination,
  type DestinationLimits,
  type Diagnostic,
  definePlan,
  type ErasedRows,
  type ErasePerson,
  type EventContext,
  type EventPlan,
  type JsonObject,
  type Mapped,
  type OnDiagnostic,
  type Outbox,
  type Plan,
  type Plugin,
  type QueueLimits,
  type Receipt,
  type Scope,
  type SendOutcome,
  type SendVerdict,
  type Stats,
  type TrackEvent,
  type Tracker,
  type Transport,
  type Verdict,
} from '@org/track-core';
export type { AddressPolicy } from './collector/client-address.ts';
export type { CollectorLimits, CollectorOptions } from './collector/collector-options.ts';
export {
  type Collector,
  type CollectorStats,
  createCollector,
  type ReceiptsOptions,
} from './collector/create-collector.ts';
export type { CollectorKey } from './collector/keys.ts';
export type { Arrival } from './collector/store-events.ts';
export { createTracker, type NodeTrackerOptions } from './create-node-tracker.ts';
export type { DestinationReport, DestinationState, DestinationStats } from './dispatch/books.ts';
export type { Dispatcher, ErasedAt, ExportedRow } from './dispatch/dispatcher.ts';
export type { Enrichment, Finding, Visitor } from './enrichment/enrichment.ts';
export type { ErasureBegun } from './erasure/create-erasures.ts';
export type { ExpressHandler } from './http/express.ts';
export type { FetchHandler, FetchOptions } from './http/fetch.ts';
export type { NodeHandler } from './http/node.ts';
export type {
  FastifyLike,
  FastifyMiddleware,
  HonoContext,
  HonoMiddleware,
  Middleware,
  RequestMiddleware,
} from './http/request-middleware.ts';
export type { IdentityOptions } from './identity/identity-cookie.ts';
export type { RequestLike } from './identity/request-scope.ts';
export type { ServerTracker } from './identity/request-tracker.ts';
export type { TraceContext } from './identity/trace-of-request.ts';
export type { AcceptedBatch, Appended, BatchFacts, QuarantinedEvent } from './log/accepted-batch.ts';
export type { BatchBody, PackedBody } from './log/batch-body.ts';
export type { Erased, ErasureReceipt, OpenErasure } from './log/erasure-receipt.ts';
export {
  ErasureUnderWayError,
  type Log,
  type LogRecords,
  type LogStats,
  LogUnavailableError,
  type SuppressionList,
} from './log/log.ts';
export type { ConsumerOptions, ConsumerProgress, LogOutbox, PullLimits } from './log/log-outbox.ts';
export type { LogEvent, LogRange, Measured } from './log/log-range.ts';
export { memoryLog } from './log/memory-log.ts';
export type { PersonIds } from './log/person.ts';
export type {
  DeadLetterPage,
  DeadLetterRecord,
  PersonRecord,
  QuarantinedRecord,
  RecordPage,
  Revived,
} from './log/record.ts';
export { type SqliteLogOptions, sqliteLog } from './log/sqlite-log.ts';
export type { AgedOutbox } from './outbox/aged-outbox.ts';
export { type SqliteOutbox, type SqliteOutboxOptions, sqliteOutbox } from './outbox/sqlite-outbox.ts';
export type { EventOrigin, Transformation } from './transformation/transformation.ts';
