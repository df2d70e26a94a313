import { type ConsentPreferences, type Device, type EventContext, parseDevice, type Scope } from '@org/track-core';
import { type AddressPolicy, keptAddress } from '../collector/client-address.ts';
import { type IdentityCookie, identityOf } from './identity-cookie.ts';
import { pageOfRequest } from './page-of-request.ts';
import { traceOfRequest } from './trace-of-request.ts';

/**
 * What we read of a request: a Fetch `Request`, Node's `IncomingMessage`, Express's and Fastify's requests all fit.
 *
 * A Fetch `Request` does not know where it came from: pass `{ headers: request.headers, ip }` if the host does.
 */
export interface RequestLike {
  readonly headers:
    | { get(name: string): string | null }
    | { readonly [name: string]: string | readonly string[] | undefined };
  /** The visitor's address as the framework judges it: behind a proxy only the app knows whom to trust. */
  readonly ip?: string | undefined;
  /** Where the connection came from, used if there is no `ip`. `X-Forwarded-For` is never believed. */
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean } | null | undefined;
  readonly method?: string | undefined;
  /** Absolute, or as in the request line. */
  readonly url?: string | undefined;
  /** Used in place of `url`: routers take their part off that. */
  readonly originalUrl?: string | undefined;
  /** `https` or `http` as the framework judges it. */
  readonly protocol?: string | undefined;
}

export interface RequestPolicy {
  /** Consent to assume where the person's own decision is not known. */
  readonly vouched: ConsentPreferences;
  readonly ip: AddressPolicy;
  /** The collector's cookie, where it sets one: it names the browser more lastingly than the tracker's own. */
  readonly identityCookie?: IdentityCookie | undefined;
}

/** A header longer than this does not become part of an event, characters. */
const maxHeaderLength = 2_048;

/**
 * Whom and what a request is about: who from the device's cookie, where from its headers. Everything in it is the
 * client's to say, so what does not look right is left out; where it matters who someone is, name the `userId` in the call.
 */
export function scopeOfRequest(request: RequestLike, policy: RequestPolicy): Scope {
  const device = parseDevice(headerOf(request, 'cookie') ?? '');
  const { userId, session, consent } = device;
  const preferences = consent?.[0] ?? policy.vouched;
  const { anonymousId, identity } = whoIs(
    request,
    device,
    preferences.analytics === true ? policy.identityCookie : undefined,
  );
  const hasGpc = headerOf(request, 'sec-gpc') === '1';
  return {
    ...(anonymousId === undefined ? {} : { anonymousId }),
    ...(userId === undefined ? {} : { userId }),
    consent: hasGpc ? { ...preferences, advertising: false } : preferences,
    context: { ...contextOf(request, policy.ip, session?.[0]), ...(identity === undefined ? {} : { identity }) },
  };
}

/** By the signed cookie, as the collector does it: so the events of both sides have one id. */
function whoIs(
  request: RequestLike,
  { anonymousId: browserId, consent }: Device,
  cookie: IdentityCookie | undefined,
): { readonly anonymousId?: string | undefined; readonly identity?: object } {
  const reading = cookie?.read(headerOf(request, 'cookie'));
  const known = reading && identityOf(reading, { browserId, decidedAt: consent?.[1] });
  if (known === undefined) return { anonymousId: browserId };
  return {
    anonymousId: known.id,
    identity: {
      ...(browserId === undefined ? {} : { browserId }),
      ...(reading === 'tampered' ? { tampered: true } : {}),
    },
  };
}

function contextOf(request: RequestLike, policy: AddressPolicy, sessionId: string | undefined): EventContext {
  const ip = keptAddress(request.ip ?? request.socket?.remoteAddress, policy);
  const userAgent = shortHeader(request, 'user-agent');
  const locale = localeOf(headerOf(request, 'accept-language'));
  const page = pageOfRequest({
    method: request.method,
    url: shortText(request.originalUrl ?? request.url),
    host: shortText(hostOf(request)),
    isEncrypted: isEncrypted(request),
    referer: shortHeader(request, 'referer'),
    destination: headerOf(request, 'sec-fetch-dest'),
    accept: headerOf(request, 'accept'),
  });
  const trace = traceOfRequest(headerOf(request, 'traceparent'));
  return {
    ...(sessionId === undefined ? {} : { session: { id: sessionId } }),
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(locale === undefined ? {} : { locale }),
    ...(page === undefined ? {} : { page }),
    ...(trace === undefined ? {} : { trace }),
  };
}

/** HTTP/2 has another name for it, which Fetch's headers refuse. */
function hostOf(request: RequestLike): string | undefined {
  const isFetch = typeof request.headers.get === 'function';
  return headerOf(request, 'host') ?? (isFetch ? undefined : headerOf(request, ':authority'));
}

/** Of a proxy that ends TLS a header is believed: it decides how an address is written, and nothing else. */
function isEncrypted(request: RequestLike): boolean {
  const protocol = request.protocol ?? headerOf(request, 'x-forwarded-proto');
  return request.socket?.encrypted === true || /^https\b/i.test(protocol ?? '');
}

/** @param name - in lower case */
export function headerOf({ headers }: RequestLike, name: string): string | undefined {
  const value =
    typeof headers.get === 'function' ? headers.get(name) : (headers as { readonly [name: string]: unknown })[name];
  const text = Array.isArray(value) ? value[0] : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function shortHeader(request: RequestLike, name: string): string | undefined {
  return shortText(headerOf(request, name));
}

function shortText(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= maxHeaderLength ? text : undefined;
}

/** The first language of `Accept-Language`: browsers put the one they prefer there. */
function localeOf(acceptLanguage: string | undefined): string | undefined {
  const first = acceptLanguage?.split(/[,;]/, 1)[0]?.trim() ?? '';
  return /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i.test(first) ? first : undefined;
}
