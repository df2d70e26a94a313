import { attempt, isPageViewId } from '@org/track-core';
import type { RequestLike } from '../identity/request-scope.ts';
import type { ServerTracker } from '../identity/request-tracker.ts';
import type { PendingPage } from './pending-page.ts';
import { createServedPageOf } from './served-page-of.ts';
import type { ServedPagesOptions } from './served-pages-options.ts';

/** What tells a collector of pages. Nothing in it throws. */
export interface PageTeller {
  /**
   * Reads now what may be told of a page, and tells it when the returned function is called: after the answer a router may
   * have rewritten the request.
   */
  prepare(request: RequestLike, page: PendingPage): () => void;
  /** A page that was told before is alive. False for what is no id. */
  calledHome(request: RequestLike, id: unknown): boolean;
}

export function createPageTeller(
  tracker: Pick<ServerTracker, 'served' | 'consent'>,
  { except, path = (path) => path }: ServedPagesOptions,
): PageTeller {
  const servedPageOf = createServedPageOf({
    vouched: () => tracker.consent.get().preferences,
    except,
    pathOf: path,
  });
  return {
    prepare(request, { id }) {
      const page = attempt(() => servedPageOf(request, id));
      return () => void (page && attempt(() => tracker.served(page)));
    },
    calledHome: (request, id) =>
      isPageViewId(id) &&
      attempt(() => tracker.served({ ...servedPageOf(request, id), called_home: true })) !== undefined,
  };
}
