import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BrowserTrackerOptions, Tracker } from '@org/track-browser';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { newId } from '../faults/client.ts';
import { track as wire } from '../faults/clients/track.ts';
import { createFrontServer, type FrontServer } from '../faults/front-server.ts';
import { collectorSink, type Sink } from '../faults/sink.ts';

/** A request for the collector, as the page made it. */
export interface PageRequest {
  readonly bytes: number;
  readonly keepalive: boolean;
  /** How it ended, and the tracker knows; missing: it has not. */
  readonly end?: 'answered' | 'TypeError' | 'AbortError';
}

/** What the pages of the site have for those who test them. */
export interface TestedWindow {
  readonly tracker: Tracker;
  /** What it said of its delivery, where `deliveryState` is asked for. */
  readonly states: readonly string[];
  /** Starts one more tracker with the page's options. */
  startTracker(): Tracker;
  /** What the tracker told its host, as `code: detail`. */
  readonly diagnostics: readonly string[];
  readonly requests: readonly PageRequest[];
  /** Text that no compression makes smaller. */
  incompressible(bytes: number): string;
}

type PageOptions = Partial<
  Omit<BrowserTrackerOptions, 'capture' | 'delivery' | 'storage' | 'plugins' | 'purposeOf' | 'onDiagnostic'>
> & {
  /** Default: no. */
  readonly pageViews?: boolean;
  /** Default: no. */
  readonly deliveryState?: boolean;
  /** Other parts, by their names. Default: none. */
  readonly delivery?: readonly ('deferred' | 'compressed' | 'eager' | 'numbered' | 'takeover')[];
  /** By its name. Default: none. */
  readonly storage?: 'rootDomain' | 'hostOnly' | 'pageOnly' | 'cookieCheck';
  /** By their names. Default: none. */
  readonly plugins?: readonly ('attribution' | 'erasure' | 'oneStart' | 'sequence' | 'sharedConsent')[];
};

/** A shop, its collector, and somebody with a browser. All of it is new for each test, save browser and collector. */
export interface Site {
  readonly front: FrontServer;
  readonly context: BrowserContext;
  /** A page of the site without a tracker. */
  readonly elsewhere: string;
  /** From now on trackers of new pages have these options. Default: analytics is agreed to. */
  options(options: PageOptions): Promise<void>;
  /** A page of this browser, on the site's own host or another one of `*.co.uk`. */
  open(path?: string, host?: string): Promise<Page>;
  /** Tracks events in one task and returns their ids; with `thenGo` the same task leaves for that address. */
  track(
    page: Page,
    howMany: number,
    options?: { readonly sizeBytes?: number; readonly thenGo?: string },
  ): Promise<readonly string[]>;
  /** Keeps the collector's answers back until the function it returns is called. */
  holdAnswers(): () => void;
  /** Ids of this test's events in the warehouse, once for each copy, sorted as `ids`. */
  kept(ids: readonly string[]): Promise<readonly string[]>;
}

declare const window: TestedWindow;

const dist = join(dirname(createRequire(import.meta.url).resolve('@org/track-browser/package.json')), 'dist');

/** The script-tag build, as published. */
export const published: Promise<string> = readFile(join(dist, 'track-browser.iife.js'), 'utf8');

// `globalThis`, because a worker may run it too.
const setUp = `
globalThis.diagnostics = [];
globalThis.states = [];
globalThis.startTracker = () => {
  const onDiagnostic = ({ code, detail }) => diagnostics.push(code + ': ' + detail);
  const { pageViews, deliveryState, delivery = [], storage, plugins = [], ...options } = globalThis.trackerOptions ?? {};
  return orgTrack.createTracker({
    endpoint: '/api/j',
    consent: { initial: { analytics: true } },
    capture: pageViews ? [orgTrack.pageViews()] : [],
    delivery: [
      ...delivery.map((name) => orgTrack[name]()),
      ...(deliveryState ? [orgTrack.deliveryState({ onChange: (state) => states.push(state) })] : []),
    ],
    storage: storage && orgTrack[storage](storage === 'cookieCheck' ? { onDiagnostic } : undefined),
    plugins: plugins.map((name) => orgTrack[name]()),
    onDiagnostic,
    ...options,
  });
};
globalThis.tracker = startTracker();`;

