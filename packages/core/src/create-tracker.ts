import { type Consent, decideConsent } from './consent/consent.ts';
import { cleanJson } from './event/clean-json.ts';
import type { Verdict } from './event/entry.ts';
import type { ConsentCategory, ConsentContext, EventContext, EventSource, TrackEvent } from './event/event.ts';
import type { Identity } from './identity/identity.ts';
import { type Plan, purposeOf } from './plan/plan.ts';
import type { Plugin } from './plugin/plugin.ts';
import { runPlugins, setUpPlugins } from './plugin/run-plugins.ts';
import type { Queue } from './queue/queue.ts';
import { EventReceipt } from './receipt.ts';
import type { Clock } from './runtime/clock.ts';
import { type OnDiagnostic, report } from './runtime/diagnostics.ts';
import type { Ids } from './runtime/ids.ts';
import { utf8Length } from './runtime/utf8.ts';
import type { AnyPlan, CallOptions, Deadline, Receipt, Scope, Stats, Tracker } from './tracker.ts';

/** What a platform hands to the heart. */
export interface TrackerParts {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly consent: Consent;
  /** Who uses this device. Servers have none: there each call or scope says whom it is about. */
  readonly identity?: Identity;
  readonly library: { readonly name: string; readonly version: string };
  /** The circumstances of an event that happens now. Called for each event. */
  readonly context?: () => EventContext;
  readonly plugins?: readonly Plugin[];
  /** Tells the purposes of events. Validation is the collector's work. */
  readonly plan?: Plan;
  /** Events kept in memory while consent is pending; the oldest are dropped. 0: undecided is denied. Default 200. */
  readonly maxBuffered?: number;
  /** An event whose JSON is larger is dropped as `too-large`. Default 32 KiB, as Segment. */
  readonly maxEventBytes?: number;
  readonly onDiagnostic?: OnDiagnostic;
}

/** An event that is complete but for the consent it waits for. */
interface Draft {
  readonly event: TrackEvent;
  readonly purpose: ConsentCategory;
  readonly scope: Scope;
  readonly receipt: EventReceipt;
  readonly at: number;
}

