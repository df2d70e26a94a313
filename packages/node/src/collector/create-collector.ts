import {
  type AnyPlan,
  createIds,
  createRandomPool,
  type Deadline,
  type Entry,
  type EventResult,
  type EventStatus,
  type Plan,
  report,
  type SendOutcome,
  type Stats,
  wellFormedJson,
} from '@org/track-core';
import { limitsOver } from '../config/limits-over.ts';
import { createInProcessTracker } from '../create-node-tracker.ts';
import type { DestinationReport, DestinationStats } from '../dispatch/books.ts';
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts';
import { createErasures, type ErasureBegun } from '../erasure/create-erasures.ts';
import { type ExpressHandler, expressHandler } from '../http/express.ts';
import { type FetchHandler, fetchHandler } from '../http/fetch.ts';
import { type NodeHandler, nodeHandler } from '../http/node.ts';
import { createIdentityCookie } from '../identity/identity-cookie.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';
import type { BatchFacts } from '../log/accepted-batch.ts';
import type { ErasureReceipt } from '../log/erasure-receipt.ts';
import { type LogStats, LogUnavailableError } from '../log/log.ts';
import type { PersonIds } from '../log/person.ts';
import { holdProcess } from '../runtime/hold-process.ts';
import { createNodeClock } from '../runtime/node-clock.ts';
import { createAcceptBatch } from './accept-batch.ts';
import { createAnswer } from './answer-request.ts';
import { type CollectorOptions, checkCollectorOptions, defaultCollectorLimits } from './collector-options.ts';
import { createCors } from './cors.ts';
import { createInFlight } from './in-flight.ts';
import { createAuthenticate, unnamedKey } from './keys.ts';
import { type Arrival, createStoreEvents } from './store-events.ts';

/** What the collector met since it was made, what it holds, and what became of it. */
export interface CollectorStats {
  /** Events by what became of them at the door. */
  readonly events: { readonly [status in 'stored' | EventStatus]: number };
  /** Requests by the status they were answered with. */
  readonly requests: { readonly [status: string]: number };
  /** Requests that were refused as a whole, by reason: `address-limit`, `overloaded`, `unknown-key` … */
  readonly refusals: { readonly [reason: string]: number };
  /** Batches stored that were not their sender's first try, as far as it tells: `numbered()` in a page, Segment's SDKs. */
  readonly retried: number;
  /** What is worked on right now, of what `limits` allow. */
  readonly inFlight: { readonly requests: number; readonly bytes: number };
  readonly log: LogStats;
  /** The books of `collector.tracker`. */
  readonly tracker: Stats;
  /** The books of each destination, by name. */
  readonly destinations: { readonly [name: string]: DestinationStats };
}

