import type { CallOptions, PageContext, Plugin } from '@org/track-core';
import { readContext } from '../runtime/page-context.ts';
import { type PageMoment, watchPage } from '../runtime/page-lifecycle.ts';
import { watchUrl } from '../runtime/page-url.ts';
import { capturePlugin } from './capture-plugin.ts';

/** How long a URL must stand to be a view, milliseconds: redirects are over by then, and the title is the new page's. */
const settleMs = 50;

/**
 * Calls `page()` for every page seen: the first one once it is visible, single-page navigations once their URL stands
 * (path and query: a fragment is no other page), and a return from the back/forward cache.
 *
 * Properties: `url`, `path`, `search`, `title`, and as `referrer` the page seen before.
 */
export function pageViews(): Plugin {
  let seen: PageContext | undefined; // the last view's page

  return capturePlugin('pages', (tracker, signal) => {
    let arrival: CallOptions | undefined; // set while a view waits for its URL to stand
    let timer: ReturnType<typeof setTimeout> | undefined;

    function view(): void {
      // The timer of a view that is over may outlive the page that could be asked.
      if (!arrival || signal.aborted) return;
      const { page } = readContext();
      if (page.path !== seen?.path || page.search !== seen.search) {
        tracker.page(undefined, { ...page, referrer: seen?.url ?? page.referrer }, arrival);
        seen = page;
      }
      arrival = undefined;
    }

    function arrive(moment?: PageMoment): void {
      if (moment?.persisted) seen = undefined;
      if (document.hidden) return; // also while prerendering: nobody sees it yet
      clearTimeout(timer);
      // The time it was reached, so that it sorts before what happened on it.
      arrival = { timestamp: new Date() };
      timer = setTimeout(view, settleMs);
    }

    watchUrl(arrive, signal);
    watchPage(view, arrive, signal);
    arrive();
  });
}
