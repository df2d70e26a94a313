import { type Clock, type ConsentPreferences, type EventType, type OnDiagnostic, report } from '@org/track-core';
import type { Visitor } from '../enrichment/enrichment.ts';
import type { HttpRequest } from '../http/exchange.ts';
import type { IdentityCookie } from '../identity/identity-cookie.ts';
import { LogUnavailableError } from '../log/log.ts';
import { maxTimerMs } from '../runtime/node-clock.ts';
import { batchFacts, maxUserAgentLength } from './batch-facts.ts';
import { type AddressPolicy, clientAddress, limitedSender } from './client-address.ts';
import type { CollectorLimits } from './collector-options.ts';
import { readDialect } from './dialect.ts';
import { createDrain } from './drain.ts';
import type { InFlight, Visit } from './in-flight.ts';
import { createInflate, isGzip } from './inflate.ts';
import type { Authenticate, Sender } from './keys.ts';
import { jsonOf, type PlainBody, plainBody, refusalOfShape } from './read-json.ts';
import { Refusal, tooMany, unavailable } from './refusal.ts';
import { type RequestIdentity, requestIdentity } from './signed-identity.ts';
import type { Results, StoreEvents } from './store-events.ts';
import { createThrottle } from './throttle.ts';

export interface AcceptOptions {
  readonly limits: CollectorLimits;
  readonly inFlight: InFlight;
  readonly authenticate: Authenticate;
  /** Vouched for where neither event nor sender says anything. */
  readonly consent: ConsentPreferences | undefined;
  readonly ip: AddressPolicy;
  readonly trustedProxies: number;
  /** The cookie that browsers are known by; none if they are not. */
  readonly identityCookie: IdentityCookie | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly store: StoreEvents;
  /** Called for each batch that was stored and is not its sender's first try. */
  readonly onRetried: () => void;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** A batch whose events have their fate. */
export interface Accepted {
  readonly results: Results;
  /** What the answer has to set. */
  readonly setCookie?: string | undefined;
}

/**
 * One request, from its body to what became of its events. Rejects only for a defect of ours.
 *
 * @param type - the type of an event that does not say
 */
export type AcceptBatch = (request: HttpRequest, type: EventType | undefined) => Promise<Accepted | Refusal>;

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

/** The way of a request through the collector, top to bottom: the first step that refuses is the last. */
export function createAcceptBatch(options: AcceptOptions): AcceptBatch {
  const { limits, inFlight, authenticate, clock, newId, store, onRetried, onDiagnostic } = options;
  const inflate = createInflate(limits.maxInflatedBytes);
  const drain = createDrain(clock.elapsed);
  const throttle = createThrottle({
    addressEventsPerSecond: limits.addressEventsPerSecond,
    trustedProxies: options.trustedProxies,
    elapsed: clock.elapsed,
    onDiagnostic,
  });

  /** What can be told before the body: who it is, whether they may come now, whether there is room. */
  return async (incoming, type) => {
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
  };

  async function takeBody(incoming: HttpRequest, admitted: Admitted): Promise<Accepted | Refusal> {
    const receivedAt = clock.now();
    return readBody(incoming, admitted.visit).then((body) => {
      throttle.payForBytes(admitted.visitor, body instanceof Refusal ? 1 : body.text.length);
      return body instanceof Refusal ? body : takeEvents(incoming, body, receivedAt, admitted);
    });
  }

  /**
   * Parse, tell the dialect, who sent it, whether it is too much; then its events are judged. All at once: a batch waits
   * for its commit longer than for anything else, and what an `async` function has read would be held as long.
   */
  function takeEvents(
    incoming: HttpRequest,
    body: PlainBody,
    receivedAt: number,
    { type, address, visitor, known }: Admitted,
  ): Promise<Accepted | Refusal> | Refusal {
    const parsed = jsonOf(body.text, limits);
    if (parsed instanceof Refusal) return parsed;
    const batch = readDialect(parsed.json, body, { type, receivedAt, newId });
    if (batch instanceof Refusal) return batch;
    const sender = known ?? authenticate.byBody(incoming, batch.writeKey);
    if (sender instanceof Refusal) return sender;
    if (batch.events.length > limits.maxEvents) return refusalOfShape('too-many-events', limits.maxEvents);
    const late = throttle.refusalOfSender(sender);
    if (late !== undefined) return late;
    throttle.payForEvents(visitor, sender, batch.events.length);

    const facts = batchFacts(incoming, { sender, receivedAt, batch, address }, options);
    const { identityCookie } = options;
    const identity =
      identityCookie === undefined || sender.source !== 'browser'
        ? undefined
        : requestIdentity(incoming, identityCookie, facts.consent);
    const about = { facts, visitor: visitorOf(incoming, address), ...(identity === undefined ? {} : { identity }) };
    const storing = drain.measure(body.text.length, () => store({ ...batch, ...about }));
    const isRepeated = (batch.retryCount ?? Number(incoming.header('x-retry-count'))) > 0;
    return whenStored(storing, identity, isRepeated);
  }

  async function whenStored(
    storing: Promise<Results>,
    identity: RequestIdentity | undefined,
    isRepeated: boolean,
  ): Promise<Accepted | Refusal> {
    try {
      const results = await storing;
      if (isRepeated) onRetried();
      return { results, setCookie: identity?.setCookie() };
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

  async function readBody(incoming: HttpRequest, visit: Visit): Promise<PlainBody | Refusal> {
    const { maxBodyBytes, bodyTimeoutMs } = limits;
    const isHopeless = Number(incoming.header('content-length')) > maxBodyBytes;
    const body = await incoming.readBody({
      maxBytes: isHopeless ? 0 : maxBodyBytes,
      timeoutMs: Math.min(bodyTimeoutMs, maxTimerMs),
      hasRoom: visit.weigh,
    });
    if (body.kind === 'no-room') return overloaded();
    if (body.kind !== 'read') return refusalOfBody(body.kind, maxBodyBytes);
    const encoding = body.decoded === true ? undefined : incoming.header('content-encoding');
    const plain = await inflate(body.bytes, encoding);
    if (plain instanceof Refusal) return plain;
    if (!visit.weigh(plain.length)) return overloaded();
    const packed = isGzip(body.bytes) ? body.bytes : undefined;
    return plainBody(plain, packed);
  }

  function overloaded(): Refusal {
    return unavailable('overloaded', 'Too much is under way.', drain.waitS(inFlight.bytes()));
  }
}

function visitorOf(incoming: HttpRequest, ip: string | undefined): Visitor {
  const userAgent = incoming.header('user-agent')?.slice(0, maxUserAgentLength);
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    header: incoming.header,
  };
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : '';
}
