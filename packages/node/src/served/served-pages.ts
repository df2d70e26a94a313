import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { attempt } from '@org/track-core';
import type { NextParts } from '../http/next.ts';
import { type FastifyLike, type HonoContext, requestOfHono } from '../http/request-middleware.ts';
import type { RequestLike } from '../identity/request-scope.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';
import { followResponse } from './follow-response.ts';
import { createPageTeller } from './page-teller.ts';
import { type PendingPage, pageIdHeader, pendingPage, withPageId } from './pending-page.ts';
import { isServedDocument } from './served-document.ts';
import { checkServedPages, type ServedPagesOptions } from './served-pages-options.ts';

export type { ServedPagesOptions };

type ServedMiddleware = (request: RequestLike, response: ServerResponse, next: () => void) => void;

/** The part of Hono's context that is used. */
export interface ServedHonoContext extends HonoContext {
  readonly res: Response;
  header(name: string, value: string): void;
}

/** Tells the collector which pages were served. Place it before everything that answers. */
export interface ServedPages {
  /** `createServer(pages.node(listener))`. */
  node<Request extends RequestLike, Response extends ServerResponse>(
    listener: (request: Request, response: Response) => void,
  ): (request: Request, response: Response) => void;
  /** `app.use(pages.express)`. */
  readonly express: ServedMiddleware;
  /** `app.register(pages.fastify)`. */
  readonly fastify: (app: FastifyLike, options: unknown, done: () => void) => void;
  /** `app.use(pages.hono)`. */
  readonly hono: (context: ServedHonoContext, next: () => Promise<void>) => Promise<void>;
  /**
   * For the root layout of Next.js, once: `const pageId = pages.next({ headers, after })`, then in the layout
   * `<meta name="doc" content={await pageId('/path')} />`. It makes the page dynamic, as `headers()` does. Next.js does not
   * tell how it answered: an error page counts like any other.
   */
  next(parts: Pick<NextParts, 'headers' | 'after'>): (path?: string) => Promise<string | undefined>;
  /**
   * A control, if you want one: call it in a route of the app's own that its pages ask for anyway, with the id that the page
   * found in its meta tag and sent along. It says that this page is alive, and nothing of whose it is; pages that never
   * call were left, or ran no scripts, blocker or not. Returns false for what is no id.
   */
  calledHome(request: RequestLike, id: unknown): boolean;
  /**
   * Inside of a request: the id of its page, `undefined` if it asks for none. For a meta tag where headers are lost on their
   * way: `<meta name="doc" content="${pages.id()}">`.
   */
  id(): string | undefined;
}

/** How long a frozen host is asked to wait for a collector, milliseconds. */
const flushMs = 10_000;

/**
 * Counts the HTML documents that a server answers with, so that a warehouse can tell how many of them a browser's page view
 * confirmed. Each answer gets a random id, in the header `Server-Timing`; the browser's `servedPage()` reads it. What is
 * told is the id, the path, the time, whether consent was given, and a bot's or a browser's name: nothing of whoever asked.
 *
 * Bots are known by the list of `isbot`, which you install beside us.
 *
 * @throws TypeError for an option that is unknown, or not what it must be
 */
export function servedPages(
  tracker: Pick<ServerTracker, 'served' | 'consent' | 'flush'>,
  options: ServedPagesOptions = {},
): ServedPages {
  checkServedPages(tracker, options, 'createTracker or of a collector');
  const current = new AsyncLocalStorage<PendingPage>();
  const teller = createPageTeller(tracker, options);

  const express: ServedMiddleware = (request, response, next) => {
    // Mounted twice it counts once.
    const page = current.getStore() ? undefined : pendingPage(request);
    if (page === undefined) return next();
    attempt(() => followResponse(response, page, teller.prepare(request, page)));
    return current.run(page, next);
  };
  const fastify: ServedPages['fastify'] = (app, _options, done) => {
    app.addHook('onRequest', (request, reply, next) =>
      express(request, (reply as { readonly raw: ServerResponse }).raw, next),
    );
    done();
  };

  return {
    node: (listener) => (request, response) => express(request, response, () => listener(request, response)),
    express,
    // As fastify-plugin does: without it the hook would hold for nothing but this function's own routes.
    fastify: Object.assign(fastify, { [Symbol.for('skip-override')]: true }),
    async hono(context, next) {
      const request = requestOfHono(context.req.raw, context.env);
      const page = current.getStore() ? undefined : pendingPage(request);
      if (page === undefined) return next();
      const tell = teller.prepare(request, page);
      await current.run(page, next);
      attempt(() => {
        const { status, headers } = context.res;
        const header = (name: string): string | undefined => headers.get(name) ?? undefined;
        if (!isServedDocument({ status, header })) return;
        context.header(pageIdHeader, withPageId(header(pageIdHeader), page.id));
        if (!page.isCounted) return;
        const { outgoing } = (context.env ?? {}) as { readonly outgoing?: ServerResponse };
        if (outgoing === undefined) return tell();
        // Somebody outside of us may still have answered "not modified".
        outgoing.once('finish', () => outgoing.statusCode === 200 && tell());
      });
    },
    next:
      ({ headers, after }) =>
      async (path = '') => {
        const request = { method: 'GET', url: path, headers: await headers() };
        const page = pendingPage(request);
        if (page === undefined) return undefined;
        const tell = teller.prepare(request, page);
        if (page.isCounted) {
          // While a page is built there is no answer, and nobody asked.
          attempt(() =>
            after(() => {
              tell();
              return tracker.flush({ deadlineMs: flushMs });
            }),
          );
        }
        return page.id;
      },
    calledHome: teller.calledHome,
    id: () => current.getStore()?.id,
  };
}
