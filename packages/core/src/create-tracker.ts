import { type Consent, decideConsent } from './consent/consent.ts';
import { cleanJson } from './event/clean-json.ts';
import type { ConsentCategory, EventContext, EventSource, EventType, TrackEvent } from './event/event.ts';
import type { Identity } from './identity/identity.ts';
import type { Plan } from './plan/plan.ts';
import { guardPlugins } from './plugin/guard-plugins.ts';
import type { Plugin } from './plugin/plugin.ts';
import type { Queue } from './queue/queue.ts';
import { EventReceipt } from './receipt.ts';
import { attempt } from './runtime/attempt.ts';
import type { Clock } from './runtime/clock.ts';
import { type OnDiagnostic, report } from './runtime/diagnostics.ts';
import type { Ids } from './runtime/ids.ts';
import { utf8Length } from './runtime/utf8.ts';
import type { AnyPlan, CallOptions, Receipt, Scope, Stats, Tracker } from './tracker.ts';

/** What a platform hands to the heart. */
export interface TrackerParts {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly consent: Consent;
  /** Who uses this device. Servers have none: there each call or scope says whom it is about. */
  readonly identity?: Identity | undefined;
  readonly library: { readonly name: string; readonly version: string };
  /** The circumstances of an event that happens now. Called for each event. */
  readonly context?: (() => EventContext) | undefined;
  readonly plugins?: readonly Plugin[] | undefined;
  /** Which consent a `track` event needs, where the call does not say. Default: `analytics` for all. */
  readonly purposeOf?: ((event: string | undefined) => ConsentCategory) | undefined;
  /** Events kept in memory while consent is pending; the oldest are dropped. 0: undecided is denied. Default 200. */
  readonly maxBuffered?: number | undefined;
  /** An event whose JSON is larger is dropped as `too-large`. Default 32 KiB, as Segment. */
  readonly maxEventBytes?: number | undefined;
  readonly onDiagnostic?: OnDiagnostic | undefined;
}

type Fields = { readonly [field: string]: unknown };