const dropped = (reason: string): Verdict => ({ kind: 'dropped', reason });

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Records events: identity → consent → plugins → queue. The same code in every runtime. */
export function createTracker<P extends Plan = AnyPlan, Side extends EventSource = EventSource>(
  parts: TrackerParts,
): Tracker<P, Side> {
  const { queue, clock, ids, consent, identity, library, plan, onDiagnostic } = parts;
  const { plugins = [], context = () => ({}), maxBuffered = 200, maxEventBytes = 32 * 1024 } = parts;

  let calls = 0;
  let entered = 0;
  const losses: Record<string, number> = {};
  const sanitized: Record<string, number> = {};
  const receipts = new Map<string, EventReceipt>();
  let waiting: Draft[] = []; // for consent
  let closed = false;

  function drop(receipt: EventReceipt, reason: string, message: string): void {
    losses[reason] = (losses[reason] ?? 0) + 1;
    report(onDiagnostic, reason, message);
    receipt.settle(dropped(reason));
  }

  /** One call, from here to the outbox. Never throws. */
  function record(scope: Scope, fields: Record<string, unknown>, options: CallOptions = {}): Receipt {
    calls++;
    const receipt = new EventReceipt(isText(options.messageId) ? options.messageId : ids.time());
    try {
      admit(receipt, scope, fields, options);
    } catch (error) {
      drop(receipt, 'invalid', `A ${fields.type} call failed: ${error}`);
    }
    return receipt;
  }

  function admit(receipt: EventReceipt, scope: Scope, fields: Record<string, unknown>, options: CallOptions): void {
    const { type, ...named } = fields;
    if (closed) return drop(receipt, 'closed', 'The tracker was shut down.');
    const missing = Object.keys(named).find((key) => requiredKeys.has(key) && !isText(named[key]));
    if (missing) return drop(receipt, 'invalid', `${type}: ${missing} must be a string that is not empty.`);

    const { session, ...who } = identity?.touch() ?? {};
    const event = cleanJson(
      {
        type,
        messageId: receipt.messageId,
        timestamp: timestampOf(options.timestamp, clock.now()),
        anonymousId: options.anonymousId ?? scope.anonymousId ?? who.anonymousId,
        ...named,
        userId: named.userId ?? options.userId ?? scope.userId ?? who.userId,
        context: { library, ...context(), session, ...scope.context, ...options.context },
        integrations: options.integrations,
      },
      (reason) => {
        sanitized[reason] = (sanitized[reason] ?? 0) + 1;
      },
    ) as unknown as TrackEvent;
    if (!event.userId && !event.anonymousId) {
      return drop(receipt, 'no-identity', `${type}: userId or anonymousId is needed.`);
    }

    const purpose = options.purpose ?? purposeOf(plan, fields.event as string | undefined);
    pass({ event, purpose, scope, receipt, at: clock.now() });
  }

  /** The consent gate: nothing goes further without a yes. */
  function pass(draft: Draft): void {
    const { purpose, scope, receipt } = draft;
    const decision = scope.consent ? decideConsent(purpose, scope.consent, 'opt-in') : consent.decide(purpose);
    if (decision === 'granted') return enqueue(draft);
    // Nobody will ever decide for a scope: there undecided is no.
    if (decision === 'denied' || scope.consent || maxBuffered === 0) {
      return drop(receipt, 'consent', `No consent for ${purpose}.`);
    }
    waiting.push(draft);
    const [oldest] = waiting;
    if (waiting.length > maxBuffered && oldest) {
      waiting.shift();
      drop(oldest.receipt, 'consent-buffer-full', 'Too many events wait for consent.');
    }
  }

  function enqueue({ event, purpose, scope, receipt, at }: Draft): void {
    const kept = runPlugins(plugins, withConsent(event, scope), onDiagnostic);
    if (!kept) return drop(receipt, 'plugin', 'A plugin dropped the event.');
    const value = JSON.stringify(kept);
    const bytes = utf8Length(value);
    if (bytes > maxEventBytes) return drop(receipt, 'too-large', `${event.type}: ${bytes} bytes of JSON are too many.`);
    entered++;
    receipts.set(receipt.messageId, receipt);
    receipt.enter(queue.add({ id: receipt.messageId, value, bytes, purpose, queuedAt: at }) ?? undefined);
  }

  /** What was agreed to when the event was let through travels with it: it is judged again at every later step. */
  function withConsent(event: TrackEvent, scope: Scope): TrackEvent {
    const { preferences, gpc, decidedAt } = consent.get();
    const answer: ConsentContext = {
      categoryPreferences: scope.consent ?? preferences,
      ...(gpc ? { gpc } : {}),
      ...(decidedAt === undefined || scope.consent ? {} : { decidedAt: new Date(decidedAt).toISOString() }),
    };
    return { ...event, context: { ...event.context, consent: answer } };
  }

  queue.onSettled((id, verdict) => {
    receipts.get(id)?.settle(verdict);
    receipts.delete(id);
  });

  consent.onChange(({ preferences, decidedAt = clock.now() }) => {
    identity?.remember({ preferences, decidedAt });
    const drafts = waiting;
    waiting = [];
    for (const draft of drafts) pass(draft);
    void queue.sweep();
  });

  function stats(): Stats {
    const books = queue.stats();
    const all: Record<string, number> = { ...books.dropped };
    for (const [reason, count] of Object.entries(losses)) all[reason] = (all[reason] ?? 0) + count;
    return {
      // What entered the queue by another way than a call comes from earlier visits.
      accepted: calls + books.accepted - entered,
      delivered: books.delivered,
      dropped: all,
      dead: books.dead,
      pending: books.pending + waiting.length,
      sanitized: { ...sanitized },
    };
  }

  async function shutdown(deadline?: Deadline): Promise<Stats> {
    if (!closed) {
      closed = true;
      tearDown();
      for (const { receipt } of waiting) drop(receipt, 'shutdown', 'Consent was not decided before the end.');
      waiting = [];
    }
    await queue.shutdown(deadline);
    return stats();
  }

  const bound = (scope: Scope): Tracker => ({
    track: (event, properties, options) => record(scope, { type: 'track', event, properties }, options),
    page: (name, properties, options) => record(scope, { type: 'page', name, properties }, options),
    screen: (name, properties, options) => record(scope, { type: 'screen', name, properties }, options),
    identify(userId, traits, options) {
      if (isText(userId)) identity?.identify(userId);
      return record(scope, { type: 'identify', userId, traits }, options);
    },
    group: (groupId, traits, options) => record(scope, { type: 'group', groupId, traits }, options),
    alias(userId, previousId, options) {
      const { userId: known = scope.userId, anonymousId = scope.anonymousId } = identity?.touch() ?? {};
      const fields = { type: 'alias', userId, previousId: previousId ?? known ?? anonymousId };
      if (isText(userId)) identity?.identify(userId);
      return record(scope, fields, options);
    },
    reset: () => identity?.reset(),
    consent,
    async flush(deadline) {
      await queue.flush(deadline);
      return stats();
    },
    shutdown,
    stats,
    with: (inner) => bound({ ...scope, ...inner, context: { ...scope.context, ...inner.context } }),
  });

  const tracker = bound({});
  const tearDown = setUpPlugins(plugins, tracker, onDiagnostic);
  return tracker as unknown as Tracker<P, Side>;
}

/** Fields that make a call what it is; `name` of a page may be left out. */
const requiredKeys: ReadonlySet<string> = new Set(['event', 'userId', 'groupId', 'previousId']);

function timestampOf(given: Date | string | undefined, now: number): string {
  const date = given === undefined ? new Date(now) : new Date(given);
  return (Number.isNaN(date.getTime()) ? new Date(now) : date).toISOString();
}
