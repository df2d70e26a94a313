import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AnyPlan,
  attempt,
  type OnDiagnostic,
  type Plan,
  report,
  type Scope,
  type ServedPage,
  type TrackEvent,
  type Tracker,
} from '@org/track-core';
import { type RequestMiddleware, requestMiddleware } from '../http/request-middleware.ts';
import type { RequestLike } from './request-scope.ts';

/**
 * A tracker for a backend: each call says whom it is about, or the request does that it runs in.
 *
 * Inside of a request every call is about the person, visit and page behind it, field by field where the call itself says
 * nothing. A call about another `userId` than the request's takes nothing from it but its `trace`: it is not about that
 * device, and not covered by that person's consent.
 *
 * Outside, a call needs an `anonymousId` or a `userId`; without either it is dropped, and its receipt says `no-identity`.
 */
export interface ServerTracker<P extends Plan = AnyPlan> extends Tracker<P, 'server'>, RequestMiddleware {
  /**
   * The same tracker for the person and page behind a request: ids and consent from the device's cookie, then headers. It
   * stays that person's: another `userId` in a call is one more name of theirs.
   */
  for(request: RequestLike): Tracker<P, 'server'>;
  /**
   * Runs `task` inside of `request`: what it calls, awaits and sets off is too. Returns what `task` returns.
   *
   * @param request - `undefined` for a task that is about nobody's request, though it was set off by one
   */
  run<T>(request: RequestLike | undefined, task: () => T): T;
  /**
   * Counts a page that this server answered with, as `servedPages()` of `@org/track-node/served` does. It is about nobody:
   * no plugin sees it, none but warehouses get it, and it needs no consent. Returns what was told; nothing for what is no
   * such page, or after `shutdown`.
   */
  served(page: ServedPage & { readonly path?: string }): TrackEvent | undefined;
}

/** A request that is worked on. */
interface CurrentRequest {
  readonly scope: Scope;
  readonly tracker: Tracker;
}

const calls = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const;
type Call = (...args: readonly unknown[]) => unknown;

/** @param scopeOf - whom and what a request is about */
export function createRequestTracker<P extends Plan = AnyPlan>(
  tracker: Tracker<P, 'server'>,
  scopeOf: (request: RequestLike) => Scope,
  onDiagnostic: OnDiagnostic | undefined,
): Omit<ServerTracker<P>, 'served'> {
  const base = tracker as unknown as Tracker;
  const current = new AsyncLocalStorage<CurrentRequest | undefined>();

  /**
   * What a client sends cannot break a request of the host, and neither can what a framework hands us. What the person said
   * is then not known: nothing else stands for it.
   */
  const readScope = (request: RequestLike): Scope =>
    attempt(
      () => scopeOf(request),
      (error) => void report(onDiagnostic, 'request-unreadable', error),
    ) ?? { consent: {} };

  /** @param own - what was said with `with`; it beats what the request says */
  function bound(own?: Scope): Tracker {
    const outside = own === undefined ? base : base.with(own);

    /** @param said - the user that a call names, if it names one */
    function trackerFor(said: unknown): Tracker {
      const request = current.getStore();
      if (request === undefined) return outside;
      const userId = said || own?.userId;
      if (userId && request.scope.userId !== undefined && userId !== request.scope.userId) {
        const trace = request.scope.context?.trace;
        return trace === undefined ? outside : base.with({ context: { trace } }).with(own ?? {});
      }
      return own === undefined ? request.tracker : request.tracker.with(own);
    }

    /** A former name that is given, and not one of the request's person. */
    function isOfAnother(previousId: unknown): boolean {
      const { userId, anonymousId } = current.getStore()?.scope ?? {};
      return typeof previousId === 'string' && previousId !== userId && previousId !== anonymousId;
    }

    const bindCall = (name: (typeof calls)[number]): Call => {
      return (...args) => {
        const [subject, previousId, options] = args;
        const isSubject = name === 'identify' || (name === 'alias' && isOfAnother(previousId));
        const said = isSubject ? subject : (options as { readonly userId?: unknown } | undefined)?.userId;
        return (trackerFor(said)[name] as Call)(...args);
      };
    };

    return {
      ...base,
      ...(Object.fromEntries(calls.map((name) => [name, bindCall(name)])) as unknown as Pick<
        Tracker,
        (typeof calls)[number]
      >),
      with: (inner) => bound({ ...own, ...inner, context: { ...own?.context, ...inner?.context } }),
    };
  }

  function run<T>(request: RequestLike | undefined, task: () => T): T {
    if (request === undefined) return current.run(undefined, task);
    const scope = readScope(request);
    return current.run({ scope, tracker: base.with(scope) }, task);
  }

  return {
    ...(bound() as unknown as Tracker<P, 'server'>),
    for: (request) => tracker.with(readScope(request)),
    run,
    ...requestMiddleware(run),
  };
}
