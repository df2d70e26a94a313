import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium as playwright } from 'playwright';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';
import { newId } from '../faults/client.ts';
import { track as wire } from '../faults/clients/track.ts';
import { createFrontServer, type FrontServer } from '../faults/front-server.ts';
import { collectorSink, type Sink } from '../faults/sink.ts';
import { published, type TestedWindow } from './site.ts';

declare const window: TestedWindow & { readonly violations: readonly string[] };

const patience = { timeout: 30_000 };

/** A key for the manifest, and the id that the browser gives to an extension with it. */
function newIdentity(): { readonly key: string; readonly id: string } {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest('hex').slice(0, 32);
  const id = [...hash].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('');
  return { key: der.toString('base64'), id };
}

const setUp = (endpoint: string): string => `
globalThis.violations = [];
addEventListener('securitypolicyviolation', ({ violatedDirective, sample }) =>
  violations.push(violatedDirective + ': ' + sample));
globalThis.diagnostics = [];
globalThis.tracker = orgTrack.createTracker({
  endpoint: ${JSON.stringify(endpoint)},
  consent: { initial: { analytics: true } },
  capture: [orgTrack.pageViews()],
  onDiagnostic: ({ code, detail }) => diagnostics.push(code + ': ' + detail),
});`;

describe('a page of an installed extension', needs(chromium), () => {
  const { key, id } = newIdentity();
  const origin = `chrome-extension://${id}`;
  let folder: string;
  let sink: Sink;
  let front: FrontServer;
  let context: BrowserContext;
  let uncaught: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'extension-'));
    sink = collectorSink(folder, { allowedOrigins: [origin] });
    front = await createFrontServer(wire, sink);
    const extension = join(folder, 'extension');
    await mkdir(extension);
    const files = {
      'manifest.json': JSON.stringify({ manifest_version: 3, name: 'Shop', version: '1', key }),
      'popup.html': `<!doctype html><title>Shop</title><script src="track.js"></script><script src="set-up.js"></script>`,
      'track.js': await published,
      'set-up.js': setUp(`${front.origin}/api/j`),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(extension, name), text);
    const executablePath = findChromium();
    context = await playwright.launchPersistentContext(join(folder, 'profile'), {
      args: [...chromiumArgs, `--load-extension=${extension}`],
      ignoreDefaultArgs: ['--disable-extensions'],
      ...(executablePath === undefined ? {} : { executablePath }),
    });
    uncaught = [];
    context.on('weberror', (error) => void uncaught.push(String(error.error())));
  });
  afterEach(async () => {
    await context.close();
    await front.close();
    await sink.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
    expect(uncaught).toEqual([]);
  });

  test('T15 it tells a collector that allows it, under the browser’s own policy, and keeps what has no answer', async () => {
    const page = await context.newPage();
    await page.goto(`${origin}/popup.html`);
    const first = newId();
    await page.evaluate((marker) => {
      window.tracker.track('Fault Met', { marker });
      return window.tracker.flush();
    }, first);
    await expect.poll(() => sink.kept(), patience).toEqual([first]);

    front.inject(() => new Response(null, { status: 503 }));
    const later = newId();
    expect(await page.evaluate((marker) => window.tracker.track('Fault Met', { marker }).durable, later)).toBe(true);
    await page.close();
    front.inject(undefined);
    const next = await context.newPage();
    await next.goto(`${origin}/popup.html`);
    await expect.poll(() => sink.kept(), patience).toEqual([first, later]);
    expect(await next.evaluate(() => window.violations)).toEqual([]);
    // An extension has no path of its own at a collector.
    expect(await next.evaluate(() => window.diagnostics)).toEqual([expect.stringMatching(/^listed-endpoint: /)]);
  });
});
