import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page, Request, Response } from 'playwright';
import type { Ledger, Told } from './ledger.ts';
import type { Server } from './server.ts';

/** What the page tells with its DOM event `shop:tracked`. */
type Announced = Omit<Told, 'visitor'>;

/** Our globals in the driven page; the shop knows nothing of them. */
interface DrivenWindow {
  driveTold: (announced: Announced) => void;
  driveTracker?: { shutdown(options: { deadlineMs: number }): Promise<{ pending: number }> };
  /** Set on a document we are leaving. */
  driveLeft?: boolean;
}
declare const window: DrivenWindow;

const arrivalMs = 10_000;
const pollMs = 30;
/** A page view counts once its address has stood for a moment; a person is slower than that anyway. */
const glanceMs = 120;
/** Long enough for a headline to count as seen. */
const restMs = 700;
const maxTries = 8;

/**
 * Runs in the page, before any of the shop's code: hears what the shop announces. The last words of a page that is being
 * left do not reach us any more, so each is noted in the browser too, for the visitor's next page.
 */
function listenInPage(): void {
  document.addEventListener('shop:tracked', (tracked) => {
    const { messageId, event, type } = (tracked as CustomEvent).detail;
    const announced = { messageId, event: event ?? type, page: location.pathname };
    localStorage.setItem(`drive ${messageId}`, JSON.stringify(announced));
    window.driveTold(announced);
  });
  document.addEventListener('shop:ready', (ready) => {
    window.driveTracker = (ready as CustomEvent).detail;
  });
}

/** What opening an address means, by the address alone. */
function deedsAt(path: string): readonly string[] {
  if (path === '/' || path === '/shop') return ['page', 'Product List Viewed'];
  if (path.startsWith('/products/')) return ['page', 'Product Viewed'];
  if (path === '/cart') return ['page', 'Cart Viewed'];
  if (path === '/checkout/contact') return ['page', 'Checkout Started', 'Checkout Step Viewed'];
  if (path.startsWith('/checkout/')) return ['page', 'Checkout Step Viewed'];
  if (path.startsWith('/thanks/')) return ['page', 'Receipt Viewed'];
  return ['page'];
}

/** What the server records when it answers a form like this. */
function serverDeeds(path: string, status: number): readonly string[] {
  if (path === '/sign-up' && status === 303) return ['Signed Up'];
  if (path === '/sign-in' && status === 303) return ['Signed In'];
  if (path !== '/checkout/payment') return [];
  return status === 402 ? ['Payment Failed'] : status === 303 ? ['Payment Succeeded', 'Order Completed'] : [];
}

/**
 * One visitor's hands on one browser tab at a time. Each action writes what it did to the ledger. A server that is away
 * is waited for, and the page is asked for again.
 */
export interface Tab {
  /** The path the tab is at. */
  path(): string;
  open(path: string): Promise<void>;
  reload(): Promise<void>;
  back(): Promise<void>;
  /** Follows a link; false if the page has none like it. */
  follow(selector: string, deed: string): Promise<boolean>;
  /** Submits a form that posts; resolves with the answer's status, or undefined if there came none. */
  submit(selector: string, deed?: string): Promise<number | undefined>;
  fill(selector: string, value: string): Promise<void>;
  check(selector: string): Promise<void>;
  count(selector: string): Promise<number>;
  scroll(times: number): Promise<void>;
  /** Brings something into view and rests there for a moment. */
  look(selector: string): Promise<void>;
  /** Presses something that does nothing, as people do: three times, quickly. */
  rage(selector: string): Promise<void>;
  /** Plays the page's sound for a while; false if it has none. */
  listen(forMs: number): Promise<boolean>;
  /** Presses a button of the banner. Deeds of the page so far count from here on, or never. */
  answer(buttons: readonly string[]): Promise<void>;
  /** Presses the form's button and closes the tab in the same moment. The next `open` takes a new tab. */
  closeOnSubmit(selector: string, deed: string): Promise<void>;
  crash(): Promise<void>;
  /** Ends tracking on this page once everything is delivered; true if nothing is left. */
  settle(): Promise<boolean>;
}

