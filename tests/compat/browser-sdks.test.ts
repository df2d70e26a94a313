import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, type Page, chromium as playwright } from 'playwright';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';
import { countTypes, type Served, type Setting, serve } from './collector.ts';

/** What every such library can do on a page. */
interface Client {
  track(event: string, properties?: object): unknown;
  page(category: string, name: string): unknown;
  identify(userId: string, traits: object): unknown;
  group(groupId: string, traits: object): unknown;
  alias(to: string, from: string): unknown;
}
declare const window: { readonly client: Client };

interface Sdk {
  readonly name: string;
  /** The page's own script, in `page/`. */
  readonly script: 'segment' | 'rudderstack';
  readonly options: object;
  /** Whether it tries again what was refused for the moment. */
  readonly triesAgain: boolean;
}

const batching = { deliveryStrategy: { strategy: 'batching', config: { size: 5, timeout: 500 } } };

const sdks: readonly Sdk[] = [
  { name: '@segment/analytics-next', script: 'segment', options: {}, triesAgain: true },
  {
    name: '@segment/analytics-next, in batches',
    script: 'segment',
    options: { integrations: { 'Segment.io': batching } },
    triesAgain: true,
  },
  { name: '@rudderstack/analytics-js', script: 'rudderstack', options: {}, triesAgain: true },
  {
    name: '@rudderstack/analytics-js, in batches',
    script: 'rudderstack',
    options: { queueOptions: { batch: { enabled: true, maxItems: 5, flushInterval: 500 } } },
    triesAgain: true,
  },
  {
    name: '@rudderstack/analytics-js, by beacon',
    script: 'rudderstack',
    options: { useBeacon: true, beaconQueueOptions: { maxItems: 5, flushQueueInterval: 500 } },
    triesAgain: false,
  },
];

/** The library as a bundler makes it of what its users write. */
async function bundleOf({ script }: Sdk): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./page/${script}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0]?.text ?? '';
}

/** A page with a library on it, and the collector it writes to. */
interface Visit {
  readonly page: Page;
  readonly served: Served;
  track(count: number): Promise<void>;
  /** How many events a destination has. */
  arrived(): Promise<number>;
}

/** What a test opens. The test ends what it opened. */
type Open = (test: TestContext, setting?: Setting, key?: string) => Promise<Visit>;