/** The first-party end of the line: takes events in, keeps them durably, carries them on. */
export interface Collector<P extends Plan = AnyPlan> {
  /** Request → Response. */
  readonly fetch: FetchHandler;
  /** `createServer(collector.node)`. */
  readonly node: NodeHandler;
  /** `app.use('/api/j', collector.express)`. */
  readonly express: ExpressHandler;
  /** For events born in this process: they go straight into the log. */
  readonly tracker: ServerTracker<P>;
  /**
   * From now on events of this person, by `userId`, `anonymousId` or both, are answered `suppressed`, never stored, and
   * not carried on where they are stored already. Only a hash of each id is kept. Resolves once that survives a crash;
   * rejects with `LogUnavailableError` if it cannot be stored, with `TypeError` for what is no person.
   */
  suppress(person: PersonIds): Promise<void>;
  /**
   * Erases somebody: suppresses them at once, takes them out of log, quarantine and dead letters, and asks every destination
   * to forget them; those that do not agree are asked again for 30 days, over restarts. Resolves after the first round with
   * a receipt without personal data. Rejects as `suppress` does.
   */
  erase(person: PersonIds): Promise<ErasureBegun>;
  /** Receipts of erasures, newest first (at most 100): of one person, by an id of theirs, or by the receipt's own id. */
  receipts(options?: ReceiptsOptions): readonly ErasureReceipt[];
  /**
   * Takes what `suppress` was given off the list again; of somebody who was erased also each of the `anonymousIds` that
   * `erase` told, or what comes from those devices stays suppressed. Rejects with `ErasureUnderWayError` while an erasure of that person
   * is not done: what comes from now on would be erased with it.
   */
  unsuppress(person: PersonIds): Promise<void>;
  /**
   * Takes events that come by another way than a request, out of a file or of quarantine: judged like any other, but
   * none is quarantined. Resolves after the commit with what was not simply stored, by `messageId`; rejects with
   * `LogUnavailableError` if nothing could be.
   */
  submit(events: readonly unknown[], facts: BatchFacts): Promise<ReadonlyMap<string, EventResult>>;
  /** Hears every event that arrives from now on, stored or not. Returns a function that stops it. */
  watch(listener: (arrival: Arrival) => void): () => void;
  stats(): CollectorStats;
  /** How each destination is: state, lag, rate, errors, age of what waits longest. */
  destinations(): readonly DestinationReport[];
  /** Adds, removes, pauses, resumes and replays destinations; the others do not notice. */
  readonly dispatch: Pick<
    Dispatcher,
    'add' | 'remove' | 'pause' | 'resume' | 'replay' | 'erase' | 'exportFrom' | 'compact'
  >;
  /** Resolves when this process's own events are stored and every destination has caught up, or at the deadline (10 s). */
  flush(options?: Deadline): Promise<void>;
  /** Answers 503 from now on, finishes what is under way, flushes until the deadline (10 s), closes destinations and log. */
  close(options?: Deadline): Promise<void>;
}

export interface ReceiptsOptions {
  readonly person?: PersonIds;
  readonly id?: string;
  /** Default 100. */
  readonly limit?: number;
}

const defaultDeadlineMs = 10_000;

/**
 * Makes a collector. It answers 200 once the log has committed, and not before.
 *
 * @throws TypeError for an option that is unknown, missing or not what it must be
 */