export async function createTab(
  context: BrowserContext,
  server: Server,
  ledger: Ledger,
  visitor: string,
): Promise<Tab> {
  let page: Page | undefined;
  let isDecided = false;
  let undecided: string[] = []; // deeds on a page that may still say yes

  await context.exposeBinding('driveTold', (_source, announced: Announced) => {
    ledger.told({ ...announced, visitor });
  });
  await context.addInitScript(listenInPage);
  context.on('response', noteServed);

  /** A document that came, by the id that the server gave it. */
  function noteServed(response: Response): void {
    if (!response.request().isNavigationRequest()) return;
    const [, id] = /doc;desc="([^"]+)"/.exec(response.headers()['server-timing'] ?? '') ?? [];
    if (id) ledger.opened(id, { visitor, isExpected: isDecided && !ledger.refusers.has(visitor) });
  }

  const did = (...events: readonly string[]): void => {
    if (!isDecided) undecided.push(...events);
    else for (const event of events) ledger.did(visitor, event);
  };

  async function tab(): Promise<Page> {
    page ??= await context.newPage();
    return page;
  }

  /** Closes the tab with another one open already: Chromium does not always open one while its last one closes. */
  async function replaceTab(end: (current: Page) => Promise<unknown>): Promise<void> {
    const current = await tab();
    const next = await context.newPage();
    await current.bringToFront();
    const session = await context.newCDPSession(current);
    await end(current);
    const closed = current.close().then(() => true);
    // A navigation that commits in this very moment swallows the wish to close.
    while (!(await Promise.race([closed, sleep(1_000, false)]))) await session.send('Page.close').catch(() => {});
    page = next;
  }

  /** A call in the page, asked again while one document gives way to the next. */
  async function inPage<T>(read: () => T): Promise<T | undefined> {
    try {
      return await (await tab()).evaluate(read);
    } catch {
      return undefined;
    }
  }

  /** What earlier pages noted and could not tell. */
  async function hearLastWords(): Promise<void> {
    const notes = await inPage(() => {
      const found = Object.entries({ ...localStorage }).filter(([key]) => key.startsWith('drive '));
      for (const [key] of found) localStorage.removeItem(key);
      return found.map(([, note]): Announced => JSON.parse(note));
    });
    for (const announced of notes ?? []) ledger.told({ ...announced, visitor });
  }

  const leave = (): Promise<unknown> =>
    inPage(() => {
      window.driveLeft = true;
    });

  /** Waits for the next document and its tracker; false if the server did not deliver both. */
  async function arrive(): Promise<boolean> {
    const until = performance.now() + arrivalMs;
    while (performance.now() < until) {
      const state = await inPage(() => {
        if (window.driveLeft) return 'leaving';
        if (location.protocol === 'chrome-error:') return 'lost';
        return window.driveTracker && document.readyState === 'complete' ? 'here' : 'loading';
      });
      if (state === 'lost') return false;
      if (state === 'here') {
        if (!isDecided) undecided = [];
        did(...deedsAt(path()));
        await hearLastWords();
        await sleep(glanceMs);
        return true;
      }
      await sleep(pollMs);
    }
    return false;
  }

  /** Goes somewhere, by `go` first, by address after that, until it is there. */
  async function reach(target: string, go: () => Promise<unknown>): Promise<void> {
    await leave();
    await go();
    for (let tries = 1; !(await arrive()); tries++) {
      if (tries === maxTries) throw new Error(`${visitor} could not reach ${target}`);
      await sleep(pollMs * tries);
      await server.untilUp();
      await leave();
      await (await tab()).goto(server.url + target, { waitUntil: 'commit' }).catch(() => {});
    }
  }

  async function open(target: string): Promise<void> {
    const current = await tab();
    await reach(target, () => current.goto(server.url + target, { waitUntil: 'commit' }).catch(() => {}));
  }

  const path = (): string => (page ? new URL(page.url()).pathname : '');
  const here = (): string => (page ? page.url().slice(server.url.length) || '/' : '/');

  return {
    path,
    open,
    async reload() {
      const current = await tab();
      await reach(here(), () => current.reload({ waitUntil: 'commit' }).catch(() => {}));
    },
    async back() {
      const current = await tab();
      await reach('/shop', () => current.goBack({ waitUntil: 'commit' }).catch(() => {}));
    },
    async follow(selector, deed) {
      const link = (await tab()).locator(selector).first();
      const href = await link.getAttribute('href', { timeout: 1_000 }).catch(() => null);
      if (href === null) return false;
      await reach(href, async () => {
        await link.click({ timeout: 5_000, noWaitAfter: true });
        did(deed);
      });
      return true;
    },
    async submit(selector, deed) {
      const current = await tab();
      const isForm = (request: Request): boolean => request.method() === 'POST' && request.isNavigationRequest();
      const answered = Promise.race([
        current.waitForResponse((response) => isForm(response.request()), { timeout: arrivalMs }),
        current.waitForEvent('requestfailed', { predicate: isForm, timeout: arrivalMs }).then(() => undefined),
      ]).catch(() => undefined);
      await leave();
      await current.locator(selector).first().click({ timeout: 5_000, noWaitAfter: true });
      if (deed) did(deed);
      const response = await answered;
      if (!response) {
        await server.untilUp();
        return undefined;
      }
      const { pathname } = new URL(response.url());
      const events = serverDeeds(pathname, response.status());
      const ids = response.headers()['shop-recorded']?.split(', ') ?? [];
      for (const [index, event] of events.entries()) {
        did(event);
        const messageId = ids[index];
        if (messageId) ledger.told({ messageId, event, visitor, page: pathname });
      }
      const [, orderId] = /^\/thanks\/(.+)/.exec(response.headers().location ?? '') ?? [];
      if (orderId) ledger.ordered(orderId, visitor);
      return (await arrive()) ? response.status() : undefined;
    },
    fill: async (selector, value) => (await tab()).fill(selector, value, { timeout: 5_000 }),
    check: async (selector) => (await tab()).check(selector, { timeout: 5_000 }),
    count: async (selector) => (await tab()).locator(selector).count(),
    async scroll(times) {
      const current = await tab();
      for (let turn = 0; turn < times; turn++) {
        await current.mouse.wheel(0, 500);
        await sleep(150);
      }
    },
    async look(selector) {
      await (await tab())
        .locator(selector)
        .first()
        .scrollIntoViewIfNeeded({ timeout: 1_000 })
        .catch(() => {});
      await sleep(restMs);
    },
    async rage(selector) {
      await (await tab()).locator(selector).first().click({ clickCount: 3, timeout: 5_000 });
    },
    async listen(forMs) {
      const sound = (await tab()).locator('audio').first();
      if ((await sound.count()) === 0) return false;
      await sound.scrollIntoViewIfNeeded({ timeout: 1_000 });
      await sound.focus();
      await sound.press('Space'); // plays, in Chromium
      await sleep(forMs);
      return true;
    },
    async answer(buttons) {
      const current = await tab();
      for (const button of buttons) await current.click(button, { timeout: 5_000 });
      isDecided = true;
      did(...undecided.splice(0));
    },
    async closeOnSubmit(selector, deed) {
      await replaceTab(async (current) => {
        // Returns after the click, and after what the click made the page tell us.
        await current
          .locator(selector)
          .first()
          .evaluate((button) => (button as HTMLElement).click());
        did(deed);
      });
    },
    async crash() {
      await inPage(() => {}); // what the page told before has arrived once it answers
      await replaceTab((current) => current.goto('chrome://crash').catch(() => {}));
    },
    async settle() {
      for (let tries = 0; tries < maxTries; tries++) {
        const stats = await inPage(() => window.driveTracker?.shutdown({ deadlineMs: 15_000 }));
        if (stats?.pending === 0) return true;
        // A tracker that was shut down stays so: what it could not deliver, the next page's will.
        await server.untilUp();
        await open('/privacy');
      }
      return false;
    },
  };
}
