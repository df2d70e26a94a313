import type { HttpRequest } from '../http/exchange.ts';

/** Which other sites may write from their visitors' browsers. */
export interface Cors {
  /** Is the request from our own site, from one that is allowed, or from no browser at all? */
  mayWrite(request: HttpRequest): boolean;
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

export function createCors(allowedOrigins: readonly string[]): Cors {
  const allowed = new Set(allowedOrigins);

  function headers(request: HttpRequest): { readonly [name: string]: string } {
    if (allowed.size === 0) return {};
    const origin = request.header('origin');
    if (origin === undefined || !allowed.has(origin)) return { Vary: 'Origin' };
    return { Vary: 'Origin', 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  }

  return {
    mayWrite(request) {
      const origin = request.header('origin');
      if (origin === undefined) return isOwn(request.header('sec-fetch-site'));
      return isSameOrigin(origin, request) || allowed.has(origin);
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

function isOwn(fetchSite: string | undefined): boolean {
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}

/** A browser says so itself where it may; elsewhere (plain HTTP) the addresses are compared. */
function isSameOrigin(origin: string, request: HttpRequest): boolean {
  const fetchSite = request.header('sec-fetch-site');
  if (fetchSite !== undefined) return fetchSite === 'same-origin';
  return URL.canParse(origin) && new URL(origin).host === request.header('host');
}
