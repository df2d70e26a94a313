import { AsyncLocalStorage } from 'node:async_hooks';
import { attempt } from '@org/track-core';
import type { WorkerTracker } from '../create-worker-tracker.ts';
import { createPageTeller } from './page-teller.ts';
import { type PendingPage, pageIdHeader, pendingPage, withPageId } from './pending-page.ts';
import { isServedDocument } from './served-document.ts';
import { checkServedPages, type ServedPagesOptions } from './served-pages-options.ts';

export type { ServedPagesOptions };

type Handler = (...args: never[]) => unknown;

/** Tells the collector which pages a Worker served. */
export interface WorkerServedPages {
  /** `export default { fetch: tracker.fetch(pages.fetch(handler)) }`: inside of the tracker's, which sends what it tells. */
  fetch<H extends Handler>(handler: H): H;
  /**
   * A control, if you want one: call it in a route of the app's own that its pages ask for anyway, with the id that the page
   * found in its meta tag and sent along. It says that this page is alive, and nothing of whose it is; pages that never
   * call were left, or ran no scripts, blocker or not. Returns false for what is no id.
   */
  calledHome(request: Request, id: unknown): boolean;
  /**
   * Inside of a request: the id of its page, `undefined` if it asks for none. For a meta tag where headers are lost on their
   * way: `<meta name="doc" content="${pages.id()}">`.
   */
  id(): string | undefined;
}

/**
 * `servedPages` of `@org/track-node/served`, for Cloudflare Workers. A Worker does not learn whether all of its answer
 * arrived: a page counts when it is answered.
 *
 * Bots are known by the list of `isbot`, which you install beside us.
 *
 * @throws TypeError for an option that is unknown, or not what it must be
 */
export function servedPages(
  tracker: Pick<WorkerTracker, 'served' | 'consent'>,
  options: ServedPagesOptions = {},
): WorkerServedPages {
  checkServedPages(tracker, options, 'createWorkerTracker');
  const current = new AsyncLocalStorage<PendingPage>();
  const teller = createPageTeller(tracker, options);

  async function answer(request: Request, handle: () => unknown): Promise<unknown> {
    // Wrapped twice it counts once.
    const page = current.getStore() ? undefined : pendingPage(request);
    if (page === undefined) return handle();
    const tell = teller.prepare(request, page);
    const response = await current.run(page, handle);
    return attempt(() => pageOf(response as Response, page, tell)) ?? response;
  }

  return {
    fetch: (handler) => {
      const call = handler as unknown as (...args: readonly unknown[]) => unknown;
      function answered(this: unknown, ...args: readonly unknown[]): Promise<unknown> {
        return answer(args[0] as Request, () => call.apply(this, args as unknown[]));
      }
      return answered as unknown as typeof handler;
    },
    calledHome: teller.calledHome,
    id: () => current.getStore()?.id,
  };
}

/** The same answer with the page's id, which is told; nothing for what is no page. */
function pageOf(response: Response, { id, isCounted }: PendingPage, tell: () => void): Response | undefined {
  const { status, headers } = response;
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  if (!isServedDocument({ status, header })) return undefined;
  // A copy, for the headers of what another server answered cannot be changed.
  const page = new Response(response.body, response);
  page.headers.set(pageIdHeader, withPageId(header(pageIdHeader), id));
  if (isCounted) tell();
  return page;
}
