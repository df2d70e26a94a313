import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Tracker } from '@org/track-browser';
import type { Overlay } from '@org/track-browser/overlay';
import { type Browser, chromium as engine } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../scripts/chromium.mjs';
import { chromium, needs } from '../scripts/optional.mjs';

declare const window: { readonly tracker: Tracker; readonly look: Overlay; readonly violations: readonly string[] };

const dist = join(dirname(createRequire(import.meta.url).resolve('@org/track-browser/package.json')), 'dist');

/** Allows this site's scripts and requests: no styles, no markup made by scripts, no policy for it. */
const policy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const files: Readonly<Record<string, () => string | Promise<string>>> = {
  '/track-browser.iife.js': () => readFile(join(dist, 'track-browser.iife.js'), 'utf8'),
  '/track-overlay.iife.js': () => readFile(join(dist, 'track-overlay.iife.js'), 'utf8'),
  '/page.js': () => `
    globalThis.violations = [];
    addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
    globalThis.look = orgTrack.overlay();
    globalThis.tracker = orgTrack.createTracker({
      endpoint: '/api/j', consent: { initial: { analytics: true } }, plugins: [look], delivery: [look.delivery],
    });`,
};

const page = `<!doctype html><title>A page</title><p>Some words.</p>
  <script src="/track-browser.iife.js"></script><script src="/track-overlay.iife.js"></script><script src="/page.js"></script>`;

describe('the overlay as published', needs(chromium), () => {
  let server: Server;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    server = createServer(async ({ method, url = '/' }, response) => {
      const file = files[url];
      response.setHeader('content-security-policy', policy);
      response.setHeader('content-type', file ? 'text/javascript' : 'text/html');
      response.end(method === 'POST' ? '{"success":true}' : await (file?.() ?? page));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const executablePath = findChromium();
    browser = await engine.launch({ args: chromiumArgs, ...(executablePath && { executablePath }) });
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  test.each([
    { width: 1_200, colorScheme: 'light' },
    { width: 400, colorScheme: 'dark' },
  ] as const)(
    '$width px wide, $colorScheme: it breaks no policy, fits, and follows an event to its end',
    async ({ width, colorScheme }) => {
      const context = await browser.newContext({ viewport: { width, height: 700 }, colorScheme });
      const visited = await context.newPage();
      const errors: unknown[] = [];
      visited.on('pageerror', (error) => errors.push(error));
      await visited.goto(`${origin}/?track`);
      const panel = visited.locator('org-track-overlay .panel');
      const box = await panel.boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      const ground = await panel.evaluate((element) => getComputedStyle(element).backgroundColor);
      expect(/\d+/.exec(ground)?.map(Number)[0]).toSatisfy((red) => (colorScheme === 'dark' ? red < 60 : red > 200));

      await visited.evaluate(() => {
        window.tracker.track('Product Added', { product_id: 'p1' });
        void window.tracker.flush();
      });
      const row = visited.locator('org-track-overlay .row');
      await row.getByText(/^confirmed/).waitFor();
      await row.press('Enter');
      await visited.locator('org-track-overlay pre').getByText('"product_id": "p1"').waitFor();
      // Nothing of it sticks out of its line.
      const isWide = await panel.evaluate((element) =>
        [element, ...element.querySelectorAll('header, .list, .row')].some((one) => one.scrollWidth > one.clientWidth),
      );
      expect(isWide).toBe(false);
      await visited.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
      expect(await visited.evaluate(() => window.violations)).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    },
  );
});
