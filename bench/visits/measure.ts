import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright';
import { createSite } from '../../tests/browsers/site.ts';
import { phoneSlowdown } from '../browser/measure.ts';
import { sum } from '../browser/statistics.ts';
import { mainThreadOf, traceCategories } from './trace.ts';
import type { Visit } from './visits.ts';

/** What one visit cost the page. Times are milliseconds. */
export interface Costs {
  /** The slowest interaction. */
  readonly inp: number;
  /** Tasks of 50 ms and more on the processor, and their sum. */
  readonly longTasks: number;
  readonly inLongTasks: number;
  /** The longest that a script of ours ran at once. */
  readonly longestOfOurs: number;
  /** Processor time of the main thread, in scripts and in all tasks. */
  readonly script: number;
  readonly mainThread: number;
  /** Of JavaScript, after a collection, kilobytes. */
  readonly heap: number;
}

declare const window: { interactions(): readonly number[] };

/** Runs in the page before everything else: notes how long interactions take. */
function watch(): void {
  const interactions = new Map<number, number>();
  const observer = new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries() as PerformanceEventTiming[]) {
      if (interactionId) interactions.set(interactionId, Math.max(duration, interactions.get(interactionId) ?? 0));
    }
  });
  observer.observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
  Object.assign(window, { interactions: () => [...interactions.values()] });
}

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="450"><rect width="800" height="450"/></svg>';

/** After what was done, what was put off happens within this time. */
const aftermathMs = 1_500;

/** With nothing, with all that captures set up at once, or in tasks of their own by `staggered()`. */
export type Tracking = 'none' | 'at once' | 'staggered';

/** A first visit on a phone of the middle class. */
export async function costsOf(browser: Browser, visit: Visit, tracking: Tracking): Promise<Costs> {
  const isTracked = tracking !== 'none';
  const site = await createSite({
    hasReact: false,
    tracker: { isStaggered: tracking === 'staggered' },
    files: {
      '/picture.svg': { type: 'image/svg+xml', content: picture },
      [visit.path]: { type: 'text/html', content: visit.html },
      ...(isTracked ? {} : { '/tracker.js': { type: 'text/javascript', content: '' } }),
    },
  });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    const session = await context.newCDPSession(page);
    // Time on the processor: what else runs on this machine is not counted.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await session.send('Emulation.setCPUThrottlingRate', { rate: phoneSlowdown });
    await browser.startTracing(page, { categories: traceCategories });
    await page.goto(`${site.origin}${visit.path}`);
    await pause(500);
    await visit.act(page);
    await pause(aftermathMs);
    const { longTasks, longestOf } = mainThreadOf(await browser.stopTracing(), site.origin);
    const interactions = await page.evaluate(() => window.interactions());
    const { metrics } = await session.send('Performance.getMetrics');
    const metric = (name: string): number => (metrics.find((one) => one.name === name)?.value ?? Number.NaN) * 1_000;
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    if (isTracked && site.events.length === 0) throw new Error('Nothing was tracked');
    return {
      inp: Math.max(0, ...interactions),
      longTasks: longTasks.length,
      inLongTasks: sum(longTasks),
      script: metric('ScriptDuration'),
      mainThread: metric('TaskDuration'),
      longestOfOurs: longestOf('/tracker.js'),
      heap: usedSize / 1_000,
    };
  } finally {
    await context.close();
    await site.close();
  }
}
