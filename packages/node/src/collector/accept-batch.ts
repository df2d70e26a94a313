import {
  type Clock,
  type ConsentPreferences,
  type EventResult,
  type EventSource,
  type EventStatus,
  type EventType,
  type Issue,
  type OnDiagnostic,
  type Plan,
  parseEnvelope,
  report,
  type TrackEvent,
} from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import { type BatchFacts, type Log, LogUnavailableError, type QuarantinedEvent } from '../log/log.ts';
import { batchFacts } from './batch-facts.ts';
import { type AddressPolicy, clientAddress, limitedSender } from './client-address.ts';
import type { CollectorLimits } from './collector-options.ts';
import { readDialect } from './dialect.ts';
import { createDrain } from './drain.ts';
import { eventResult } from './event-result.ts';
import type { InFlight, Visit } from './in-flight.ts';
import { createInflate } from './inflate.ts';
import { judgeEvent, mayQuarantine } from './judge-event.ts';
import type { Authenticate, Sender } from './keys.ts';
import { jsonOf, refusalOfShape, textOfBytes } from './read-json.ts';
import { Refusal, tooMany, unavailable } from './refusal.ts';
import { createThrottle } from './throttle.ts';

/** One event as it was met at the door. */
export interface Arrival {
  /** As it came. Of an event that consent does not cover, or of somebody suppressed, only its type, name and `messageId`. */
  readonly event: unknown;
  readonly status: 'stored' | EventStatus;
  readonly reason?: string;
  readonly source: EventSource;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** What became of the events that were not stored, by `messageId`. */
export type Results = ReadonlyMap<string, EventResult>;

export interface AcceptOptions {
  readonly log: Log;
  readonly limits: CollectorLimits;
  readonly inFlight: InFlight;
  readonly authenticate: Authenticate;
  readonly plan: Plan | undefined;
  readonly unplanned: 'store' | 'quarantine';
  /** Vouched for where neither event nor sender says anything. */
  readonly consent: ConsentPreferences | undefined;
  readonly ip: AddressPolicy;
  readonly trustedProxies: number;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Hears every event. */
  readonly onArrival: (arrival: Arrival) => void;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** Events of one sender, ready to be judged. */
export interface EventsToStore {
  readonly events: readonly unknown[];
  /** JSON `{"batch":[…]}` of exactly these events, kept as it is if all of them are. */
  readonly text?: string;
  readonly facts: BatchFacts;
}

export interface AcceptBatch {
  /**
   * One request, from its body to what became of its events. Rejects only for a defect of ours.
   *
   * @param type - the type of an event that does not say
   */
  request(request: HttpRequest, type: EventType | undefined): Promise<Results | Refusal>;
  /** Judges events and stores those that pass; resolves after the commit. Rejects with `LogUnavailableError`. */
  events(batch: EventsToStore): Promise<Results>;
}

/** Longest piece of an invalid event that is kept, characters. */
const maxQuarantinedLength = 32 * 1024;

/** What a sender should wait when the log cannot store, or when its own requests are under way. Seconds. */
const logRetryAfterS = 5;
const busyRetryAfterS = 1;

/** A request that was let in. */
interface Admitted {
  readonly type: EventType | undefined;
  readonly address: string | undefined;
  /** Whom it counts for where addresses are limited. */
  readonly visitor: string | undefined;
  readonly known: Sender | undefined;
  readonly visit: Visit;
}

/** The way of a batch through the collector, top to bottom: the first step that refuses is the last. */
export function createAcceptBatch(options: AcceptOptions): AcceptBatch {
  const { log, limits, inFlight, authenticate, plan, unplanned, clock, newId, onArrival, onDiagnostic } = options;
  const inflate = createInflate(limits.maxInflatedBytes);
  const drain = createDrain(clock.elapsed);
  const throttle = createThrottle({
    addressEventsPerSecond: limits.addressEventsPerSecond,
    trustedProxies: options.trustedProxies,
    elapsed: clock.elapsed,
    onDiagnostic,
  });

  /** What can be told before the body: who it is, whether they may come now, whether there is room. */
  async function request(incoming: HttpRequest, type: EventType | undefined): Promise<Results | Refusal> {
    const address = addressOf(incoming);
    const known = authenticate.beforeBody(incoming);
    if (known instanceof Refusal) return known;
    // A backend sends for many people from one address; its key has a limit of its own.
    const visitor = known?.source === 'server' ? undefined : limitedSender(address);
    const early = throttle.refusalOfAddress(visitor, incoming) ?? (known && throttle.refusalOfSender(known));
    if (early !== undefined) return early;

    const visit = inFlight.enter(declaredBytes(incoming), visitor);
    if (visit === 'full') return overloaded();
    if (visit === 'sender-full') return tooMany('address-busy', 'Your other requests come first.', busyRetryAfterS);
    try {
      return await takeBody(incoming, { type, address, visitor, known, visit });
    } finally {
      visit.leave();
    }
  }

  /** Read and unpack, parse, tell the dialect, who sent it, whether it is too much; then its events are judged. */
  async function takeBody(
    incoming: HttpRequest,
    { type, address, visitor, known, visit }: Admitted,
  ): Promise<Results | Refusal> {
    const receivedAt = clock.now();
    const text = await readText(incoming, visit);
    throttle.payForBytes(visitor, text instanceof Refusal ? 1 : text.length);
    if (text instanceof Refusal) return text;

    const parsed = jsonOf(text, limits);
    if (parsed instanceof Refusal) return parsed;
    const batch = readDialect(parsed.json, text, { type, receivedAt, newId });
    if (batch instanceof Refusal) return batch;
    const sender = known ?? authenticate.byBody(incoming, batch.writeKey);
    if (sender instanceof Refusal) return sender;
    if (batch.events.length > limits.maxEvents) return refusalOfShape('too-many-events', limits.maxEvents);
    const late = throttle.refusalOfSender(sender);
    if (late !== undefined) return late;
    throttle.payForEvents(visitor, sender, batch.events.length);

    const facts = batchFacts(incoming, { sender, receivedAt, batch, address }, options);
    try {
      return await drain.measure(text.length, () => events({ ...batch, facts }));
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      report(onDiagnostic, 'log-unavailable', `${error.message} ${messageOf(error.cause)}`);
      return unavailable('log-unavailable', 'Nothing was stored; send it again.', logRetryAfterS);
    }
  }

  function addressOf(incoming: HttpRequest): string | undefined {
    const { trustedProxies } = options;
    const forwardedFor = trustedProxies === 0 ? undefined : incoming.header('x-forwarded-for');
    return clientAddress(incoming.remoteAddress, forwardedFor, trustedProxies);
  }

  /** More than we would read takes no room: nothing of it is kept. */
  function declaredBytes(incoming: HttpRequest): number {
    const declared = Number(incoming.header('content-length') ?? 0);
    return declared > 0 && declared <= limits.maxBodyBytes ? declared : 0;
  }

  async function readText(incoming: HttpRequest, visit: Visit): Promise<string | Refusal> {
    const { maxBodyBytes, bodyTimeoutMs } = limits;
    const isHopeless = Number(incoming.header('content-length')) > maxBodyBytes;
    const body = await incoming.readBody({
      maxBytes: isHopeless ? 0 : maxBodyBytes,
      timeoutMs: bodyTimeoutMs,
      hasRoom: visit.weigh,
    });
    if (body.kind === 'no-room') return overloaded();
    if (body.kind !== 'read') return refusalOfBody(body.kind, maxBodyBytes);
    const encoding = body.decoded === true ? undefined : incoming.header('content-encoding');
    const plain = await inflate(body.bytes, encoding);
    if (plain instanceof Refusal) return plain;
    return visit.weigh(plain.length) ? textOfBytes(plain) : overloaded();
  }

  function overloaded(): Refusal {
    return unavailable('overloaded', 'Too much is under way.', drain.waitS(inFlight.bytes()));
  }

  async function events({ events: inputs, text, facts }: EventsToStore): Promise<Results> {
    const parsed = parseEnvelope({ batch: inputs }, { maxEvents: limits.maxEvents });
    if (!parsed.ok) throw new Error(reasonOf(parsed.issues));
    const { events: valid, invalid, duplicates: repeated, isIntact } = parsed.value;
    const law = {
      unplanned,
      source: facts.source,
      gpc: facts.gpc === true,
      ...(plan === undefined ? {} : { plan }),
      ...(facts.consent === undefined ? {} : { vouched: facts.consent }),
    };
    const kept: TrackEvent[] = [];
    const quarantined: QuarantinedEvent[] = [];
    const refused: Refused[] = repeated.map((messageId) => ({ event: { messageId }, status: 'duplicate' }));
    for (const { input, issues } of invalid) {
      if (log.suppression.has(input)) {
        refused.push({ event: nameOnly(input), status: 'suppressed' });
        continue;
      }
      const mayKeep = mayQuarantine(input, law);
      if (mayKeep) quarantined.push(toQuarantine(input, issues));
      refused.push({ event: mayKeep ? input : nameOnly(input), status: 'invalid', reason: reasonOf(issues) });
    }
    for (const event of valid) {
      if (log.suppression.has(event)) {
        refused.push({ event: nameOnly(event), status: 'suppressed' });
        continue;
      }
      const judgement = judgeEvent(event, law);
      if (judgement.kind === 'keep') kept.push(event);
      else if (judgement.kind === 'deny') {
        refused.push({ event: nameOnly(event), status: 'consent_denied', reason: judgement.purpose });
      } else {
        quarantined.push(toQuarantine(event, judgement.issues));
        refused.push({ event, status: 'invalid', reason: reasonOf(judgement.issues) });
      }
    }

    const known = new Set<string>();
    if (kept.length > 0 || quarantined.length > 0) {
      const { duplicates } = await log.append({
        body: text !== undefined && isIntact && kept.length === valid.length ? text : JSON.stringify({ batch: kept }),
        ids: kept.map(({ messageId }) => messageId),
        facts,
        ...(quarantined.length === 0 ? {} : { quarantined }),
      });
      for (const id of duplicates) known.add(id);
    }
    for (const event of kept) {
      if (known.has(event.messageId)) refused.push({ event, status: 'duplicate' });
      else onArrival({ event, status: 'stored', source: facts.source, receivedAt: facts.receivedAt });
    }
    return tell(refused, facts);
  }

  function tell(refused: readonly Refused[], { source, receivedAt }: BatchFacts): Results {
    const results = new Map<string, EventResult>();
    for (const { event, ...result } of refused) {
      const id = messageIdOf(event);
      if (id !== undefined) results.set(id, eventResult(result.status, result.reason));
      onArrival({ event, ...result, source, receivedAt });
    }
    return results;
  }

  return { request, events };
}

/** An event that was not stored, and why. */
interface Refused {
  readonly event: unknown;
  readonly status: EventStatus;
  readonly reason?: string;
}

function refusalOfBody(kind: 'too-large' | 'too-slow' | 'aborted', maxBodyBytes: number): Refusal {
  switch (kind) {
    case 'too-large':
      return new Refusal(413, kind, `A body may have ${maxBodyBytes} bytes.`);
    case 'too-slow':
      return new Refusal(408, kind, 'The body took too long.');
    case 'aborted':
      return new Refusal(400, kind, 'The body did not come to its end.');
  }
}

function reasonOf(issues: readonly Issue[]): string {
  return issues.map(({ path, code, message }) => `${path === '' ? '' : `${path}: `}${message ?? code}`).join('; ');
}

function toQuarantine(input: unknown, issues: readonly Issue[]): QuarantinedEvent {
  const messageId = messageIdOf(input);
  return { ...(messageId === undefined ? {} : { messageId }), issues, event: jsonTextOf(input) };
}

function jsonTextOf(input: unknown): string {
  try {
    return JSON.stringify(input).slice(0, maxQuarantinedLength);
  } catch {
    return ''; // nested beyond what can be written
  }
}

/** Longer than any valid id: what is no id is not repeated. */
const maxIdLength = 100;

function messageIdOf(input: unknown): string | undefined {
  const id = (input as { messageId?: unknown } | null)?.messageId;
  return typeof id === 'string' && id.length <= maxIdLength ? id : undefined;
}

/** What may be shown of an event that must not be kept. */
function nameOnly(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return {};
  const { type, messageId, event, name } = input as { readonly [key: string]: unknown };
  return { type, messageId, event, name };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : '';
}
