import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFirefox, firefoxPreferences, howToGetFirefox } from '../../../scripts/firefox.mjs';
import { CannotRun, type Engine, type Page, type Profile } from '../engine.ts';
import { until } from '../until.ts';
import { connectToFirefox, type FirefoxSession } from './firefox-session.ts';
import { inPage, shows } from './in-page.ts';
import { handsOf } from './pointer-and-keys.ts';
import { type ProcessGroup, startProcessGroup } from './process-group.ts';

/** Firefox as it is released, driven through its own WebDriver BiDi: it needs no geckodriver. */
export const firefox: Engine = {
  name: 'firefox',
  title: 'Firefox',
  caveats: [],
  isInstalled: () => findFirefox() !== undefined,
  openProfile,
};

interface Tab {
  readonly id: string;
  readonly onError: Set<(message: string) => void>;
  readonly onCrash: Set<() => void>;
}

async function openProfile(folder: string): Promise<Profile> {
  const executable = findFirefox();
  if (executable === undefined) throw new Error(`There is no Firefox: ${howToGetFirefox}.`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'user.js'), preferenceFile);
  const initScripts: string[] = [];
  let tabs = new Map<Page, Tab>();
  let processes: ProcessGroup;
  let session: FirefoxSession;
  let blocker: string | undefined;

  const start = (...args: readonly string[]): ProcessGroup =>
    startProcessGroup(executable, ['--headless', '--no-remote', '--profile', folder, ...args], environment);

  async function launch(): Promise<void> {
    tabs = new Map();
    // Without system access nobody tells which process a page has.
    processes = start('--remote-debugging-port=0', '--remote-allow-system-access');
    session = await connectToFirefox(processes);
    await session.log.onEntryAdded(({ type, level, text, source }) => {
      if (type !== 'javascript' || level !== 'error') return;
      const tab = [...tabs.values()].find(({ id }) => id === source.context);
      for (const listener of tab?.onError ?? []) listener(text ?? 'an error');
    });
    for (const functionDeclaration of initScripts) await session.script.addPreloadScript({ functionDeclaration });
  }

  async function close(): Promise<void> {
    await session.browser.close();
    await processes.ended(10_000);
    await session.disconnect();
  }

  /** Process ids, in the order of the tabs. */
  async function processIds(): Promise<ReadonlyMap<string, number>> {
    const { contexts } = await session.tabs.getTree({ maxDepth: 0 });
    const ids = await session.evaluateInChrome(
      'JSON.stringify(gBrowser.browsers.map((tab) => tab.browsingContext.currentWindowGlobal.osPid))',
    );
    const inOrder = JSON.parse(String(ids)) as readonly number[];
    return new Map(contexts.map(({ context }, index) => [context, inOrder[index] ?? 0]));
  }

  await launch();
  return {
    get version() {
      return session.version;
    },
    async newPage() {
      const { context: id } = await session.tabs.create({ type: 'tab' });
      const tab: Tab = { id, onError: new Set(), onCrash: new Set() };
      const page = pageOf(tab, session);
      tabs.set(page, tab);
      return page;
    },
    async addInitScript(script) {
      // Not in the blank window before the first page: its storage is out of reach anyway.
      const functionDeclaration = `() => { if (origin !== 'null') (${script})(); }`;
      initScripts.push(functionDeclaration);
      await session.script.addPreloadScript({ functionDeclaration });
    },
    setOffline: (isOffline) =>
      session.emulation.setNetworkConditions({ networkConditions: isOffline ? { type: 'offline' } : null }),
    async block() {
      await session.network.onBeforeRequestSent(({ request: { request }, isBlocked }) => {
        if (isBlocked) session.network.failRequest({ request }).catch(() => {}); // its page is gone
      });
      ({ intercept: blocker } = await session.network.addIntercept({ phases: ['beforeRequestSent'] }));
    },
    async slow3G() {
      throw new CannotRun('WebDriver BiDi can end a network and not slow it');
    },
    async setFrozen() {
      throw new CannotRun('Firefox freezes no pages');
    },
    async crash(page) {
      const ids = await processIds();
      const pid = ids.get(tabs.get(page)?.id ?? '');
      if (pid === undefined) throw new Error('The page belongs to another profile');
      process.kill(pid, 'SIGKILL');
      for (const { id, onCrash } of tabs.values()) {
        if (ids.get(id) === pid) for (const listener of onCrash) listener();
      }
    },
    async leave() {
      const { contexts } = await session.tabs.getTree({ maxDepth: 0 });
      await session.tabs.create({ type: 'tab' });
      for (const { context } of contexts) await session.tabs.close({ context });
      await session.emulation.setNetworkConditions({ networkConditions: null });
      if (blocker !== undefined) await session.network.removeIntercept({ intercept: blocker });
      blocker = undefined;
    },
    async reopen() {
      await close();
      await launch();
    },
    async killAndReopen() {
      await processes.end('SIGKILL');
      await session.disconnect();
      await launch();
    },
    async undriven(address, act) {
      await close();
      const bare = start(address);
      try {
        await act();
      } finally {
        await bare.end('SIGTERM');
        await launch();
      }
    },
    close,
  };
}

function pageOf({ id, onError, onCrash }: Tab, session: FirefoxSession): Page {
  const { tabs, network, script } = session;
  const page: Page = {
    hands: handsOf((devices) => session.perform(id, devices)),
    async goto(address, { waitUntil = 'load' } = {}) {
      await tabs.navigate({ context: id, url: address, wait: waitUntil === 'load' ? 'complete' : 'none' });
    },
    waitForURL: (address) => shows(page, address),
    goBack: () => tabs.traverseHistory({ context: id, delta: -1 }),
    async evaluate(act, argument) {
      const reply = await script.callFunction({
        functionDeclaration: inPage(act),
        arguments: argument === undefined ? [] : [{ type: 'string', value: JSON.stringify(argument) }],
        awaitPromise: true,
        target: { context: id },
      });
      if (reply.type === 'exception') throw new Error(reply.exceptionDetails.text);
      return 'value' in reply.result ? JSON.parse(String(reply.result.value)) : undefined;
    },
    async requestFailed() {
      let hasFailed = false;
      await network.onFetchError(({ context }) => {
        if (context === id) hasFailed = true;
      });
      await until(() => hasFailed, 10_000);
    },
    onError: (listener) => void onError.add(listener),
    onCrash: (listener) => void onCrash.add(listener),
    close: () => tabs.close({ context: id }),
  };
  return page;
}

const preferenceFile = Object.entries(firefoxPreferences)
  .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  .join('');

const environment = { MOZ_CRASHREPORTER_DISABLE: '1' };
