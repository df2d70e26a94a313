import { type Browser, chromium as playwright } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';
import { chromium, needs } from '../../scripts/optional.mjs';
import { until } from '../faults/until.ts';
import { createSite, type Site } from './site.ts';

// Caught or not: at what is thrown, V8 reads all of the script again to say where. On a slow phone that is 5 to 10 ms.
describe('the first visit of a device', needs(chromium), () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    site = await createSite({ hasReact: false });
    const executablePath = findChromium();
    browser = await playwright.launch({
      args: chromiumArgs,
      ...(executablePath === undefined ? {} : { executablePath }),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('throws nothing, not even what we would catch', async () => {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    const thrown: unknown[] = [];
    session.on('Debugger.paused', ({ data, callFrames: [frame] }) => {
      thrown.push([data?.description, frame?.location]);
      void session.send('Debugger.resume');
    });
    await session.send('Debugger.enable');
    await session.send('Debugger.setPauseOnExceptions', { state: 'all' });
    await page.goto(`${site.origin}/home`);
    await page.evaluate("tracker.track('Seen')");
    expect(await until(() => site.events.length > 1, 10_000)).toBe(true);
    expect(thrown).toEqual([]);
    await page.evaluate("try { throw new Error('heard') } catch {}");
    expect(thrown).toEqual([[expect.stringMatching(/^Error: heard/), expect.anything()]]);
  });
});
