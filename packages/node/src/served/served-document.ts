import { headerOf, type RequestLike } from '../identity/request-scope.ts';

/** Why a browser asks for a document: to show it, or to have it at hand. */
export type DocumentRequest = 'view' | 'prefetch';

/**
 * Does this request ask for a document that a browser would show as a page of its own? Where browsers say what they want
 * (`Sec-Fetch-Dest`) only their word counts: HTML that a script, a frame or an embedding asks for has no page view.
 */
export function documentRequest(request: RequestLike): DocumentRequest | undefined {
  if (request.method !== 'GET') return undefined;
  const destination = headerOf(request, 'sec-fetch-dest');
  if (destination !== undefined && destination !== 'document') return undefined;
  const purposes = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].map((name) => headerOf(request, name) ?? '');
  return purposes.some((purpose) => /prefetch|prerender|preview/i.test(purpose)) ? 'prefetch' : 'view';
}

/** An answer, before it leaves. */
export interface ResponseHead {
  readonly status: number;
  /** @param name - in lower case */
  header(name: string): string | undefined;
}

/** Is it a page for one visitor? A redirect, an error, "not modified" and a download are none. */
export function isServedDocument(head: ResponseHead): boolean {
  return (
    head.status === 200 &&
    /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(head.header('content-type') ?? '') &&
    !/^\s*attachment\b/i.test(head.header('content-disposition') ?? '') &&
    !isShareable(head)
  );
}

/**
 * May a cache between us and the visitor keep it for others? Then one id would be that of many page views, of which we
 * see the first. https://www.rfc-editor.org/rfc/rfc9111#section-3
 */
function isShareable({ header }: ResponseHead): boolean {
  const forBrowsers = header('cache-control') ?? '';
  const forCaches = header('cdn-cache-control') ?? header('surrogate-control');
  if (forCaches !== undefined) return isKept(forCaches);
  return /\bpublic\b|\bs-maxage\s*=\s*"?0*[1-9]/i.test(forBrowsers) || isKept(forBrowsers);
}

function isKept(directives: string): boolean {
  if (/\bno-store\b|\bprivate\b|\bno-cache\b/i.test(directives)) return false;
  return /\bmax-age\s*=\s*"?0*[1-9]/i.test(directives);
}
