import type { Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import { acknowledged, type Example, launchChromium, startExample } from './example.ts';

describe('examples/express', needs(chromium), () => {
  let browser: Browser;
  let example: Example;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    example = await startExample('express', ['server.ts']);
  });
  afterEach(() => example.remove());

  test('browser and server tell one story of one visitor, and the order they both tell counts once', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const told = acknowledged(page);
    await page.goto(example.url);
    await page.click('#agree');
    await expect.poll(() => told, { timeout: 20_000 }).toContain('page');
    await page.click('#buy');
    await expect.poll(() => page.textContent('#order'), { timeout: 20_000 }).toMatch(/^o\d/);
    const orderId = await page.textContent('#order');
    const cookies = await context.cookies();
    await expect.poll(() => told, { timeout: 20_000 }).toContain('Order Completed');
    await context.close();

    const events = await example.stopAndRead();
    expect(events.map(({ event, type }) => event ?? type).sort()).toEqual([
      'Order Completed',
      'Product Added',
      'Stock Reserved',
      'page',
    ]);
    const [anonymousId] = new Set(events.map(({ anonymous_id }) => anonymous_id));
    const sessions = new Set(events.map(({ session_id }) => session_id));
    expect(sessions.size).toBe(1);
    for (const event of events) {
      expect(event).toMatchObject({
        anonymous_id: anonymousId,
        browser_id: anonymousId,
        consented: true,
        ip: '127.0.0.0',
        page_path: '/',
      });
      expect(event.user_agent).toContain('Chrome');
    }
    const sources = Object.fromEntries(events.map(({ event, type, source }) => [event ?? type, source]));
    expect(sources).toMatchObject({ 'Stock Reserved': 'server', 'Product Added': 'browser', page: 'browser' });
    expect(events.find(({ event }) => event === 'Order Completed')?.message_id).toBe(`order-${orderId}`);
    expect(cookies.find(({ name }) => name === '__Host-jn')).toMatchObject({ httpOnly: true, secure: true });
  });

  test('of somebody who has not agreed neither side tells anything', async () => {
    const page = await browser.newPage();
    await page.goto(example.url);
    await page.click('#buy');
    await expect.poll(() => page.textContent('#order'), { timeout: 20_000 }).toMatch(/^o\d/);
    expect(await page.context().cookies()).toEqual([]);
    await page.close();
    expect(await example.stopAndRead()).toEqual([]);
  });
});
