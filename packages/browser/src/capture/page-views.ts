import type { Clock, Plugin } from '@org/track-core';
import { browserClock } from '../runtime/browser-clock.ts';
import { readPage } from '../runtime/page-context.ts';
import { watchPage } from '../runtime/page-lifecycle.ts';
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
  return createPageViews(browserClock);
}

/** The same, by any clock. */
export function createPageViews({ now, after }: Clock): Plugin {
  let seen: string | undefined; // path and query of the last view
  let seenUrl: string | undefined;

  return capturePlugin('page-views', (tracker, signal) => {
    let cancel: (() => void) | undefined; // set while a view waits for its URL to stand
    let changedAt: number;

    function view(): void {
      cancel = undefined;
      const page = readPage();
      const current = page.path + page.search;
      if (current === seen) return;
      // The time it was reached, so that it sorts before what happened on it.
      const timestamp = new Date(changedAt);
      tracker.page(undefined, { ...page, referrer: seenUrl ?? page.referrer }, { timestamp });
      seen = current;
      seenUrl = page.url;
    }

    function onChange(): void {
      if (document.hidden) return; // also while prerendering: nobody sees it yet
      cancel?.();
      changedAt = now();
      cancel = after(settleMs, view);
    }

    watchUrl(onChange, signal);
    watchPage(
      {
        onExit() {
          if (!cancel) return;
          cancel();
          view();
        },
        onReturn(isRestored) {
          if (isRestored) seen = seenUrl = undefined;
          onChange();
        },
      },
      signal,
    );
    signal.addEventListener('abort', () => cancel?.());
    onChange();
  });
}
