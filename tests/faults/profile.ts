import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BrowserContext, chromium, type LaunchOptions } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';

type ProfileOptions = Pick<LaunchOptions, 'ignoreDefaultArgs'>;

/** A person's browser with its storage on disk: it can be closed, killed and opened again. */
export interface Profile {
  readonly context: BrowserContext;
  readonly version: string;
  /** Closes the browser as a person does, and opens it again. */
  reopen(): Promise<void>;
  /** `kill -9` for all of its processes at once, and opens it again. */
  killAndReopen(): Promise<void>;
  /** Opens `address` in a browser nobody drives, and ends that browser when `act` is over. DevTools change what it tests. */
  undriven(address: string, act: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openProfile(folder: string, { ignoreDefaultArgs }: ProfileOptions = {}): Promise<Profile> {
  const executablePath = findChromium();
  const launch = (): Promise<BrowserContext> =>
    chromium.launchPersistentContext(folder, {
      headless: true,
      args: chromiumArgs,
      ...(executablePath === undefined ? {} : { executablePath }),
      ...(ignoreDefaultArgs === undefined ? {} : { ignoreDefaultArgs }),
    });
  let context = await launch();
  const browser = () => {
    const found = context.browser();
    if (found === null) throw new Error('This Playwright does not tell the browser of a profile');
    return found;
  };

  return {
    get context() {
      return context;
    },
    version: browser().version(),
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
      const bare = spawn(executablePath ?? chromium.executablePath(), [...chromiumArgs, ...flags, address], {
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

const rank = (type: string): number => (type === 'browser' ? 0 : 1);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with the browser.
  }
}
