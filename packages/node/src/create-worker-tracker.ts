import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AnyPlan,
  attempt,
  type Clock,
  type Consent,
  type ConsentPreferences,
  createConsent,
  createTracker as createCoreTracker,
  createIds,
  createMemoryOutbox,
  createQueue,
  createRandomPool,
  type Ids,
  type OnDiagnostic,
  type Plan,
  type Plugin,
  purposeOf,
  type Queue,
  report,
  type Scope,
  type Tracker,
  type Transport,
} from '@org/track-core';

import { checkTrackerOptions, workerOptions } from './check-tracker-options.ts';
import type { AddressPolicy } from './collector/client-address.ts';
import { createIdentityCookie, type IdentityOptions } from './identity/identity-cookie.ts';
import { type RequestLike, scopeOfRequest } from './identity/request-scope.ts';
import { createRequestTracker, type ServerTracker } from './identity/request-tracker.ts';
import { createAgedOutbox, withAge } from './outbox/aged-outbox.ts';
import { createWorkerClock } from './runtime/worker-clock.ts';
import { createServed } from './served/served-event.ts';
import { createFetchTransport } from './transport/fetch-transport.ts';
import { name, version } from './version.ts';

export interface WorkerTrackerOptions<P extends Plan = AnyPlan> {
  /** Absolute http or https URL of a collector. */
  readonly endpoint: string;
  /** Tells the collector who sends. It makes these events `server` events: keep it from browsers. */
  readonly writeKey: string;
  /** Says which consent an event needs. Without it every event is `analytics`. */
  readonly plan?: P;
  /** Consent the backend vouches for, used where the person's own decision is not known. Default none. */
  readonly consent?: ConsentPreferences;
  /** The collector's `identity`, where it has one: events inside of a request then carry the id of its signed cookie. */
  readonly identity?: IdentityOptions;
  /** What of the visitor's address is kept. Default `truncated`: `203.0.113.0`, `2001:db8:abcd::`. */
  readonly ip?: AddressPolicy;
  readonly plugins?: readonly Plugin[];
  /** Default: `fetch` to `endpoint`. */
  readonly transport?: Transport;
  readonly onDiagnostic?: OnDiagnostic;
}

/** What a Worker is told to wait for. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void;
}

type Handler = (...args: never[]) => unknown;

/** A tracker for Cloudflare Workers: it works inside of the handlers it is told of. */
export interface WorkerTracker<P extends Plan = AnyPlan>
  extends Omit<ServerTracker<P>, 'node' | 'express' | 'fastify' | 'hono'> {
  /** `export default { fetch: tracker.fetch(handler) }`: what the handler tracks is about its request. */
  fetch<H extends Handler>(handler: H): H;
  /** For `scheduled`, `queue` and `email`: there is no visitor, so each call says whom it is about. */
  job<H extends Handler>(handler: H): H;
}

/** What is tracked where nobody would wait for it. */
const outside = 'outside-invocation';

/** Events of one turn of work leave together: when its handler is done, or after this long. Milliseconds. */
const gatherMs = 500;

/** A Worker is stopped 30 seconds after its answer: by then it is known what could not be delivered. Milliseconds. */
const deadlineMs = 25_000;

/** As between other backends: one below the 500 KB that Segment-compatible collectors take. */
const limits = { maxEvents: 250, maxBytes: 450 * 1024, maxWaitMs: gatherMs };

/**
 * A tracker that sends to a collector elsewhere, from a runtime where what one request began no other can finish. So each
 * call of a handler has a queue of its own, and the Worker is kept until that is empty.
 *
 * Make it once, in the module. What is tracked outside of `fetch` and `job` is dropped as `outside-invocation`.
 *
 * @throws TypeError for an option that is unknown, missing or not what it must be
 */
