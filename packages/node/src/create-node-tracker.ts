import {
  type AnyPlan,
  type Clock,
  type ConsentPreferences,
  createConsent,
  createTracker as createCoreTracker,
  createIds,
  createMemoryOutbox,
  createQueue,
  createRandomPool,
  type Entry,
  type OnDiagnostic,
  type Outbox,
  type Plan,
  type Plugin,
  purposeOf,
  type Queue,
  type QueueLimits,
  report,
  type Scope,
  type SendOutcome,
  type Tracker,
  type Transport,
} from '@org/track-core';

import { checkTrackerOptions } from './check-tracker-options.ts';
import type { AddressPolicy } from './collector/client-address.ts';
import { createIdentityCookie, type IdentityOptions } from './identity/identity-cookie.ts';
import { type RequestLike, scopeOfRequest } from './identity/request-scope.ts';
import { createRequestTracker, type ServerTracker } from './identity/request-tracker.ts';
import { type AgedOutbox, createAgedOutbox, withAge } from './outbox/aged-outbox.ts';
import { holdProcess } from './runtime/hold-process.ts';
import { createNodeClock } from './runtime/node-clock.ts';
import { onProcessEnd } from './runtime/process-end.ts';
import { createServed } from './served/served-event.ts';
import { createHttpTransport } from './transport/http-transport.ts';
import { isolateBadEvents } from './transport/isolate-bad-events.ts';
import { name, version } from './version.ts';

/** What trackers of both kinds can be told. */
interface ServerTrackerOptions<P extends Plan> {
  /** Says which consent an event needs. Without it every event is `analytics`. */
  readonly plan?: P;
  /**
   * Consent the backend vouches for, used where the person's own decision is not known from a request or scope.
   * Default none: such events are dropped as `consent` unless their purpose is `necessary`.
   */
  readonly consent?: ConsentPreferences;
  /** The collector's `identity`, where it has one: events inside of a request then carry the id of its signed cookie. */
  readonly identity?: IdentityOptions;
  /** What of the address behind `for(request)` is kept. Default `truncated`: `203.0.113.0`, `2001:db8:abcd::`. */
  readonly ip?: AddressPolicy;
  readonly onDiagnostic?: OnDiagnostic;
  /** Default: the process's own. */
  readonly clock?: Clock;
}

export interface NodeTrackerOptions<P extends Plan = AnyPlan> extends ServerTrackerOptions<P> {
  /** Absolute http or https URL of a collector. */
  readonly endpoint: string;
  /** Tells the collector who sends. It makes these events `server` events: keep it from browsers. */
  readonly writeKey: string;
  readonly plugins?: readonly Plugin[];
  /** When a batch leaves. Defaults: `nodeQueueLimits`, else those of `QueueLimits`. */
  readonly queue?: Partial<QueueLimits>;
  /** Where events wait. Default: memory, bounded by `maxQueued`. */
  readonly outbox?: Outbox | AgedOutbox;
  /** Events that may wait in memory; beyond it the oldest are dropped as `outbox-full`. Default 10,000. */
  readonly maxQueued?: number;
  /** Default: HTTP to `endpoint`. */
  readonly transport?: Transport;
  /** In [0, 1), spreads retries. Default `Math.random`. */
  readonly random?: () => number;
}

export interface InProcessTrackerOptions<P extends Plan = AnyPlan> extends ServerTrackerOptions<P> {
  /** The collector's own way in: resolves once the entries are in its log, or says why not. */
  readonly accept: (entries: readonly Entry[]) => Promise<SendOutcome>;
}

/** Between backends batches may be larger than a page's: one below the 500 KB that Segment-compatible collectors take. */
export const nodeQueueLimits: Pick<QueueLimits, 'maxEvents' | 'maxBytes' | 'maxWaitMs' | 'timeoutMs'> = {
  maxEvents: 250,
  maxBytes: 450 * 1024,
  maxWaitMs: 500,
  timeoutMs: 15_000,
};

/** In the collector's own process a batch costs next to nothing: it gathers one request's events, no more. */
const inProcessLimits: Partial<QueueLimits> = { maxEvents: 500, maxBytes: 1024 * 1024, maxWaitMs: 10 };

const defaultMaxQueued = 10_000;

/** Room in memory for each event that may wait, bytes of JSON. */
const bytesPerQueued = 2_048;