// They wait for the libraries' own timers more than they work, so several do at once; so each has an `expect` of its own.
describe.concurrent('in a page of another site', needs(chromium), () => {
  let browser: Browser;

  beforeAll(async () => {
    const executablePath = findChromium();
    browser = await playwright.launch({ args: chromiumArgs, ...(executablePath ? { executablePath } : {}) });
  });
  afterAll(() => browser.close());

  async function createSite(
    script: string,
  ): Promise<{ readonly origin: string; show(constants: string): void; close(): void }> {
    let constants = '';
    const server = createServer((request, response) => {
      const isScript = request.url === '/app.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? constants + script : '<!doctype html><title>Shop</title><script src="/app.js"></script>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      show(text) {
        constants = text;
      },
      close() {
        server.close();
        server.closeAllConnections();
      },
    };
  }

  /** A page with the library on it, whose collector lives elsewhere. */
  const openWith =
    (bundle: Promise<string>, options: object): Open =>
    async ({ onTestFinished }, setting = {}, key = 'key-of-the-site') => {
      const site = await createSite(await bundle);
      onTestFinished(site.close);
      const served = await serve({
        keys: {
          'key-of-the-site': { source: 'browser', consent: { analytics: true }, allowedOrigins: [site.origin] },
        },
        ...setting,
      });
      onTestFinished(served.close);
      const values = Object.entries({ COLLECTOR: served.url, KEY: key, OPTIONS: options });
      site.show(values.map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`).join(''));
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(site.origin);
      return {
        page,
        served,
        track: (count) =>
          page.evaluate((events) => {
            for (let index = 0; index < events; index++) window.client.track('Product Viewed', { index });
          }, count),
        arrived: async () => (await served.delivered()).length,
      };
    };

  describe.each(sdks)('$name, unmodified', (sdk) => {
    let bundle: Promise<string>;
    beforeAll(() => {
      bundle = bundleOf(sdk);
    });
    const open: Open = (...asked) => openWith(bundle, sdk.options)(...asked);

    test('asks for its settings, and every call arrives as what it is, once', async (context) => {
      const { expect } = context;
      const { page, served, arrived } = await open(context);
      await page.evaluate(() => {
        window.client.identify('u1', { plan: 'pro' });
        for (let index = 0; index < 10; index++) window.client.track('Product Viewed', { index });
        window.client.page('Shop', 'Home');
        window.client.group('acme', { seats: 3 });
        window.client.alias('u2', 'u1');
      });
      await expect.poll(arrived, { timeout: 20_000 }).toBe(14);
      const events = await served.delivered();
      expect(countTypes(events)).toEqual({ identify: 1, track: 10, page: 1, group: 1, alias: 1 });
      expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(14);
      expect(new Set(events.map(({ source }) => source))).toEqual(new Set(['browser']));
      expect(events.find(({ type }) => type === 'page')).toMatchObject({
        name: 'Home',
        category: 'Shop',
        userId: 'u1',
      });
      expect(served.collector.stats().events).toMatchObject({ stored: 14, invalid: 0 });
      expect(served.collector.stats().refusals).toEqual({});
      expect(JSON.stringify(events)).not.toContain('key-of-the-site');
    });

    test('before anybody is known, an event has no user', async (context) => {
      const { expect } = context;
      const { served, track, arrived } = await open(context);
      await track(1);
      await expect.poll(arrived, { timeout: 20_000 }).toBe(1);
      const [event] = await served.delivered();
      expect(event).not.toHaveProperty('userId');
      expect(event?.anonymousId).toMatch(/\S{8}/);
    });

    if (sdk.triesAgain) {
      test('503 while the disk is full: it tries again, and loses nothing', async (context) => {
        const { expect } = context;
        const { served, track, arrived } = await open(context, { failures: 1 });
        await track(5);
        await expect.poll(arrived, { timeout: 40_000 }).toBe(5);
        expect(served.statuses).toContain(503);
      });

      test('429 for too much at once: it comes back, and loses nothing', async (context) => {
        const { expect } = context;
        // 40 at once, then one a second.
        const { served, track, arrived } = await open(context, {
          standsStill: true,
          limits: { keyEventsPerSecond: 1 },
        });
        await track(45);
        await expect.poll(arrived, { timeout: 40_000 }).toBe(45);
        await track(5);
        await expect.poll(arrived, { timeout: 40_000 }).toBe(50);
        expect(served.statuses).toContain(429);
      });
    }

    test('413 only beyond a generous size: it does not send the same again and again', async (context) => {
      const { expect } = context;
      const { page, served, track, arrived } = await open(context, { limits: { maxBodyBytes: 20_000 } });
      await page.evaluate(() => void window.client.track('Product Viewed', { text: 'x'.repeat(30_000) }));
      await expect.poll(() => served.collector.stats().refusals, { timeout: 20_000 }).toEqual({ 'too-large': 1 });
      await track(1);
      await expect.poll(arrived, { timeout: 20_000 }).toBe(1);
      expect(served.collector.stats().refusals).toEqual({ 'too-large': 1 });
    });

    test('401 for an unknown key: it does not even start', async (context) => {
      const { expect } = context;
      const { served, track } = await open(context, {}, 'no-key-of-ours');
      await track(5);
      await expect.poll(() => served.collector.stats().refusals, { timeout: 20_000 }).toEqual({ 'unknown-key': 1 });
      await new Promise((resolve) => setTimeout(resolve, 2_000)); // for what must not come
      expect(served.statuses).toEqual([]);
      expect(served.collector.stats().refusals).toEqual({ 'unknown-key': 1 });
    });
  });
});
