import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright';
import { newId } from '../../tests/faults/client.ts';
import type { Site } from './site.ts';

/** What `page/harness.js` and a client's bundle put on the window. */
export interface BenchWindow {
  readonly harness: {
    load(): Promise<void>;
    run(): Promise<{ readonly startedAt: number; readonly blockingMs: number }>;
    longTasks(startedAt: number): readonly number[];
    track(markers: readonly string[]): Promise<void>;
    timeTracks(markers: readonly string[]): Promise<CallTimes>;
  };
  readonly client: { readonly ready?: Promise<unknown> };
}

/** Microseconds: of single calls, and means over ten calls in one task. */
export interface CallTimes {
  readonly calls: readonly number[];
  readonly means: readonly number[];
}

declare const window: BenchWindow;

export interface VisitOptions {
  /** Times slower than this machine. Default 1. */
  readonly slowdown?: number;
  /** Runs in the page before everything else. */
  readonly before?: () => void;
}

/** A person's first visit: a page without the tracker, until `start`. */
export interface Visit {
  readonly page: Page;
  /** Runs the tracker's script, waits until it is set up, and tells how long the script blocked the page. */
  start(): Promise<number>;
  /** Durations of long tasks since this was last asked, or since the start, milliseconds. */
  longTasks(): Promise<readonly number[]>;
  /** Processor time the main thread has spent in tasks so far, milliseconds. */
  taskMs(): Promise<number>;
  /** Bytes on the JavaScript heap after a collection. */
  heapBytes(): Promise<number>;
  /** Tracks so many events, ten in a task; returns their markers. */
  track(count: number): Promise<readonly string[]>;
  timeTracks(count: number): Promise<{ readonly markers: readonly string[]; readonly times: CallTimes }>;
}

/** What a new page does of its own accord is over by then. */
const settleMs = 300;

const readyPatienceMs = 15_000;

const markers = (count: number): string[] => Array.from({ length: count }, newId);

/** Each visit has storage and a renderer process of its own: nothing is compiled or opened yet. */
export async function withVisit<T>(
  browser: Browser,
  site: Site,
  { slowdown = 1, before }: VisitOptions,
  act: (visit: Visit) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    if (before !== undefined) await page.addInitScript(before);
    await page.goto(site.origin);
    if (!(await page.evaluate(() => crossOriginIsolated))) throw new Error('The page has no precise clock');
    await page.evaluate(() => window.harness.load());
    await pause(settleMs);
    const session = await context.newCDPSession(page);
    // Time on the processor: what else runs on this machine is not counted.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    return await act(visitOn(page, session));
  } finally {
    await context.close();
  }
}

function visitOn(page: Page, session: CDPSession): Visit {
  let since = 0;
  return {
    page,
    async start() {
      const { startedAt, blockingMs } = await page.evaluate(() => window.harness.run());
      since = startedAt;
      const isReady = await page.evaluate(
        (patienceMs) =>
          Promise.race([
            Promise.resolve(window.client.ready).then(() => true),
            new Promise<boolean>((resolve) => setTimeout(resolve, patienceMs, false)),
          ]),
        readyPatienceMs,
      );
      if (!isReady) throw new Error('The tracker was not ready in time');
      return blockingMs;
    },
    async longTasks() {
      const [durations, now] = await page.evaluate(
        (since) => [window.harness.longTasks(since), performance.now()] as const,
        since - 5, // the task began before the script in it
      );
      since = now;
      return durations;
    },
    async taskMs() {
      const { metrics } = await session.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
    },
    async heapBytes() {
      await session.send('Runtime.discardConsoleEntries'); // DevTools keep what a page logs
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      return usedSize;
    },
    async track(count) {
      const sent = markers(count);
      await page.evaluate((sent) => window.harness.track(sent), sent);
      return sent;
    },
    async timeTracks(count) {
      const sent = markers(count);
      return { markers: sent, times: await page.evaluate((sent) => window.harness.timeTracks(sent), sent) };
    },
  };
}
