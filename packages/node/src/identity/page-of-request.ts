import type { PageContext } from '@org/track-core';

/** What of a request tells which page it belongs to. Texts are as they came. */
export interface PageSigns {
  readonly method: string | undefined;
  /** Absolute, or as in the request line: then `host` completes it. */
  readonly url: string | undefined;
  readonly host: string | undefined;
  /** Of an absolute `url` too: behind a proxy that ends TLS a framework writes `http`. */
  readonly isEncrypted: boolean;
  readonly referer: string | undefined;
  /** `Sec-Fetch-Dest`: what the browser will do with the answer. */
  readonly destination: string | undefined;
  readonly accept: string | undefined;
}

/**
 * The page that an event of this request is about: the one that is asked for if a browser opens it, with where the
 * person came from; else the page that sent the request.
 */
export function pageOfRequest(signs: PageSigns): PageContext | undefined {
  const referer = pageAt(signs.referer);
  if (!isOpened(signs)) return referer;
  const page = pageAt(absoluteUrl(signs));
  if (page === undefined) return referer;
  return { ...page, ...(referer?.url === undefined ? {} : { referrer: referer.url }) };
}

/** Browsers tell what they open; those that do not, and pages without TLS, still ask for HTML first. */
function isOpened({ method, destination, accept }: PageSigns): boolean {
  if (method !== 'GET') return false;
  return destination === undefined ? accept?.startsWith('text/html') === true : destination === 'document';
}

function absoluteUrl({ url = '', host, isEncrypted }: PageSigns): string | undefined {
  if (!url.startsWith('/')) return isEncrypted ? url.replace(/^http:/i, 'https:') : url;
  return host === undefined ? undefined : `${isEncrypted ? 'https' : 'http'}://${host}${url}`;
}

function pageAt(url: string | undefined): PageContext | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, username, password, href, pathname, search } = new URL(url);
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') return undefined;
  return { url: href, path: pathname, ...(search === '' ? {} : { search }) };
}
