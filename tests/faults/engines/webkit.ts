import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Name } from 'selenium-webdriver/lib/command.js';
import { hasWebKit, howToGetWebKit, webkitEnvironment } from '../../../scripts/webkit.mjs';
import { CannotRun, type Engine, type Page, type Profile } from '../engine.ts';
import { until } from '../until.ts';
import { inPage, shows } from './in-page.ts';
import { handsOf } from './pointer-and-keys.ts';
import { createScreen } from './screen.ts';
import { driveWebKit, startWithBus, type WebKitSession } from './webkit-session.ts';

/** WebKitGTK in a browser of a few lines, `webkit-browser.js`, driven by its own WebDriver. */
export const webkit: Engine = {
  name: 'webkit',
  title: 'WebKitGTK',
  caveats: [
    'Where it is offline, every request fails, and the page is not told.',
    'After a page has crashed, the browser is ended, and opened again for the return visit.',
    'Errors nobody caught in the page are not seen.',
  ],
  isInstalled: hasWebKit,
  openProfile,
};

interface Tab {
  readonly handle: string;
  /** The page's process, as far as it can be told. */
  pid?: number | undefined;
}

const browserFile = fileURLToPath(new URL('webkit-browser.js', import.meta.url));

async function openProfile(folder: string): Promise<Profile> {
  if (!hasWebKit()) throw new Error(`There is no WebKitGTK: ${howToGetWebKit}.`);
  await mkdir(folder, { recursive: true });
  const screen = await createScreen();
  const environment = { ...webkitEnvironment, DISPLAY: screen.display };
  const initScripts: string[] = [];
  let hasCrashed = false;
  let tabs = new Map<Page, Tab>();
  let session: WebKitSession = await start();

  function start(): Promise<WebKitSession> {
    return driveWebKit('/usr/bin/gjs', ['-m', browserFile, folder, '--automation'], environment);
  }

  async function launch(): Promise<void> {
    tabs = new Map();
    hasCrashed = false;
    session = await start();
  }

  async function quit(): Promise<void> {
    const { driver, processes } = session;
    // After a page has crashed in it, the next command breaks the browser.
    if (!hasCrashed) {
      await closeTabs();
      await driver.quit();
      // It still writes what pages have stored.
      await until(() => processes.named('WebKitNetworkPr').length === 0, 5_000);
    }
    await processes.end('SIGTERM');
  }

  async function newTab(): Promise<string> {
    const [first = ''] = await session.driver.getAllWindowHandles();
    return session.inTab(first, async (driver) => {
      await driver.switchTo().newWindow('tab');
      return driver.getWindowHandle();
    });
  }

  /** The session ends with its last tab, so one is opened first. */
  async function closeTabs(): Promise<void> {
    const handles = await session.driver.getAllWindowHandles();
    await newTab();
    for (const handle of handles) await session.inTab(handle, (driver) => driver.close());
  }

  /** Has the browser do what the driver has no word for. */
  async function ask(fault: 'offline' | 'online' | 'block'): Promise<void> {
    const [any = ''] = await session.driver.getAllWindowHandles();
    const call = `webkit.messageHandlers.browser.postMessage('${fault}')`;
    await session.inTab(any, (driver) => driver.executeScript(call));
    await pause(500); // nobody tells when it is done
  }

  /** The youngest process that no other tab has. */
  function ownProcess(): number | undefined {
    const taken = new Set([...tabs.values()].map(({ pid }) => pid));
    const free = session.processes.named('WebKitWebProces').filter((pid) => !taken.has(pid));
    return free.toSorted((one, other) => other - one)[0];
  }

  const capabilities = await session.driver.getCapabilities();
  return {
    version: String(capabilities.get('browserVersion')),
    async newPage() {
      const tab: Tab = { handle: await newTab() };
      const page = pageOf(tab, session, () => {
        tab.pid ??= ownProcess();
      });
      tabs.set(page, tab);
      return page;
    },
    async addInitScript(script) {
      initScripts.push(`(${script})()`);
      await writeFile(join(folder, 'init-scripts.json'), JSON.stringify(initScripts));
    },
    setOffline: (isOffline) => ask(isOffline ? 'offline' : 'online'),
    block: () => ask('block'),
    async slow3G() {
      throw new CannotRun('WebDriver has no word for the network');
    },
    async setFrozen() {
      throw new CannotRun('WebKitGTK freezes no pages on demand');
    },
    async crash(page) {
      const pid = tabs.get(page)?.pid;
      if (pid === undefined) throw new CannotRun('which process the page has cannot be told here');
      process.kill(pid, 'SIGKILL');
      hasCrashed = true;
    },
    async leave() {
      if (hasCrashed) {
        await quit();
        await launch();
        return;
      }
      await closeTabs();
      await ask('online');
    },
    async reopen() {
      await quit();
      await launch();
    },
    async killAndReopen() {
      await session.processes.end('SIGKILL');
      await launch();
    },
    async undriven(address, act) {
      await quit();
      const bare = startWithBus('gjs', ['-m', browserFile, folder, address], environment);
      try {
        await act();
      } finally {
        await bare.end('SIGTERM');
        await launch();
      }
    },
    async close() {
      await quit();
      await screen.close();
    },
  };
}

function pageOf({ handle }: Tab, { inTab }: WebKitSession, onLoad: () => void): Page {
  const page: Page = {
    hands: handsOf((actions) =>
      inTab(handle, async (driver) => {
        await driver.execute(new Command(Name.ACTIONS).setParameter('actions', actions));
      }),
    ),
    async goto(address, { waitUntil = 'load' } = {}) {
      await inTab(handle, (driver) => driver.get(address));
      if (waitUntil === 'commit') return;
      await shows(page, address);
      onLoad();
    },
    waitForURL: (address) => shows(page, address),
    goBack: () => inTab(handle, (driver) => driver.navigate().back()),
    async evaluate(act, argument) {
      const json = argument === undefined ? [] : [JSON.stringify(argument)];
      const call = `return (${inPage(act)})(...arguments)`;
      const result = await inTab(handle, (driver) => driver.executeScript<string | null>(call, ...json));
      return result === null ? undefined : JSON.parse(result);
    },
    // The driver tells of no request. So long after tracking the first try is over.
    requestFailed: () => pause(3_000),
    onError() {}, // nor of errors
    onCrash() {}, // each tab has a process of its own
    close: () => inTab(handle, (driver) => driver.close()),
  };
  return page;
}