export function createWorkerTracker<P extends Plan = AnyPlan>(options: WorkerTrackerOptions<P>): WorkerTracker<P> {
  checkTrackerOptions(options, 'createWorkerTracker', workerOptions);
  const { identity, ip = 'truncated', plugins = [], onDiagnostic } = options;
  const clock = createWorkerClock();
  const ids = createIds({ now: clock.now, random64: createRandomPool() });
  const transport = options.transport ?? createFetchTransport({ ...options, clock });
  const consent = createConsent({ now: clock.now, gpc: false, initial: options.consent, undecided: false });
  // Each invocation has a tracker of its own, and there is one place to listen for all of them.
  const processing = plugins.map(
    (plugin): Plugin => ({
      name: plugin.name,
      process: (event) => (plugin.process === undefined ? event : plugin.process(event)),
    }),
  );
  const parts = { ...options, clock, ids, transport, consent, plugins: processing };
  const current = new AsyncLocalStorage<Invocation>();
  const nowhere = createInvocation({
    ...{ ...parts, plugins: [{ name: outside, process: () => null }] },
    refusal: () => outside,
    onWaiting() {},
  });

  const deferred = deferredTracker(() => (current.getStore() ?? nowhere).tracker, consent) as unknown as Tracker<
    P,
    'server'
  >;
  const identityCookie = identity && createIdentityCookie(identity, clock.now);
  const scopeOf = (request: RequestLike): Scope =>
    scopeOfRequest(request, { vouched: consent.get().preferences, ip, identityCookie });
  const tracker = createRequestTracker<P>(deferred, scopeOf, onDiagnostic);

  const stops = plugins.map((plugin) =>
    attempt(
      () => plugin.setup?.(deferred as unknown as Tracker),
      (error) => void report(onDiagnostic, 'plugin-failed', plugin.name, error),
    ),
  );

  /** Runs one call of a handler, and keeps the Worker until what it tracked is delivered. */
  async function invoke(context: WorkerContext | undefined, task: () => unknown): Promise<unknown> {
    let isLeaving = false;
    let hasMore = false;
    let stopGathering = (): void => {};
    const handled = new Promise<void>((resolve) => {
      stopGathering = resolve;
    });
    const invocation = createInvocation({
      ...parts,
      refusal: () => undefined,
      onWaiting() {
        hasMore = true;
        if (isLeaving) return;
        isLeaving = true;
        const left = leave();
        attempt(() => context?.waitUntil(left));
      },
    });

    async function leave(): Promise<void> {
      await Promise.race([handled, new Promise<void>((resolve) => clock.after(gatherMs, resolve))]);
      do {
        hasMore = false;
        await invocation.flush();
        // What heard that its event is delivered may have tracked the next one since.
      } while (hasMore && invocation.tracker.stats().pending > 0);
      isLeaving = false;
    }

    try {
      return await current.run(invocation, task);
    } finally {
      stopGathering();
    }
  }

  /** The same function, run as an invocation. */
  const wrapped = <H extends Handler>(handler: H, enter: (first: unknown, task: () => unknown) => unknown): H => {
    const call = handler as unknown as (...args: readonly unknown[]) => unknown;
    // The method of a `WorkerEntrypoint` gets no context, whatever its third argument is: its object has it.
    function invoked(
      this: { readonly ctx?: WorkerContext } | undefined,
      ...args: readonly unknown[]
    ): Promise<unknown> {
      const third = args[2] as WorkerContext | null | undefined;
      const context = typeof third?.waitUntil === 'function' ? third : this?.ctx;
      return invoke(context, () => enter(args[0], () => call.apply(this, args as unknown[])));
    }
    return invoked as unknown as H;
  };

  return {
    ...tracker,
    shutdown(deadline) {
      for (const stop of stops.splice(0).reverse()) attempt(() => stop?.());
      return tracker.shutdown(deadline);
    },
    served: (page) => (current.getStore() ?? nowhere).served(page),
    fetch: (handler) => wrapped(handler, (request, task) => tracker.run(requestOf(request), task)),
    job: (handler) => wrapped(handler, (_job, task) => task()),
  };
}

interface InvocationParts extends Omit<WorkerTrackerOptions, 'consent'> {
  /** What the backend vouches for: one for all. */
  readonly consent: Consent;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly transport: Transport;
  /** Why this is no place for an event; nothing where it is one. */
  readonly refusal: () => string | undefined;
  /** An event waits to be sent. */
  readonly onWaiting: () => void;
}

/** One call of a handler. */
interface Invocation extends Pick<ServerTracker, 'served'> {
  readonly tracker: Tracker;
  flush(): Promise<void>;
}

/** The tracker of one call of a handler, with a queue that is nobody else's. */
function createInvocation(parts: InvocationParts): Invocation {
  const { clock, ids, transport, plan, plugins, consent, onDiagnostic, refusal, onWaiting } = parts;
  const outbox = createAgedOutbox(createMemoryOutbox());
  const inner = createQueue({
    ...{ outbox, transport, clock, limits },
    ...(onDiagnostic === undefined ? {} : { onDiagnostic }),
  });
  const queue: Queue = {
    ...withAge(inner, outbox, clock),
    add(entry) {
      onWaiting();
      return inner.add(entry);
    },
  };
  const tracker = createCoreTracker({
    queue,
    clock,
    ids,
    // Nothing of an invocation waits for a decision, and one that is over is not to be told.
    consent: { ...consent, onChange: () => () => {} },
    library: { name, version },
    purposeOf: (event) => purposeOf(plan, event),
    plugins,
    onDiagnostic,
  });
  return {
    tracker,
    served: createServed({ queue, clock, ids, refusal, onDiagnostic }),
    async flush() {
      await queue.flush({ deadlineMs });
      const { pending } = queue.stats();
      if (pending > 0) report(onDiagnostic, 'undelivered', `${pending} events when the Worker was done`);
    },
  };
}

/** A tracker that is found anew with each call. */
function deferredTracker(find: () => Tracker, consent: Consent): Tracker {
  return {
    track: (...args) => find().track(...args),
    page: (...args) => find().page(...args),
    screen: (...args) => find().screen(...args),
    identify: (...args) => find().identify(...args),
    group: (...args) => find().group(...args),
    alias: (...args) => find().alias(...args),
    reset: () => find().reset(),
    consent,
    flush: (deadline) => find().flush(deadline),
    shutdown: (deadline) => find().shutdown(deadline),
    stats: () => find().stats(),
    with: (scope) => deferredTracker(() => find().with(scope), consent),
  };
}

/** Cloudflare says where the connection came from; a visitor cannot set that header. */
function requestOf(first: unknown): RequestLike {
  const { method, url, headers } = (first ?? {}) as Request;
  return { method, url, headers, ip: attempt(() => headers.get('cf-connecting-ip')) ?? undefined };
}
