import { readFile } from 'node:fs/promises';
import { type Browser, chromium as playwright } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';
import { until } from '../faults/until.ts';
import { createSite, type Site } from './site.ts';

const nonce = 'r4nd0m';
const policy = [
  "default-src 'none'",
  `script-src 'nonce-${nonce}'`,
  ...[
    "connect-src 'self'",
    "media-src 'self'",
    'img-src data:',
    "style-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ],
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  'report-uri /reports',
].join('; ');

const built = (name: string): Promise<string> =>
  readFile(new URL(`../../packages/browser/dist/${name}.iife.js`, import.meta.url), 'utf8');

/** The few lines of the guide that keep calls until the script is there. */
async function stub(): Promise<string> {
  const guide = await readFile(new URL('../../docs/guides/without-a-bundler.md', import.meta.url), 'utf8');
  const [, code] = /```html\n(<script nonce="\{\{nonce\}\}">.*?<\/script>)/s.exec(guide) ?? [];
  if (code === undefined) throw new Error('The guide has no stub');
  return code;
}

/** Notes from the first moment on what the policy forbids. */
const watch = `
  window.violations = [];
  addEventListener('securitypolicyviolation', ({ effectiveDirective, sourceFile, lineNumber, sample }) =>
    violations.push([effectiveDirective, sourceFile, lineNumber, sample].join(' ')));
`;

/** Everything that two scripts have, on one page. */
const setUp = `
  const { queue } = tracker;
  const all = ['pageViews', 'clicks', 'autocapture', 'outboundLinks', 'downloads', 'rageClicks', 'deadClicks', 'forms',
    'impressions', 'media', 'webVitals', 'errors', 'engagement', 'scrollDepth'];
  tracker = orgTrack.createTracker({
    endpoint: '/api/j',
    capture: all.map((name) => orgTrack[name]()),
    plugins: [orgTrack.attribution(), orgTrack.googleConsent(), orgTrack.redaction(), orgTrack.sampling({ share: 1 }),
      orgTrack.rateLimit(), orgTrack.sequence()],
    delivery: [orgTrack.beacon(), orgTrack.compressed(), orgTrack.deferred(), orgTrack.deliveryState()],
    consent: { initial: { analytics: true } },
  });
  orgTrack.replay(queue, tracker);
`;

const body = `
  <h1 data-track-impression="Headline">Shop</h1>
  <a id="help" data-track="Help Opened" href="#help">Help</a>
  <button id="silent" type="button">Silent</button>
  <button id="throws" type="button">Throws</button>
  <form id="signup"><input id="city" name="city" aria-label="City"></form>
  <audio controls src="/sound.wav"></audio>`;

describe('a page with the strictest policy', needs(chromium), () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    const script = (code: string): string => `<script nonce="${nonce}">${code}</script>`;
    const start = `addEventListener('DOMContentLoaded', () => {${setUp}})`;
    const after = `
      document.querySelector('#throws').addEventListener('click', () => { throw new TypeError('broken'); });
      document.querySelector('#signup').addEventListener('submit', (event) => event.preventDefault());`;
    const page = (early: string): string =>
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>${script(watch)}${early}` +
      `<script nonce="${nonce}" src="/shop.js" defer></script><script nonce="${nonce}" src="/more.js" defer></script>` +
      `${script(start)}</head><body>${body}${script(after)}</body></html>`;
    const early = (await stub()).replaceAll('{{nonce}}', nonce) + script("tracker.track('Early')");
    site = await createSite({
      pageHeaders: { 'content-security-policy': policy },
      files: {
        '/strict': { type: 'text/html', content: page(early) },
        '/forbidden': { type: 'text/html', content: page(`${early}${script('setTimeout("1")')}`) },
        '/shop.js': { type: 'text/javascript', content: await built('track-browser') },
        '/more.js': { type: 'text/javascript', content: await built('track-browser-capture') },
        '/sound.wav': { type: 'audio/wav', content: (await import('./tone.ts')).silence(30) },
      },
    });
    const executablePath = findChromium();
    browser = await playwright.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: chromiumArgs,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const reports = (): readonly string[] => site.visited.flatMap(({ url, body }) => (url === '/reports' ? [body] : []));

  test('what captures, with everything else there is, breaks no rule of it', async () => {
    const tab = await browser.newPage();
    await tab.goto(`${site.origin}/strict?utm_source=mail`);
    await tab.click('#help');
    await tab.fill('#city', 'Tallinn');
    await tab.press('#city', 'Enter');
    await tab.click('#throws');
    await tab.evaluate(() => document.querySelector('audio')?.play());
    const names = (): readonly string[] => site.events.map((event) => ('event' in event ? event.event : event.type));
    // Three clicks within a second: a busy machine may need another try.
    await until(async () => {
      await tab.click('#silent', { clickCount: 3 });
      return until(() => names().includes('Rage Clicked'), 4_000);
    }, 20_000);
    await until(() => names().includes('Dead Clicked'), 30_000);
    const violations = await tab.evaluate(() => (window as unknown as { violations: string[] }).violations);
    await tab.goto(`${site.origin}/elsewhere`);
    const captured = [
      ...['Early', 'page', 'Help Opened', 'Form Started', 'Form Submitted', 'Error Occurred', 'Rage Clicked'],
      ...['Dead Clicked', 'Impression', 'Video Playback Started', 'Web Vitals', 'Page Engaged'],
    ];
    await until(() => captured.every((name) => names().includes(name)), 15_000);
    expect(names()).toEqual(expect.arrayContaining(captured));
    expect(violations).toEqual([]);
    expect(reports()).toEqual([]);
    await tab.close();
  });

  test('what breaks one would be seen', async () => {
    const tab = await browser.newPage();
    await tab.goto(`${site.origin}/forbidden`);
    await until(() => reports().length > 0, 10_000);
    expect(reports().join()).toMatch(/script-src|trusted-types/);
    await tab.close();
  });
});