/** An event that is complete but for the consent it waits for. */
interface Draft {
  readonly event: TrackEvent;
  readonly purpose: ConsentCategory;
  readonly scope: Scope;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Fields that make a call what it is: `event`, `userId`, `groupId`, `previousId`. A page needs none. */
const requiredField = /^event$|Id$/;

/** Records events: identity → consent → plugins → queue. The same code in every runtime. */
export function createTracker<P extends Plan = AnyPlan, Side extends EventSource = EventSource>(
  parts: TrackerParts,
): Tracker<P, Side> {
  const { queue, clock, ids, consent, identity, library, context, purposeOf, onDiagnostic } = parts;
  const { maxBuffered = 200, maxEventBytes = 32_768 } = parts;
  const plugins = guardPlugins(parts.plugins ?? [], onDiagnostic);

  const sanitized: Record<string, number> = {};
  const receipts = new Map<string, EventReceipt>(); // of events without a fate
  const waiting: Draft[] = []; // for consent
  let isClosed = false;

  function drop(id: string, reason: string, detail: unknown): void {
    report(onDiagnostic, reason, detail);
    queue.refuse(id, reason);
  }

  /** What goes wrong with one event costs only that event. */
  function guarded(id: string, task: () => void): void {
    attempt(task, (error) => drop(id, 'invalid', error));
  }

  /**
   * One call, from here to the outbox. Never throws.
   *
   * @param fields - what makes the call what it is
   * @param details - `properties` or `traits`: anything a caller may come up with
   */
  function record(scope: Scope, type: EventType, fields: Fields, details: Fields, said?: CallOptions): Receipt {
    const options: CallOptions = attempt(() => ({ ...said })) ?? {};
    const messageId = isText(options.messageId) ? options.messageId : ids.time();
    const receipt = new EventReceipt(messageId);
    // A twin of an event on its way is another call, with a fate of its own.
    const id = receipts.has(messageId) ? ids.time() : messageId;
    receipts.set(id, receipt);
    const missing = Object.keys(fields).find((field) => requiredField.test(field) && !isText(fields[field]));
    if (isClosed) drop(id, 'closed', type);
    else if (missing) drop(id, 'invalid', missing);
    else if (id !== messageId) drop(id, 'duplicate', type);
    else guarded(id, () => admit(id, scope, type, fields, details, options));
    return receipt;
  }

  function admit(
    messageId: string,
    scope: Scope,
    type: EventType,
    fields: Fields,
    details: Fields,
    options: CallOptions,
  ): void {
    const who = identity?.touch();
    // What makes it an event comes first: where the caller's data is too much, that is cut.
    const event = cleanJson(
      {
        type,
        messageId,
        timestamp: isoDate(options.timestamp) ?? isoDate(clock.now()),
        anonymousId: options.anonymousId ?? scope.anonymousId ?? who?.anonymousId,
        userId: options.userId ?? scope.userId ?? who?.userId,
        ...fields,
        context: { library, ...context?.(), session: who?.session, ...scope.context, ...options.context },
        integrations: options.integrations,
        ...details,
      },
      count,
    ) as unknown as TrackEvent & Record<string, unknown>;
    for (const part in details) {
      if (isObject(event[part])) continue;
      if (event[part] != null) count('not-an-object');
      delete event[part];
    }
    if (!event.userId && !event.anonymousId) return drop(messageId, 'no-identity', type);
    pass({ event, purpose: options.purpose ?? purposeOf?.(fields.event as string) ?? 'analytics', scope });
  }

  function count(reason: string): void {
    sanitized[reason] = (sanitized[reason] ?? 0) + 1;
  }

  /** The consent gate: nothing goes further without a yes. */
  function pass(draft: Draft): void {
    const { event, purpose, scope } = draft;
    const decision = scope.consent ? decideConsent(purpose, scope.consent) : consent.decide(purpose);
    if (decision === 'granted') enqueue(draft);
    // Nobody will ever decide for a scope: there undecided is no.
    else if (decision === 'denied' || scope.consent || !maxBuffered) drop(event.messageId, 'consent', purpose);
    else if (waiting.push(draft) > maxBuffered) dropWaiting(1, 'consent-buffer-full');
  }

  function dropWaiting(count: number, reason: string): void {
    for (const { event } of waiting.splice(0, count)) drop(event.messageId, reason, event.type);
  }

  function enqueue({ event, purpose, scope }: Draft): void {
    const id = event.messageId;
    // What was agreed to when the event was let through travels with it: it is judged again at every later step.
    const { preferences, gpc, decidedAt } = scope.consent ? { preferences: scope.consent } : consent.get();
    const isYes = purpose !== 'necessary' && { [purpose]: true }; // said even where the model said it, not the person
    const agreed = { categoryPreferences: { ...preferences, ...isYes }, gpc, decidedAt: isoDate(decidedAt) };
    const kept = plugins.process({ ...event, context: { ...event.context, consent: agreed } });
    const value = JSON.stringify(kept);
    const bytes = utf8Length(value);
    if (!kept) drop(id, 'plugin', event.type);
    else if (bytes > maxEventBytes) drop(id, 'too-large', bytes);
    else {
      const receipt = receipts.get(id);
      receipt?.reach({ isQueued: true });
      const stored = queue.add({ id, value, bytes, purpose, queuedAt: clock.now() });
      if (stored) void stored.then((isDurable) => receipt?.reach({ isDurable }));
    }
  }

  queue.onSettled((id, verdict) => {
    receipts.get(id)?.reach({ verdict });
    receipts.delete(id);
  });

  consent.onChange(({ preferences, decidedAt = clock.now() }) => {
    identity?.remember({ preferences, decidedAt });
    for (const draft of waiting.splice(0)) guarded(draft.event.messageId, () => pass(draft));
    void queue.sweep();
  });

  function stats(): Stats {
    const { accepted, pending, ...books } = queue.stats();
    const { length } = waiting;
    return { ...books, accepted: accepted + length, pending: pending + length, sanitized: { ...sanitized } };
  }

  const bound = (scope: Scope): Tracker => {
    const call =
      (type: EventType, subject: string, details: string) =>
      (value?: unknown, more?: unknown, options?: CallOptions): Receipt =>
        record(scope, type, { [subject]: value }, { [details]: more }, options);
    const identify = call('identify', 'userId', 'traits');
    return {
      track: call('track', 'event', 'properties'),
      page: call('page', 'name', 'properties'),
      screen: call('screen', 'name', 'properties'),
      identify(userId, traits, options) {
        if (isText(userId)) identity?.identify(userId);
        return identify(userId, traits, options);
      },
      group: call('group', 'groupId', 'traits'),
      alias(userId, previousId, options) {
        const known = { ...identity?.known(), ...scope };
        const previous = previousId ?? known.userId ?? known.anonymousId;
        if (isText(userId)) identity?.alias(userId);
        return record(scope, 'alias', { userId, previousId: previous }, {}, options);
      },
      reset: () => identity?.reset(),
      consent,
      async flush(deadline) {
        const known = [...receipts.values()].map(({ delivered }) => delivered);
        const flushed = queue.flush(deadline);
        // Under a steady stream the queue is never empty: what was accepted before this call is enough.
        await (known[0] ? Promise.race([flushed, Promise.all(known)]) : flushed);
        return stats();
      },
      async shutdown(deadline) {
        isClosed = true;
        plugins.tearDown();
        dropWaiting(waiting.length, 'shutdown');
        await queue.shutdown(deadline);
        return stats();
      },
      stats,
      with: (inner) => bound({ ...scope, ...inner, context: { ...scope.context, ...inner?.context } }),
    };
  };

  const tracker = bound({});
  plugins.setUp(tracker);
  return tracker as unknown as Tracker<P, Side>;
}

/** ISO 8601 in UTC; undefined if it is no date of our era: such a call is kept, its time is now. */
function isoDate(date: Date | string | number | undefined): string | undefined {
  const text = date && attempt(() => new Date(date).toJSON());
  return text && text.length === 24 ? text : undefined;
}
