import { type Consent, isAllowed } from './consent/consent.ts';
import { cleanJson } from './event/clean-json.ts';
import type {
  ConsentCategory,
  ConsentContext,
  EventContext,
  EventSource,
  EventType,
  JsonObject,
  TrackEvent,
} from './event/event.ts';
import type { Identity } from './identity/identity.ts';
import type { Plan } from './plan/plan.ts';
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
  readonly onDiagnostic?: OnDiagnostic | undefined;
}

/** Events that may wait in memory for consent; beyond it the oldest are dropped as `outbox-full`. */
export const maxBuffered = 200;

/** An event whose JSON is larger is dropped as `too-large`: 32 KiB, as at Segment. */
export const maxEventBytes = 32_768;

type Fields = { readonly [field: string]: unknown };

type Part = 'properties' | 'traits';

/** An event that is still ours to change. */
type Draft = TrackEvent & { context: { consent?: ConsentContext } } & { [part in Part]?: JsonObject };

const isText = (value: unknown): value is string => typeof value === 'string' && !!value;

/** ISO 8601 in UTC; undefined if it is no date of our era: such a call is kept, its time is now. */
function isoDate(date: Date | string | number | undefined): string | undefined {
  const text = (date && attempt(() => new Date(date).toJSON())) as string | undefined;
  return text?.length === 24 ? text : undefined;
}