/**
 * A tracker that sends to a collector elsewhere.
 *
 * It neither keeps the process alive nor ends it, save while the host awaits `flush` or `shutdown`. When the process ends by itself, or by SIGTERM or SIGINT, what waits is
 * sent first, for 5 seconds at most after a signal; what then could not be delivered is told to `onDiagnostic` as
 * `undelivered`. Where the host listens for the signal, it says when the process ends: let it `await tracker.shutdown()`.
 *
 * @throws TypeError for an option that is unknown, missing or not what it must be
 */
export function createTracker<P extends Plan = AnyPlan>(options: NodeTrackerOptions<P>): ServerTracker<P> {
  checkTrackerOptions(options);
  const { endpoint, writeKey, clock = createNodeClock(), random, onDiagnostic, maxQueued = defaultMaxQueued } = options;
  const given = Object.entries(options.queue ?? {}).filter(([, limit]) => limit !== undefined);
  const limits = { ...nodeQueueLimits, ...Object.fromEntries(given) };
  const http = options.transport === undefined ? createHttpTransport({ endpoint, writeKey, clock }) : undefined;
  const outbox = createAgedOutbox(
    options.outbox ?? createMemoryOutbox({ maxEvents: maxQueued, maxBytes: maxQueued * bytesPerQueued }),
  );
  const queue = createQueue({
    outbox,
    transport: options.transport ?? isolateBadEvents(http as Transport, { clock, timeoutMs: limits.timeoutMs }),
    clock,
    limits,
    ...(random === undefined ? {} : { random }),
    ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
  });
  return createServerTracker({ ...options, clock }, withAge(queue, outbox, clock), () => http?.close());
}

/** The collector's own tracker: events go straight into its log. */
export function createInProcessTracker<P extends Plan = AnyPlan>(
  options: InProcessTrackerOptions<P>,
): ServerTracker<P> {
  const { accept, clock = createNodeClock(), onDiagnostic } = options;
  const outbox = createAgedOutbox(
    createMemoryOutbox({ maxEvents: defaultMaxQueued, maxBytes: defaultMaxQueued * bytesPerQueued }),
  );
  const queue = createQueue({
    outbox,
    transport: { send: accept },
    clock,
    limits: inProcessLimits,
    ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
  });
  return createServerTracker({ ...options, clock }, withAge(queue, outbox, clock));
}

interface ServerParts<P extends Plan> extends ServerTrackerOptions<P> {
  readonly clock: Clock;
  readonly plugins?: readonly Plugin[];
}

function createServerTracker<P extends Plan>(
  parts: ServerParts<P>,
  queue: Queue,
  onShutdown?: () => void,
): ServerTracker<P> {
  const { clock, plan, plugins, consent: vouched, identity, ip = 'truncated', onDiagnostic } = parts;
  const ids = createIds({ now: clock.now, random64: createRandomPool() });
  let isClosed = false;
  const stopWatching = onProcessEnd({
    finish(deadlineMs) {
      return queue.stats().pending > 0 ? queue.flush({ deadlineMs }) : undefined;
    },
    leave() {
      const { pending } = queue.stats();
      if (pending > 0) report(onDiagnostic, 'undelivered', `${pending} events when the process ended`);
    },
  });
  const tracker = createCoreTracker<P, 'server'>({
    queue: {
      ...queue,
      async shutdown(deadline) {
        isClosed = true;
        await queue.shutdown(deadline);
        stopWatching();
        onShutdown?.();
      },
    },
    clock,
    ids,
    // Nobody is there to decide later.
    consent: createConsent({ now: clock.now, gpc: false, initial: vouched, undecided: false }),
    library: { name, version },
    purposeOf: (event) => purposeOf(plan, event),
    ...(plugins === undefined ? {} : { plugins }),
    ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
  });
  const identityCookie = identity && createIdentityCookie(identity, clock.now);
  const scopeOf = (request: RequestLike): Scope =>
    scopeOfRequest(request, { vouched: tracker.consent.get().preferences, ip, identityCookie });
  const refusal = (): string | undefined => (isClosed ? 'shutdown' : undefined);
  const served = createServed({ queue, clock, ids, refusal, onDiagnostic });
  return { ...createRequestTracker(holding(tracker), scopeOf, onDiagnostic), served };
}

/** The same tracker, for which the process stays alive while its host waits for it. */
function holding<P extends Plan>(tracker: Tracker<P, 'server'>): Tracker<P, 'server'> {
  return {
    ...tracker,
    flush: (deadline) => holdProcess(tracker.flush(deadline)),
    shutdown: (deadline) => holdProcess(tracker.shutdown(deadline)),
    with: (scope) => holding(tracker.with(scope)),
  };
}
