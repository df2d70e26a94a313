import type { PageContext, Plugin } from '@org/track-core';
import { type MetricType, onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import { readContext } from '../runtime/page-context.ts';
import { listen } from '../runtime/page-lifecycle.ts';
import { capturePlugin } from './capture-plugin.ts';

/**
 * Records how fast the page felt, as `web-vitals` measures it: one `Web Vitals` when the page is first hidden, with what
 * is known by then: `lcp_ms`, `inp_ms`, `cls`, `ttfb_ms`, `fcp_ms`, for each a rating like `lcp_rating` (`good`,
 * `needs-improvement`, `poor`), and `navigation_type`. Where a value changes after that, because somebody comes back or has
 * clicked just before, another one follows, whose `updates` is the first one's `messageId`: the last counts. A return from
 * the back/forward cache is a load of its own.
 *
 * What a browser cannot measure is not there. The event is of the page that was loaded, also where single-page navigations
 * came after it. The library keeps observing after a shutdown; nothing is recorded then.
 */
export function webVitals(): Plugin {
  return capturePlugin('web-vitals', (tracker, signal) => {
    const metrics = new Map<string, MetricType>();
    let page: PageContext;
    let firstId: string | undefined;
    let hasNews = false;

    function startLoad(): void {
      metrics.clear();
      ({ page } = readContext());
      firstId = undefined;
    }

    function keep(metric: MetricType): void {
      metrics.set(metric.name, metric);
      hasNews = true;
    }

    function report(): void {
      if (!document.hidden || !hasNews) return;
      hasNews = false;
      const properties: Record<string, string | number | undefined> = { updates: firstId };
      for (const { name, value, rating, navigationType } of metrics.values()) {
        const metric = name.toLowerCase();
        if (name === 'CLS') properties.cls = Math.round(value * 10_000) / 10_000;
        else properties[`${metric}_ms`] = Math.round(value);
        properties[`${metric}_rating`] = rating;
        properties.navigation_type = navigationType;
      }
      const { messageId } = tracker.track('Web Vitals', properties, { context: { page } });
      firstId ??= messageId;
    }

    startLoad();
    // Before the library hears of it and measures anew.
    listen('pageshow', ({ persisted }) => persisted && startLoad(), signal);
    // Each change, because a value that is final may come after the page has gone.
    for (const on of [onTTFB, onFCP, onLCP, onCLS, onINP]) on(keep, { reportAllChanges: true });
    // After the library, which takes its last measurements when it hears of this. Not at `pagehide`, which comes before.
    listen('visibilitychange', report, signal);
    // The latest interaction it leaves for an idle moment. Where none has come, it hears later than those that listened
    // from the start, and what it finds is told on the event's way back up.
    addEventListener('visibilitychange', report, { passive: true, signal });
  });
}