const client = { ...wire, bundle: async () => `${await published}\n${setUp}` };

/** Runs before the page's scripts, and notes what is asked of the collector. */
function noteRequests(): void {
  const { fetch } = globalThis;
  const requests: { bytes: number; keepalive: boolean; end?: string }[] = [];
  Object.assign(globalThis, { requests });
  globalThis.fetch = (url, init) => {
    const request = { bytes: new Blob([init?.body as BlobPart]).size, keepalive: init?.keepalive === true, end: '' };
    requests.push(request);
    const answer = fetch(url, init);
    answer.then(
      async (response) => {
        // Whoever sees this takes it for what the tracker knows: so it has read it, and had a turn to decide what it means.
        await response
          .clone()
          .text()
          .catch(() => {});
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          port1.close();
          request.end = 'answered';
        };
        port2.postMessage('');
      },
      ({ name }) => {
        request.end = name;
      },
    );
    return answer;
  };
}

/** Gives each test of a `describe` a site. A test in whose pages an error was not caught has failed. */
export function useSite(): Site {
  let folder: string;
  let browser: Browser;
  let sink: Sink;
  let front: FrontServer;
  let context: BrowserContext;
  let mayAnswer: Promise<void>;
  const uncaught: string[] = []; // errors and rejections nobody handled, in any page of this test

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'behaviour-'));
    sink = collectorSink(folder);
    const executablePath = findChromium();
    browser = await chromium.launch({
      args: [...chromiumArgs, '--host-resolver-rules=MAP *.co.uk 127.0.0.1'],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      ...(executablePath === undefined ? {} : { executablePath }),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await sink?.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });
  beforeEach(async () => {
    mayAnswer = Promise.resolve();
    uncaught.length = 0;
    front = await createFrontServer(client, {
      ...sink,
      async answer(request) {
        await mayAnswer;
        return sink.answer(request);
      },
    });
    context = await browser.newContext();
    context.on('weberror', (error) => void uncaught.push(String(error.error())));
    await context.addInitScript(noteRequests);
  });
  afterEach(async () => {
    await context.close();
    await front.close();
    expect(uncaught).toEqual([]);
  });

  return {
    get front() {
      return front;
    },
    get context() {
      return context;
    },
    get elsewhere() {
      return `${front.origin}/elsewhere`;
    },
    options: async (options) =>
      void (await context.addInitScript(`globalThis.trackerOptions = ${JSON.stringify(options)}`)),
    async open(path = '/', host = new URL(front.origin).hostname) {
      const page = await context.newPage();
      await page.goto(front.origin.replace(new URL(front.origin).hostname, host) + path);
      return page;
    },
    async track(page, howMany, { sizeBytes = 100, thenGo } = {}) {
      const ids = Array.from({ length: howMany }, newId);
      await page.evaluate(
        ([ids, sizeBytes, thenGo]) => {
          for (const marker of ids) {
            window.tracker.track('Fault Met', { marker, text: window.incompressible(sizeBytes) });
          }
          if (thenGo !== undefined) location.href = thenGo;
        },
        [ids, sizeBytes, thenGo] as const,
      );
      if (thenGo !== undefined) await page.waitForURL(thenGo);
      return ids;
    },
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>();
      mayAnswer = promise;
      return resolve;
    },
    async kept(ids) {
      const places = new Map(ids.map((id, place) => [id, place]));
      const place = (id: string): number => places.get(id) ?? -1;
      return (await sink.kept()).filter((id) => places.has(id)).sort((one, other) => place(one) - place(other));
    },
  };
}
