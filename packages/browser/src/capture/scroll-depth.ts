import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { listen } from '../runtime/page-lifecycle.ts';
import { checkPluginOptions } from './check-plugin-options.ts';
import { viewPlugin } from './view-plugin.ts';

export interface ScrollDepthOptions {
  /** CSS selector of the content to measure; the first match counts. Default: the whole page. */
  readonly content?: string;
}

/** How long a page that follows another within the document may take to be drawn, milliseconds. */
const drawMs = 500;

/**
 * Measures how much of the content each page view has brought into sight, in percent of its height: a whole number from 0
 * to 100. Content that grows as it loads counts with the height it has by then.
 *
 * Tells `Page Engaged` with `view_id` and `percent` when the page may go away; page views get the `view_id` too, and
 * `previous_view_id` and `previous_percent` of the view that they followed within the document, which then needs no event
 * of its own. With `engagement()` both share these events.
 */
export function scrollDepth(options: ScrollDepthOptions = {}): Plugin {
  const { content } = options;
  if (isDevelopment) {
    checkPluginOptions('scrollDepth', options, { content: [typeof content === 'string', 'a CSS selector'] });
  }

  return viewPlugin('scrollDepth', (_, signal) => {
    let seenPx = 0;
    let heightPx = 0;
    let element: Element | null | undefined;
    let isDrawn = true;
    let timer: ReturnType<typeof setTimeout>;

    // Tells where things are after the browser has laid them out, so that asking never makes it do so.
    const places = new IntersectionObserver((entries) => {
      const place = entries.at(-1);
      if (!place || !element || !isDrawn) return;
      // Where nothing is visible that ends at 0: above the window all is passed by, below it all is still to come.
      const visiblePx = place.intersectionRect.bottom - place.boundingClientRect.top;
      // What scrolls by itself is higher than its box. So are pages whose root is as high as the window.
      heightPx = element.scrollHeight;
      const isPage = element === document.scrollingElement;
      seenPx = Math.max(seenPx, element.scrollTop + (isPage ? element.clientHeight : visiblePx));
    });
    // In the next frame: what begins to be observed in this one may be too late, which browsers report as the page's error.
    const sizes = new ResizeObserver(() => requestAnimationFrame(measure));

    function measure(): void {
      if (signal.aborted) return;
      if (!element?.isConnected) {
        if (element) sizes.unobserve(element);
        element = content ? document.querySelector(content) : document.scrollingElement;
        if (element) sizes.observe(element);
      }
      places.disconnect();
      if (element) places.observe(element);
    }

    measure();
    // The page too: it grows when the content comes.
    sizes.observe(document.documentElement);
    for (const type of ['scroll', 'resize']) listen(type, measure, signal);
    // Images that come grow what scrolls in a box, which stays as it is. No window hears of them.
    document.addEventListener('load', measure, { capture: true, passive: true, signal });
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      places.disconnect();
      sizes.disconnect();
    });

    return {
      property: 'percent',
      restart() {
        seenPx = 0;
        isDrawn = false;
        clearTimeout(timer);
        timer = setTimeout(() => {
          isDrawn = true;
          measure();
        }, drawMs);
      },
      total: () => (heightPx > 0 ? Math.min(100, Math.round((100 * seenPx) / heightPx)) : 0),
    };
  });
}
