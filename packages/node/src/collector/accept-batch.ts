import {
  type ConsentPreferences,
  type EventResult,
  type EventSource,
  type EventStatus,
  type Issue,
  type OnDiagnostic,
  type Plan,
  parseEnvelope,
  report,
  type TrackEvent,
} from '@org/track-core';
import type { HttpReply, HttpRequest } from '../http/exchange.ts';
import { type BatchFacts, type Log, LogUnavailableError, type QuarantinedEvent } from '../log/log.ts';
import { type AddressPolicy, clientAddress, keptAddress } from './client-address.ts';
import type { CollectorLimits } from './collector-options.ts';
import { endpointOf, readDialect } from './dialect.ts';
import { eventResult } from './event-result.ts';
import type { InFlight, Visit } from './in-flight.ts';
import { judgeEvent, mayQuarantine } from './judge-event.ts';
import type { Authenticate, Sender } from './keys.ts';
import { jsonOf, textOfBody } from './read-json.ts';
import { Refusal, replyOf, replyOfRefusal, unavailable } from './refusal.ts';

/** One event as it was met at the door. */
export interface Arrival {
  /** As it came. Of an event that consent does not cover only its type, name and `messageId`. */
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
  readonly now: () => number;
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
  /** One request, from its body to its reply. Rejects only for a defect of ours. */
  request(request: HttpRequest): Promise<HttpReply>;
  /** Judges events and stores those that pass; resolves after the commit. Rejects with `LogUnavailableError`. */
  events(batch: EventsToStore): Promise<Results>;
}

/** Longest piece of an invalid event that is kept, characters. */
const maxQuarantinedLength = 32 * 1024;

/** What a sender should wait when the log cannot store, or when too much is under way. Seconds. */
const logRetryAfterS = 5;
const overloadRetryAfterS = 1;

/** The way of a batch through the collector, top to bottom. */
export function createAcceptBatch(options: AcceptOptions): AcceptBatch {
  const { log, limits, inFlight, authenticate, plan, unplanned, now, newId, onArrival, onDiagnostic } = options;

  async function request(incoming: HttpRequest): Promise<HttpReply> {
    const outcome = await withinLimits(incoming, (visit) => storeRequest(incoming, visit));
    if (outcome instanceof Refusal) return replyOfRefusal(outcome);
    return replyOf(
      200,
      outcome.size === 0 ? { success: true } : { success: true, results: Object.fromEntries(outcome) },
    );
  }

  async function withinLimits<T>(incoming: HttpRequest, work: (visit: Visit) => Promise<T>): Promise<T | Refusal> {
    const declared = Number(incoming.header('content-length') ?? Number.NaN);
    const visit = inFlight.enter(declared <= limits.maxBodyBytes ? Math.max(0, declared) : limits.maxBodyBytes);
    if (visit === undefined) return unavailable('overloaded', 'Too much is under way.', overloadRetryAfterS);
    try {
      return await work(visit);
    } finally {
      visit.leave();
    }
  }

  async function storeRequest(incoming: HttpRequest, visit: Visit): Promise<Results | Refusal> {
    const receivedAt = now();
    const text = await readText(incoming, visit);
    if (text instanceof Refusal) return text;
    if (endpointOf(incoming.path).kind === 'metrics') return new Map();

    const parsed = jsonOf(text);
    if (parsed instanceof Refusal) return parsed;
    const batch = readDialect(parsed.json, text, { path: incoming.path, receivedAt, newId });
    if (batch instanceof Refusal) return batch;
    const sender = authenticate(incoming, batch.writeKey);
    if (sender instanceof Refusal) return sender;
    if (batch.events.length > limits.maxEvents) {
      return new Refusal(413, 'too-many-events', `A batch may have ${limits.maxEvents} events.`);
    }

    const facts = factsOf(incoming, sender, receivedAt, batch.sentAt);
    try {
      return await events({ ...batch, facts });
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      report(onDiagnostic, 'log-unavailable', `${error.message} ${messageOf(error.cause)}`);
      return unavailable('log-unavailable', 'Nothing was stored; send it again.', logRetryAfterS);
    }
  }

  async function readText(incoming: HttpRequest, visit: Visit): Promise<string | Refusal> {
    const { maxBodyBytes, maxInflatedBytes, bodyTimeoutMs } = limits;
    const body = await incoming.readBody({ maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs });
    if (body.kind !== 'read') return refusalOfBody(body.kind, maxBodyBytes);
    const encoding = body.decoded === true ? undefined : incoming.header('content-encoding');
    const text = await textOfBody(body.bytes, encoding, maxInflatedBytes);
    if (text instanceof Refusal || visit.weigh(text.length)) return text;
    return unavailable('overloaded', 'Too much is under way.', overloadRetryAfterS);
  }

  function factsOf(incoming: HttpRequest, sender: Sender, receivedAt: number, sentAt: string | undefined): BatchFacts {
    const { ip: policy, trustedProxies } = options;
    const forwardedFor = trustedProxies === 0 ? undefined : incoming.header('x-forwarded-for');
    const ip = keptAddress(clientAddress(incoming.remoteAddress, forwardedFor, trustedProxies), policy);
    const userAgent = incoming.header('user-agent')?.slice(0, maxUserAgentLength);
    const consent = sender.consent ?? options.consent;
    return {
      receivedAt,
      source: sender.source,
      ...(sentAt === undefined ? {} : { sentAt: sentAt.slice(0, maxDateLength) }),
      ...(sender.keyName === undefined ? {} : { keyName: sender.keyName }),
      ...(ip === undefined ? {} : { ip }),
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(incoming.header('sec-gpc') === '1' ? { gpc: true } : {}),
      ...(consent === undefined ? {} : { consent }),
    };
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
      const mayKeep = mayQuarantine(input, law);
      if (mayKeep) quarantined.push(toQuarantine(input, issues));
      refused.push({ event: mayKeep ? input : nameOnly(input), status: 'invalid', reason: reasonOf(issues) });
    }
    for (const event of valid) {
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

const maxUserAgentLength = 1_024;
const maxDateLength = 64;

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

/** What may be shown of an event that consent does not cover. */
function nameOnly(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return {};
  const { type, messageId, event, name } = input as { readonly [key: string]: unknown };
  return { type, messageId, event, name };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : '';
}
