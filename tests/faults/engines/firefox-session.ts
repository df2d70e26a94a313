import { createRequire } from 'node:module';
import { Browser } from 'selenium-webdriver/bidi/generated/browser.js';
import { BrowsingContext } from 'selenium-webdriver/bidi/generated/browsing_context.js';
import { Emulation } from 'selenium-webdriver/bidi/generated/emulation.js';
import { Log } from 'selenium-webdriver/bidi/generated/log.js';
import { Network } from 'selenium-webdriver/bidi/generated/network.js';
import { Script } from 'selenium-webdriver/bidi/generated/script.js';
import { Session } from 'selenium-webdriver/bidi/generated/session.js';
import type { Index } from 'selenium-webdriver/bidi/index.js';
import type { DeviceActions } from './pointer-and-keys.ts';
import type { ProcessGroup } from './process-group.ts';

/** The commands of WebDriver BiDi, by domain, and what Firefox adds to them. */
export interface FirefoxSession {
  readonly version: string;
  readonly browser: Browser;
  readonly tabs: BrowsingContext;
  readonly emulation: Emulation;
  readonly log: Log;
  readonly network: Network;
  readonly script: Script;
  /** Evaluates an expression in the browser's own window. */
  evaluateInChrome(expression: string): Promise<unknown>;
  /** Has a tab's pointer and keys do this. */
  perform(tab: string, devices: readonly DeviceActions[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** To a Firefox that was just started: it says where it listens. */
export async function connectToFirefox({ says }: ProcessGroup): Promise<FirefoxSession> {
  const connection = new Connection(`${await says(/WebDriver BiDi listening on (\S+)/)}/session`);
  await connection.waitForConnection();
  // The library asks its driver for the connection; ours has no other half, as geckodriver would be.
  const driver = {
    getCapabilities: async () => new Map([['webSocketUrl', true]]),
    getBidi: async () => connection,
  };
  const { capabilities } = await (await Session.create(driver)).new({ capabilities: {} });

  const send = async (method: string, params: object): Promise<Reply> => {
    const reply = (await connection.send({ method, params: { ...params } })) as Reply;
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.message}`);
    return reply;
  };

  return {
    version: capabilities.browserVersion,
    browser: await Browser.create(driver),
    tabs: await BrowsingContext.create(driver),
    emulation: await Emulation.create(driver),
    log: await Log.create(driver),
    network: await Network.create(driver),
    script: await Script.create(driver),
    async evaluateInChrome(expression) {
      const { result } = await send('browsingContext.getTree', { 'moz:scope': 'chrome', maxDepth: 0 });
      const target = { context: result?.contexts?.[0]?.context };
      const reply = await send('script.evaluate', { expression, target, awaitPromise: false });
      return reply.result?.result?.value;
    },
    async perform(context, actions) {
      await send('input.performActions', { context, actions });
    },
    async disconnect() {
      await connection.close();
    },
  };
}

interface Reply {
  readonly error?: string;
  readonly message?: string;
  readonly result?: {
    readonly contexts?: readonly { readonly context: string }[];
    readonly result?: { readonly value?: unknown };
  };
}

// Its types name an export that it does not have.
const Connection = createRequire(import.meta.url)('selenium-webdriver/bidi/index.js') as typeof Index;
