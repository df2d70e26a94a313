import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { acknowledged, type Example, launchChromium, startExample } from './example.ts';

describe('examples/next', needs(chromium), () => {
  let browser: Browser;
  let example: Example;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const command = ['node_modules/next/dist/bin/next', 'start', '--port', '0'];
    example = await startExample('next', command, { NEXT_MANUAL_SIG_HANDLE: 'true', NEXT_TELEMETRY_DISABLED: '1' });
    page = await browser.newPage();
    complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.context().close();
    await example.remove();
  });

  test('component, action, route and page tell one story of one visitor, under a strict policy', async () => {
    const told = acknowledged(page);
    const response = await page.goto(example.url);
    expect(response?.headers()['content-security-policy']).toMatch(/script-src 'nonce-[\w=]+' 'strict-dynamic';/);
    await page.click('#agree');
    await expect.poll(() => told, { timeout: 20_000 }).toContain('page');
    await page.reload(); // now the server knows who looks
    const acted = page.waitForResponse((answer) => answer.request().headers()['next-action'] !== undefined);
    await page.click('#add');
    await acted;
    await page.click('#buy');
    await expect.poll(() => page.textContent('#order'), { timeout: 20_000 }).toMatch(/^o\d/);
    const orderId = await page.textContent('#order');
    await expect.poll(() => told, { timeout: 20_000 }).toContain('Order Completed');
    const cookies = await page.context().cookies();

    const events = await example.stopAndRead();
    const sources = new Map(events.map(({ event, type, source }) => [event ?? type, source]));
    expect(Object.fromEntries(sources)).toEqual({
      page: 'browser',
      'Offer Shown': 'server',
      'Product Added': 'server',
      'Product Viewed': 'browser',
      'Order Completed': expect.stringMatching(/^(server|browser)$/),
    });
    expect(events.filter(({ event }) => event === 'Order Completed')).toMatchObject([
      { message_id: `order-${orderId}` },
    ]);
    expect(new Set(events.map(({ anonymous_id }) => anonymous_id)).size).toBe(1);
    expect(new Set(events.map(({ session_id }) => session_id)).size).toBe(1);
    for (const event of events) {
      expect(event).toMatchObject({ browser_id: event.anonymous_id, consented: true, page_path: '/' });
      expect(event.user_agent).toContain('Chrome');
    }
    expect(cookies.find(({ name }) => name === '__Host-jn')).toMatchObject({ httpOnly: true, secure: true });
    expect(complaints).toEqual([]);
  });

  test('of somebody who has not agreed nothing is told; every package does where a server renders', async () => {
    await page.goto(example.url);
    await page.click('#buy');
    await expect.poll(() => page.textContent('#order'), { timeout: 20_000 }).toMatch(/^o\d/);
    await page.goto(`${example.url}/packages`);
    expect(await page.textContent('#made')).toBe('core page pageWorker node worker');
    expect(await page.context().cookies()).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await example.stopAndRead()).toEqual([]);
  });
});