/** Records events: identity → consent → plugins → queue. The same code in every runtime. */
export function createTracker<P extends Plan = AnyPlan, Side extends EventSource = EventSource>({
  clock,
  ids,
  consent,
  queue,
  identity,
  context,
  library,
  plugins = [],
  onDiagnostic,
  purposeOf,
}: TrackerParts): Tracker<P, Side> {
  const sanitized: Record<string, number> = {};
  const receipts = new Map<string, EventReceipt>(); // of events without a fate
  const waiting: ((end?: string) => void)[] = []; // for consent: each goes on, or to the end it is told
  const stops: (() => void)[] = []; // what undoes the plugins' set-up, the last one's first
  let isClosed = false;

  /** What a plugin throws is reported, and it is passed over. */
  const guarded = <V>({ name }: Plugin, task: () => V): V | undefined =>
    attempt(task, (error) => void report(onDiagnostic, 'plugin-failed', name, error));

  /**
   * One call, from here to the outbox. Never throws.
   *
   * @param fields - what makes the call what it is
   * @param details - its properties or traits: anything a caller may come up with
   */
  function record(
    scope: Scope,
    type: EventType,
    fields: Fields,
    said: CallOptions | undefined,
    part: Part,
    details?: unknown,
  ): Receipt {
    const options: CallOptions = { ...attempt(() => ({ ...said })) };
    const messageId = isText(options.messageId) ? options.messageId : ids.time();
    // A twin of an event on its way is that event.
    const twin = receipts.get(messageId);
    if (twin) return twin;
    const receipt = new EventReceipt(messageId);
    receipts.set(messageId, receipt);
    queue.accept(1);
    let event: Draft | undefined;

    /** It goes no further: why, and in a word where. */
    function refuse(reason: string, detail: unknown = type): void {
      report(onDiagnostic, reason, detail);
      queue.refuse(messageId, reason);
    }

    /** Takes it as far as it may go. What goes wrong costs this event and no other. */
    const advance = (end: string | false = isClosed && 'shutdown'): void =>
      attempt(
        () => {
          // Pages and screens may go without a name; the other fields make a call what it is.
          const missing = Object.keys(fields).find((field) => field !== 'name' && !isText(fields[field]));
          if (end || missing) return refuse(end || 'invalid', missing);
          event ??= compose();
          // In clean JSON only objects are made by `Object`: no key of their own can say otherwise.
          if ((event[part]?.constructor || Object) !== Object) return refuse('invalid', part);
          if (!event.userId && !event.anonymousId) return refuse('no-identity');

          // The consent gate: nothing goes further without a yes.
          const purpose = options.purpose ?? purposeOf?.(fields.event as string) ?? 'analytics';
          const own = scope.consent;
          // Nobody will ever decide for a scope: there undecided is a no.
          const allowed = own ? isAllowed(purpose, own, false) : consent.allows(purpose);
          if (allowed === undefined) {
            if (waiting.push(advance) > maxBuffered) waiting.shift()?.('outbox-full');
            return;
          }
          if (!allowed) return refuse('consent', purpose);

          // What was agreed to when the event was let through travels with it: it is judged again at every later step.
          const { preferences, gpc, decidedAt } = own ? { preferences: own } : consent.get();
          event.context.consent = {
            // Said even where the model said it, not the person.
            categoryPreferences: { ...preferences, [purpose]: true },
            gpc,
            decidedAt: isoDate(decidedAt),
          };
          for (const plugin of plugins) {
            const answer = guarded(plugin, () => plugin.process?.(event as TrackEvent));
            if (answer === null) return refuse(plugin.name);
            if (answer) event = answer as Draft;
          }
          const value = JSON.stringify(event);
          const bytes = utf8Length(value);
          if (bytes > maxEventBytes) return refuse('too-large', bytes);
          receipt.reach({ queued: true });
          const stored = queue.add({ id: messageId, value, bytes, purpose, queuedAt: clock.now() });
          void stored?.then((durable) => durable && receipt.reach({ durable }));
          if (options.priority === 'now') void queue.flush();
        },
        (error) => refuse('invalid', error),
      );

    /** The event as it happened. */
    function compose(): Draft {
      const who = identity?.touch(fields.userId as string | undefined, type === 'alias');
      // What makes it an event comes first: where the caller's data is too much, that is cut.
      return cleanJson(
        {
          messageId,
          type,
          timestamp: isoDate(options.timestamp) ?? isoDate(clock.now()),
          anonymousId: options.anonymousId ?? scope.anonymousId ?? who?.anonymousId,
          userId: options.userId ?? scope.userId ?? who?.userId,
          ...fields,
          context: { library, ...context?.(), session: who?.session, ...scope.context, ...options.context },
          integrations: options.integrations,
          [part]: details ?? undefined,
        },
        (reason) => {
          sanitized[reason] = (sanitized[reason] ?? 0) + 1;
        },
      ) as unknown as Draft;
    }

    advance();
    return receipt;
  }

  queue.onSettled((id, verdict) => {
    // What is still open is not reached any more, save that what was delivered is safe.
    receipts.get(id)?.reach({ queued: false, durable: verdict.kind === 'delivered', delivered: verdict });
    receipts.delete(id);
  });

  consent.onChange(({ preferences, decidedAt }) => {
    identity?.remember([preferences, decidedAt as number]);
    for (const advance of waiting.splice(0)) advance();
    queue.sweep();
  });

  const stats = (): Stats => ({ ...queue.stats(), sanitized: { ...sanitized } });

  const bound = (scope: Scope): Tracker => {
    const call =
      (type: EventType, subject: string, part: Part) =>
      (value?: unknown, details?: unknown, options?: CallOptions): Receipt =>
        record(scope, type, { [subject]: value }, options, part, details);
    return {
      track: call('track', 'event', 'properties'),
      page: call('page', 'name', 'properties'),
      screen: call('screen', 'name', 'properties'),
      identify: call('identify', 'userId', 'traits'),
      group: call('group', 'groupId', 'traits'),
      alias(userId, previousId, options) {
        const known = { ...identity?.known(), ...scope };
        const previous = previousId ?? known.userId ?? known.anonymousId;
        return record(scope, 'alias', { previousId: previous, userId }, options, 'traits');
      },
      reset: () => identity?.reset(),
      consent,
      flush(deadline) {
        const known = [...receipts.values()].map((receipt) => receipt.delivered);
        const flushed: Promise<unknown> = queue.flush(deadline);
        // Under a steady stream the queue is never empty: what was accepted before this call is enough.
        return Promise.race([flushed, known[0] ? Promise.all(known) : flushed]).then(stats);
      },
      shutdown(deadline) {
        isClosed = true;
        for (const stop of stops.splice(0)) stop();
        for (const advance of waiting.splice(0)) advance();
        return queue.shutdown(deadline).then(stats);
      },
      stats,
      with: (inner) => bound({ ...scope, ...inner, context: { ...scope.context, ...inner?.context } }),
    };
  };

  const tracker = bound({});
  for (const plugin of plugins) {
    const stop = guarded(plugin, () => plugin.setup?.(tracker));
    stops.unshift(() => guarded(plugin, () => stop?.()));
  }
  return tracker as unknown as Tracker<P, Side>;
}
