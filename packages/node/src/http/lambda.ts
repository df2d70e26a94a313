import { type AnyPlan, attempt, type Plan } from '@org/track-core';
import type { RequestLike } from '../identity/request-scope.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** Who waits for an answer waits no longer than this for a collector. Milliseconds. */
const maxFlushMs = 5_000;

/** So much of the function's time is left for the answer. Milliseconds. */
const reservedMs = 500;

/**
 * `export const handler = lambdaHandler(tracker, async (event, context) => …)`: what it tracks is about the request behind
 * the event (API Gateway 1 and 2, function URLs, load balancers), and is delivered before Lambda freezes the process.
 *
 * Of other events (queues, schedules) each call says whom it is about. What a collector did not take in time stays in
 * memory, for the next call of this instance.
 */
export function lambdaHandler<E, C extends LambdaContext, R, P extends Plan = AnyPlan>(
  tracker: Pick<ServerTracker<P>, 'run' | 'flush' | 'stats'>,
  handler: (event: E, context: C) => R,
): (event: E, context: C) => Promise<Awaited<R>> {
  return async (event, context): Promise<Awaited<R>> => {
    // An event may be anything, and so may what a test of the handler passes: neither is the function's loss. A request
    // that cannot be read is still one: that it is nobody's would be saying more than is known.
    const request = attempt(
      () => requestOfLambda(event),
      () => ({}) as RequestLike,
    );
    try {
      return await tracker.run(request, () => handler(event, context));
    } finally {
      const leftMs = attempt(() => context.getRemainingTimeInMillis()) ?? Number.POSITIVE_INFINITY;
      const flushMs = Math.max(0, Math.min(maxFlushMs, leftMs - reservedMs));
      if (tracker.stats().pending > 0) await tracker.flush({ deadlineMs: flushMs });
    }
  };
}

type Headers = { readonly [name: string]: string | undefined };

/** What HTTP events of all kinds may have. */
interface HttpEvent {
  readonly headers?: Headers | null;
  readonly multiValueHeaders?: { readonly [name: string]: readonly string[] | undefined } | null;
  readonly cookies?: readonly string[];
  readonly httpMethod?: string;
  readonly path?: string;
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly queryStringParameters?: { readonly [name: string]: string | undefined } | null;
  readonly multiValueQueryStringParameters?: { readonly [name: string]: readonly string[] | undefined } | null;
  readonly requestContext?: {
    readonly elb?: unknown;
    readonly path?: string;
    readonly http?: { readonly method?: string; readonly sourceIp?: string };
    readonly identity?: { readonly sourceIp?: string };
  };
}

/** The request behind an event; `undefined` for events that are none. */
export function requestOfLambda(event: unknown): RequestLike | undefined {
  const { headers, multiValueHeaders, cookies, requestContext, ...http } = (event ?? {}) as HttpEvent;
  if (!headers && !multiValueHeaders) return undefined;
  const lower: Record<string, string | undefined> = {};
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) {
    lower[name.toLowerCase()] = values?.join(name.toLowerCase() === 'cookie' ? '; ' : ', ');
  }
  for (const [name, value] of Object.entries(headers ?? {})) lower[name.toLowerCase()] ??= value;
  if (cookies !== undefined) lower.cookie = cookies.join('; ');
  const query = queryOf(http, requestContext);
  return {
    headers: lower,
    method: requestContext?.http?.method ?? http.httpMethod,
    url: `${http.rawPath ?? requestContext?.path ?? http.path ?? ''}${query === '' ? '' : `?${query}`}`,
    ip:
      requestContext?.http?.sourceIp ?? requestContext?.identity?.sourceIp ?? addressAtBalancer(requestContext, lower),
  };
}

/** As it came, or in pairs: those of a load balancer are as they came too, those of API Gateway 1 are decoded. */
function queryOf(event: HttpEvent, context: HttpEvent['requestContext']): string {
  const { rawQueryString, queryStringParameters, multiValueQueryStringParameters: lists } = event;
  if (rawQueryString !== undefined) return rawQueryString;
  const parameters: { readonly [name: string]: string | readonly string[] | undefined } =
    lists ?? queryStringParameters ?? {};
  const pairs = Object.entries(parameters).flatMap(([name, values = []]) =>
    (typeof values === 'string' ? [values] : values).map((value): [string, string] => [name, value]),
  );
  const isDecoded = context?.elb === undefined;
  return isDecoded ? String(new URLSearchParams(pairs)) : pairs.map((pair) => pair.join('=')).join('&');
}

/** A load balancer adds the address it sees at the end; what stands before it anybody may have written. */
function addressAtBalancer(context: HttpEvent['requestContext'], headers: Headers): string | undefined {
  return context?.elb === undefined ? undefined : headers['x-forwarded-for']?.split(',').at(-1)?.trim();
}