export function createCollector<P extends Plan = AnyPlan>(options: CollectorOptions<P>): Collector<P> {
  checkCollectorOptions(options);
  const { log, plan, destinations = [], keys = {}, allowedOrigins = [], consent, onDiagnostic } = options;
  const clock = options.clock ?? createNodeClock();
  const limits = limitsOver(defaultCollectorLimits, options.limits);
  const shared = {
    clock,
    ...(plan === undefined ? {} : { plan }),
    ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
  };

  for (const { source, name = unnamedKey, consent: vouched = consent } of Object.values(keys)) {
    // Its events will be refused unless they carry consent themselves, and few backends' do: better heard now than missed.
    if (source === 'server' && vouched === undefined) report(onDiagnostic, 'no-consent-vouched', name);
  }

  const counts: Record<'stored' | EventStatus, number> = {
    stored: 0,
    duplicate: 0,
    invalid: 0,
    suppressed: 0,
    consent_denied: 0,
    retry: 0,
  };
  let retried = 0;
  const watchers = new Set<(arrival: Arrival) => void>();
  const keyOrigins = Object.values(keys).flatMap(({ allowedOrigins: own = [] }) => own);
  const cors = createCors(allowedOrigins, keyOrigins);
  const authenticate = createAuthenticate({
    keys,
    cors,
    eventsPerSecond: limits.keyEventsPerSecond,
    elapsed: clock.elapsed,
    onDiagnostic,
  });
  const inFlight = createInFlight(limits.maxInFlight, limits.maxInFlightBytes);
  let closing: Promise<void> | undefined;

  const store = createStoreEvents({
    log,
    plan,
    unplanned: options.unplanned ?? 'store',
    enrichments: options.enrichments ?? [],
    transformations: options.transformations ?? [],
    onArrival: noticeArrival,
    isWatched: () => watchers.size > 0,
    onStored(count) {
      counts.stored += count;
    },
    onDiagnostic,
  });
  const accept = createAcceptBatch({
    limits,
    inFlight,
    authenticate,
    consent,
    ip: options.ip ?? 'truncated',
    trustedProxies: options.trustedProxies ?? 0,
    identityCookie: options.identity && createIdentityCookie(options.identity, clock.now),
    clock,
    newId: createIds({ now: clock.now, random64: createRandomPool() }).time,
    store,
    onRetried: () => {
      retried++;
    },
    onDiagnostic,
  });
  const { handle, counts: countsOfRequests } = createAnswer({
    accept,
    authenticate,
    cors,
    isClosing: () => closing !== undefined,
    onDiagnostic,
  });
  const dispatcher = createDispatcher({ log, destinations, ...shared });
  const tracker = createInProcessTracker<P>({
    accept: acceptEntries,
    ...(shared as typeof shared & { plan?: P }),
    ...(consent === undefined ? {} : { consent }),
    ...(options.identity === undefined ? {} : { identity: options.identity }),
    ...(options.ip === undefined ? {} : { ip: options.ip }),
  });

  const erasures = createErasures({
    log,
    destinations: dispatcher.names,
    eraseAt: dispatcher.eraseAt,
    answerWithinMs: defaultDeadlineMs,
    clock,
    random: Math.random,
    onDiagnostic,
  });
  erasures.start();

  function noticeArrival(arrival: Arrival): void {
    counts[arrival.status]++;
    for (const watcher of watchers) {
      try {
        watcher(arrival);
      } catch {
        // A watcher that throws is the host's own bug; events are taken in all the same.
      }
    }
  }

  /** The way in for this process's own events, as a transport of their queue. */
  async function acceptEntries(entries: readonly Entry[]): Promise<SendOutcome> {
    const receivedAt = clock.now();
    const text = wellFormedJson(`{"batch":[${entries.map(({ value }) => value).join()}]}`);
    const { batch } = JSON.parse(text) as { batch: readonly unknown[] };
    const sentAt = new Date(receivedAt).toISOString();
    const facts = { receivedAt, sentAt, source: 'server' as const, ...(consent === undefined ? {} : { consent }) };
    try {
      return { kind: 'delivered', verdicts: await store({ events: batch, body: text, facts }) };
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      report(onDiagnostic, 'log-unavailable', error.message);
      return { kind: 'retry', reason: 'server' };
    }
  }

  async function flush(deadlineMs: number): Promise<void> {
    const end = clock.elapsed() + deadlineMs;
    await tracker.flush({ deadlineMs });
    await dispatcher.flush({ deadlineMs: Math.max(0, end - clock.elapsed()) });
  }

  async function close(deadlineMs: number): Promise<void> {
    const end = clock.elapsed() + deadlineMs;
    const left = (): { deadlineMs: number } => ({ deadlineMs: Math.max(0, end - clock.elapsed()) });
    let cancel = (): void => {};
    // A body may take longer to come than whoever closes will wait; what then comes is answered 503 by the log.
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(deadlineMs, resolve);
    });
    const idle = Promise.race([inFlight.idle(), late]).finally(() => cancel());
    await Promise.all([idle, tracker.shutdown(left()), erasures.close(left())]);
    await dispatcher.close(left());
    await log.close();
  }

  return {
    fetch: fetchHandler(handle),
    node: nodeHandler(handle),
    express: expressHandler(handle),
    tracker,
    suppress: log.suppression.add,
    erase: erasures.erase,
    receipts({ id, ...page } = {}) {
      if (id === undefined) return log.erasures.receipts({ limit: 100, ...page });
      const receipt = log.erasures.receipt(id);
      return receipt === undefined ? [] : [receipt];
    },
    unsuppress: log.suppression.remove,
    submit: (events, facts) => store({ events, facts, isSubmitted: true }),
    watch(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    stats: () => ({
      events: { ...counts },
      ...countsOfRequests(),
      retried,
      inFlight: { requests: inFlight.requests(), bytes: inFlight.bytes() },
      log: log.stats(),
      tracker: tracker.stats(),
      destinations: dispatcher.stats(),
    }),
    destinations: dispatcher.report,
    dispatch: dispatcher,
    flush: ({ deadlineMs = defaultDeadlineMs } = {}) => holdProcess(flush(deadlineMs)),
    close: ({ deadlineMs = defaultDeadlineMs } = {}) => (closing ??= holdProcess(close(deadlineMs))),
  };
}
