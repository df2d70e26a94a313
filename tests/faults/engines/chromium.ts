import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BrowserContext, type CDPSession, type Page as PlaywrightPage, chromium as playwright } from 'playwright';
import { chromiumArgs, findChromium } from '../../../scripts/chromium.mjs';
import type { Engine, Hands, Page, Profile, ProfileOptions } from '../engine.ts';

/** Chromium, driven by Playwright through DevTools. */
export const chromium: Engine = {
  name: 'chromium',
  title: 'Chromium',
  caveats: [],
  isInstalled: () => findChromium() !== undefined,
  openProfile,
};

async function openProfile(folder: string, { backForwardCache = false }: ProfileOptions = {}): Promise<Profile> {
  const executablePath = findChromium();
  const launch = (): Promise<BrowserContext> =>
    playwright.launchPersistentContext(folder, {
      headless: true,
      args: chromiumArgs,
      ...(executablePath === undefined ? {} : { executablePath }),
      ...(backForwardCache ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
    });
  let context = await launch();
  const tabs = new WeakMap<Page, PlaywrightPage>();
  const browser = () => {
    const found = context.browser();
    if (found === null) throw new Error('This Playwright does not tell the browser of a profile');
    return found;
  };
  const tabOf = (page: Page): PlaywrightPage => {
    const tab = tabs.get(page);
    if (tab === undefined) throw new Error('The page belongs to another profile');
    return tab;
  };
  const devtools = (page: Page): Promise<CDPSession> => context.newCDPSession(tabOf(page));

  return {
    version: browser().version(),
    async newPage() {
      const tab = await context.newPage();
      const page = pageOf(tab);
      tabs.set(page, tab);
      return page;
    },
    async addInitScript(script) {
      await context.addInitScript(script);
    },
    setOffline: (isOffline) => context.setOffline(isOffline),
    async block() {
      await context.route('**/*', (route) => route.abort('blockedbyclient'));
    },
    async slow3G(page) {
      const session = await devtools(page);
      const bytesPerSecond = 50_000;
      await session.send('Network.enable');
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 400,
        downloadThroughput: bytesPerSecond,
        uploadThroughput: bytesPerSecond,
      });
    },
    async setFrozen(page, isFrozen) {
      const session = await devtools(page);
      await session.send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' });
    },
    async crash(page) {
      const session = await devtools(page);
      const crashed = tabOf(page).waitForEvent('crash');
      // It never answers: who would?
      session.send('Page.crash').catch(() => {});
      await crashed;
    },
    async leave() {
      // The browser ends with its last tab in some modes, and the return visit needs it.
      const last = await context.newPage();
      for (const page of context.pages()) if (page !== last) await page.close();
      await context.setOffline(false);
      await context.unrouteAll({ behavior: 'ignoreErrors' });
    },
    async reopen() {
      await context.close();
      context = await launch();
    },
    async killAndReopen() {
      const session = await browser().newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const gone = new Promise((resolve) => context.once('close', resolve));
      // The browser first: what it would tell the others, they shall not hear.
      for (const { id } of processInfo.toSorted((one, other) => rank(one.type) - rank(other.type))) kill(id);
      await gone;
      context = await launch();
    },
    async undriven(address, act) {
      await context.close();
      const flags = [
        '--headless=new',
        '--password-store=basic',
        '--disable-popup-blocking',
        `--user-data-dir=${folder}`,
      ];
      const bare = spawn(executablePath ?? playwright.executablePath(), [...chromiumArgs, ...flags, address], {
        stdio: 'ignore',
      });
      const ended = once(bare, 'exit');
      try {
        await act();
      } finally {
        bare.kill('SIGTERM');
        await ended;
        context = await launch();
      }
    },
    close: () => context.close(),
  };
}

function handsOf({ mouse, keyboard }: PlaywrightPage): Hands {
  return {
    click: (x, y, { count = 1, button = 'left' } = {}) => mouse.click(x, y, { clickCount: count, button }),
    async wheel(deltaY) {
      await mouse.wheel(0, deltaY);
    },
    type: (text) => keyboard.type(text),
    press: (key) => keyboard.press(key),
  };
}

function pageOf(tab: PlaywrightPage): Page {
  return {
    hands: handsOf(tab),
    async goto(address, options) {
      await tab.goto(address, options);
    },
    waitForURL: (address) => tab.waitForURL(address),
    async goBack() {
      await tab.goBack({ waitUntil: 'commit' });
    },
    evaluate: (act, argument) => tab.evaluate(act as (argument: unknown) => never, argument),
    async requestFailed() {
      await tab.waitForEvent('requestfailed', { timeout: 10_000 }).catch(() => undefined);
    },
    onError: (listener) => void tab.on('pageerror', ({ message }) => listener(message)),
    onCrash: (listener) => void tab.on('crash', listener),
    close: () => tab.close(),
  };
}

const rank = (type: string): number => (type === 'browser' ? 0 : 1);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with the browser.
  }
}
