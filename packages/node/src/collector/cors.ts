import type { HttpRequest } from '../http/exchange.ts';

/** Which other sites may write from their visitors' browsers. */
export interface Cors {
  /**
   * Is the request from our own site, from one that is allowed, or from no browser at all?
   *
   * @param origins - the sites allowed for the key it came with, in place of those allowed to all
   */
  mayWrite(request: HttpRequest, origins: ReadonlySet<string> | undefined): boolean;
  /** What the reply has to say so that an allowed site may read it. */
  headers(request: HttpRequest): { readonly [name: string]: string };
  preflightHeaders(request: HttpRequest): { readonly [name: string]: string };
}

/** How long a browser may remember a pre-flight, seconds. Chromium's own limit. */
const maxAgeS = 7_200;

/** What the clients we understand send: ours, Segment's and RudderStack's. */
const requestHeaders = [
  'authorization',
  'content-type',
  'content-encoding',
  'x-retry-count',
  'anonymousid',
  'sentat',
  'rsa-retry-attempt',
  'rsa-since-last-attempt',
  'rsa-since-first-attempt',
  'rsa-retry-reason',
  'rsa-recovered',
].join(', ');

/**
 * @param allowedOrigins - sites that may write
 * @param keyOrigins - sites that may write with a key of theirs: which one it is a pre-flight does not say
 */
export function createCors(allowedOrigins: readonly string[], keyOrigins: readonly string[]): Cors {
  const allowed = new Set(allowedOrigins);
  const readable = new Set([...allowedOrigins, ...keyOrigins]);

  function headers(request: HttpRequest): { readonly [name: string]: string } {
    if (readable.size === 0) return {};
    const origin = request.header('origin');
    if (origin === undefined || !readable.has(origin)) return { Vary: 'Origin' };
    return {
      Vary: 'Origin',
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': 'Retry-After',
    };
  }

  return {
    mayWrite(request, origins = allowed) {
      const origin = request.header('origin');
      if (origin === undefined) return isOwn(request.header('sec-fetch-site'));
      return isSameOrigin(origin, request) || origins.has(origin);
    },
    headers,
    preflightHeaders(request) {
      const own = headers(request);
      if (own['Access-Control-Allow-Origin'] === undefined) return own;
      return {
        ...own,
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': requestHeaders,
        'Access-Control-Max-Age': String(maxAgeS),
      };
    },
  };
}

/** Servers send neither. Browsers leave out `Origin` only where a page just asks: there `Sec-Fetch-Site` tells. */
export function isFromBrowser(request: HttpRequest): boolean {
  return request.header('origin') !== undefined || request.header('sec-fetch-site') !== undefined;
}

function isOwn(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}

/** A browser says so itself where it may; elsewhere (plain HTTP) the addresses are compared. */
function isSameOrigin(origin: string, request: HttpRequest): boolean {
  const fetchSite = request.header('sec-fetch-site');
  if (fetchSite !== undefined) return fetchSite === 'same-origin';
  return URL.canParse(origin) && new URL(origin).host === request.header('host');
}
