import { type AnyPlan, attempt, type PageContext, type Plan, type Tracker } from '@org/track-core';
import { pageOfRequest } from '../identity/page-of-request.ts';
import type { RequestLike } from '../identity/request-scope.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';

interface HeadersLike {
  get(name: string): string | null;
}

/** What Next.js has for it: `import { headers } from 'next/headers'`, `import { after } from 'next/server'`. */
export interface NextParts {
  readonly headers: () => Promise<HeadersLike>;
  readonly after: (task: () => unknown) => void;
  /** The visitor's address, where the host in front of Next.js says it: `(headers) => headers.get('x-real-ip')`. */
  readonly ip?: (headers: HeadersLike) => string | null;
}

export interface NextTracking<P extends Plan = AnyPlan> {
  /** `export const POST = route(async (request) => …)`: what a route handler tracks is about its request. */
  route<Incoming extends Request, Rest extends readonly unknown[], R>(
    handler: (request: Incoming, ...rest: Rest) => R,
  ): (request: Incoming, ...rest: Rest) => Promise<Awaited<R>>;
  /** `export const addToCart = action(async (form: FormData) => …)`: the same for a server action. */
  action<Args extends readonly unknown[], R>(action: (...args: Args) => R): (...args: Args) => Promise<Awaited<R>>;
  /**
   * The visitor of a server component, which React renders when it likes: `const visitor = await visitorOf('/cart')`. It
   * makes the page dynamic, as `headers()` does.
   *
   * @param path - where the component is, with its query: Next.js does not tell
   */
  visitorOf(path?: string): Promise<Tracker<P, 'server'>>;
}

/** How long a frozen host is asked to wait for a collector, milliseconds. */
const flushMs = 10_000;

/**
 * Request context for Next.js. Make it once, beside the tracker:
 *
 * `export const { route, action, visitorOf } = nextTracking(tracker, { headers, after });`
 *
 * Events leave `after` the answer, before a serverless host freezes the process.
 */
export function nextTracking<P extends Plan = AnyPlan>(
  tracker: ServerTracker<P>,
  { headers, after, ip }: NextParts,
): NextTracking<P> {
  /** What comes with the end of a streamed answer, or in an `after` of the host, leaves then too. */
  const flush = (): unknown => (tracker.stats().pending > 0 ? tracker.flush({ deadlineMs: flushMs }) : undefined);

  const leave = (): void => {
    // While a page is built there is no answer to wait for.
    attempt(() => after(flush));
  };

  function requestOf(headers: HeadersLike, more: Pick<RequestLike, 'method' | 'url'> = {}): RequestLike {
    // Written for the host in front, it may not expect that there is none.
    return { headers, ...more, ip: attempt(() => ip?.(headers)) ?? undefined };
  }

  /** What is tracked leaves also where `redirect()` and `notFound()` end the task by throwing. */
  async function inside<R>(request: RequestLike, task: () => R): Promise<Awaited<R>> {
    try {
      return await tracker.run(request, task);
    } finally {
      leave();
    }
  }

  return {
    route:
      (handler) =>
      (request, ...rest) =>
        inside(requestOf(request.headers, addressed(request)), () => handler(request, ...rest)),
    action:
      (action) =>
      async (...args): Promise<Awaited<ReturnType<typeof action>>> =>
        inside(requestOf(await headers(), { method: 'POST' }), () => action(...args)),
    async visitorOf(path) {
      const sent = await headers();
      const visitor = tracker.for(requestOf(sent));
      leave();
      const page = path === undefined ? undefined : pageAt(path, sent);
      return page === undefined ? visitor : visitor.with({ context: { page } });
    },
  };
}

/** Next.js writes the server's own name into `url`; the visitor's word for it is in the headers. */
function addressed({ method, url }: Request): Pick<RequestLike, 'method' | 'url'> {
  const { pathname, search } = new URL(url);
  return { method, url: pathname + search };
}

/** Next.js also renders it for a page that is left: then where it is differs from where the request comes from. */
function pageAt(path: string, headers: HeadersLike): PageContext | undefined {
  return pageOfRequest({
    method: 'GET',
    url: path,
    host: headers.get('host') ?? undefined,
    isEncrypted: headers.get('x-forwarded-proto')?.startsWith('https') === true,
    referer: headers.get('referer') ?? undefined,
    destination: 'document',
    accept: undefined,
  });
}
