import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Browser, type BrowserContext, type Page, chromium as playwrightChromium } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const nonce = 'r4nd0m';
const policy = [
  "default-src 'none'",
  `script-src 'nonce-${nonce}'`,
  ...["connect-src 'self'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"],
  'report-uri /reports',
].join('; ');

/** The code of a guide, as its reader would copy it. */
async function codeOf(guide: string, language: string): Promise<string> {
  const [, code] =
    new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(await readFile(at(`docs/guides/${guide}.md`), 'utf8')) ??
    [];
  if (!code) throw new Error(`${guide}.md has no ${language}`);
  return code.replaceAll('{{nonce}}', nonce);
}

const script = (code: string): string => `<script nonce="${nonce}">${code}</script>`;

interface Sent {
  readonly event?: string;
  readonly type: string;
  readonly timestamp: string;
  readonly properties?: object;
  readonly context: { readonly page: object };
}

/** The machine may be busy. */
const patience = { timeout: 20_000 };

describe('the pages of the guides, under a strict policy', needs(chromium), () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: Server;
  let origin: string;
  let sent: Sent[];
  let reports: string[];
  let giveFile: () => void;
  const pages: Record<string, string> = {};

  beforeAll(async () => {
    const file = await readFile(at('packages/browser/dist/track-browser.iife.js'), 'utf8');
    const stub = await codeOf('without-a-bundler', 'html');
    const early = `
      const order = { lines: 1 };
      tracker.track('Early', order);
      order.lines = 2;
      tracker.track('Not To Clone', { order, toJSON: undefined, click() {} });
      kept = tracker.track;
      history.replaceState(null, '', '/moved?step=2');
      document.title = 'Moved';
      tracker.track('Later', {}, { messageId: 'later' });
      tracker.consent.set({ analytics: true });
    `;
    pages['/shop?step=1'] = `<!doctype html><title>Shop</title>${stub}${script(early)}`;
    pages['/breach'] =
      `<!doctype html><title>Breach</title><script>document.title = 'Breached'</script>${script("try { document.createElement('p').innerHTML = '<b>' } catch {}")}`;
    const start = "window.tracker = orgTrack.createTracker({ endpoint: '/api/j' });";
    pages['/banner'] = `<!doctype html><title>Banner</title><script nonce="${nonce}" src="/assets/shop.js"></script>
      ${await codeOf('consent-banner', 'html')}${script(start + (await codeOf('consent-banner', 'js')))}`;

    server = createServer(async (request, response) => {
      const { url = '/', method } = request;
      const body = await text(request);
      if (url === '/reports') reports.push(body);
      if (url === '/api/j') sent.push(...(JSON.parse(body) as { batch: Sent[] }).batch);
      if (method === 'POST') return response.end('{"success":true}');
      if (url === '/assets/shop.js') {
        await fileGiven;
        return response.setHeader('content-type', 'text/javascript').end(file);
      }
      response.writeHead(pages[url] ? 200 : 404, { 'content-type': 'text/html', 'content-security-policy': policy });
      response.end(pages[url]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const executablePath = findChromium();
    browser = await playwrightChromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: chromiumArgs,
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  let fileGiven: Promise<void>;
  beforeEach(async () => {
    sent = [];
    reports = [];
    fileGiven = new Promise((resolve) => {
      giveFile = resolve;
    });
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  /** Violations are counted in the page as well: reports are sent when the browser likes. */
  async function open(path: string): Promise<Page> {
    const page = await context.newPage();
    await page.addInitScript(
      "violations = []; addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective))",
    );
    await page.goto(origin + path, { waitUntil: 'commit' });
    return page;
  }
  const violations = (page: Page): Promise<unknown> => page.evaluate('violations');

  test('a breach is seen: nothing below would count otherwise', async () => {
    const page = await open('/breach');
    await expect.poll(() => violations(page), patience).toEqual(['script-src-elem', 'require-trusted-types-for']);
    expect(await page.title()).toBe('Breach');
    await expect.poll(() => reports.length, patience).toBeGreaterThan(0);
  });

  test('calls made before the file came arrive as they were made', async () => {
    const page = await open('/shop?step=1');
    await expect.poll(() => page.title(), patience).toBe('Moved');
    expect(await page.evaluate('[tracker.queue.length, typeof orgTrack]')).toEqual([4, 'undefined']);
    const before = Date.now();
    giveFile();
    await expect.poll(() => page.evaluate('!!tracker.queue'), patience).toBe(false);
    await page.evaluate("kept('Kept'), tracker.flush()");
    await expect.poll(() => sent.length, patience).toBe(5);
    expect(sent.map(({ type, event }) => event ?? type)).toEqual(
      expect.arrayContaining(['Early', 'Later', 'page', 'Kept']),
    );
    const named = (name: string): Sent | undefined => sent.find(({ event }) => event === name);
    const first = { url: `${origin}/shop?step=1`, path: '/shop', search: '?step=1', title: 'Shop', referrer: '' };
    const second = { url: `${origin}/moved?step=2`, path: '/moved', search: '?step=2', title: 'Moved' };
    expect(named('Early')).toMatchObject({ properties: { lines: 1 }, context: { page: first } });
    expect(named('Not To Clone')).toMatchObject({ properties: { order: { lines: 2 } }, context: { page: first } });
    expect(named('Later')).toMatchObject({ messageId: 'later', context: { page: second } });
    expect(Date.parse(named('Early')?.timestamp ?? '')).toBeLessThan(before);
    expect(await violations(page)).toEqual([]);
    // The browser may tell the rest of the breach by now.
    expect(reports.filter((report) => !report.includes('/breach'))).toEqual([]);
  });

  test('without the file the page lives on', async () => {
    await context.route('**/assets/shop.js', (route) => route.abort());
    const page = await open('/shop?step=1');
    const errors: unknown[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.waitForLoadState('load');
    await page.evaluate("for (let i = 0; i < 300; i++) tracker.track('More')");
    expect(await page.evaluate('tracker.queue.length')).toBe(200);
    expect(errors).toEqual([]);
    expect(sent).toEqual([]);
  });

  describe('the banner', () => {
    const decided = (page: Page): Promise<unknown> => page.evaluate('tracker.consent.get().preferences');
    beforeEach(() => giveFile());

    test('asks until it is answered, and again when it is asked for', async () => {
      const page = await open('/banner');
      const banner = page.getByRole('region', { name: 'May we count your visit?' });
      await banner.waitFor();
      expect(await page.getByText('Global Privacy Control').isVisible()).toBe(false);
      await page.evaluate("tracker.track('Seen')");
      await banner.getByRole('button', { name: 'No', exact: true }).click();
      expect(await banner.isVisible()).toBe(false);
      expect(await decided(page)).toEqual({ functional: false, analytics: false, advertising: false });

      await page.reload();
      const again = page.getByRole('button', { name: 'Privacy choices' });
      await again.waitFor();
      expect(await banner.isVisible()).toBe(false);
      await again.press('Enter');
      expect(await banner.evaluate((element) => element === document.activeElement)).toBe(true);
      // By keyboard alone: past the link to the yes.
      for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
      expect(await decided(page)).toEqual({ functional: true, analytics: true, advertising: true });
      expect(await banner.isVisible()).toBe(false);
      expect(await again.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await violations(page)).toEqual([]);
      expect(sent).toEqual([]);
    });

    test('shows that Global Privacy Control is honoured, and so it is', async () => {
      await context.addInitScript("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })");
      const page = await open('/banner');
      await page.getByText('We honour it').waitFor();
      await page.getByRole('button', { name: 'Yes', exact: true }).click();
      expect(await decided(page)).toEqual({ functional: true, analytics: true, advertising: false });
    });
  });
});
