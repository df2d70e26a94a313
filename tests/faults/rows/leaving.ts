import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '../client.ts';
import { CannotRun, type Page } from '../engine.ts';
import { answerWith } from '../front-server.ts';
import type { Row } from '../row.ts';
import type { Scene } from '../scene.ts';
import { quiet, until } from '../until.ts';

const redirect = (count: number, sizeBytes: number, size: string): Row => ({
  name: `same-task redirect, ${count} × ${size}`,
  what: 'one task tracks and leaves for another site',
  async run(scene) {
    await scene.track(await scene.open(), count, { sizeBytes, thenGo: scene.elsewhere });
  },
});

const crashTab = ({ profile }: Scene, page: Page): Promise<void> => profile.crash(page);

interface Ended {
  readonly openForMs?: number;
  readonly delayMs?: number;
  /** Not before the client says that the events are stored, if it ever says so. */
  readonly isOnceStored?: boolean;
  readonly firstVisitMs?: number;
}

/** Ends the page's process, or the whole browser, `delayMs` after tracking on a page that has been open for `openForMs`. */
const ended = (
  name: string,
  what: string,
  end: (scene: Scene, page: Page) => Promise<void>,
  { openForMs = 0, delayMs = 0, isOnceStored = false, ...row }: Ended,
): Row => ({
  name,
  what,
  ...row,
  async run(scene) {
    const page = await scene.open();
    await pause(openForMs); // all three are what the row is about
    await scene.track(page, 20);
    await Promise.all([pause(delayMs), isOnceStored && scene.stored(page)]);
    await end(scene, page);
  },
});

// A browser that is killed takes along what it had not begun to write. No page can hurry it: it takes 5 to 15 ms from
// the event on, and on a profile new to the site on a busy machine 200 ms, because there is no database yet.
const kill = ({ profile }: Scene): Promise<void> => profile.killAndReopen();

/** Nothing runs any more that could send something. */
const killed = { isOnceStored: true, firstVisitMs: 500 };

const closedOn503 = (name: string, what: string, openForMs: number): Row => ({
  name,
  what,
  async run(scene) {
    const page = await scene.open();
    scene.front.inject(answerWith(503));
    await pause(openForMs); // what the row is about
    await scene.track(page, 20);
    await page.close();
  },
});

export const leaving: readonly Row[] = [
  redirect(1, 500, '0.5 KB'),
  redirect(20, 2_000, '2 KB'),
  redirect(60, 2_000, '2 KB'),
  {
    name: 'hidden, then visible',
    what: 'another tab comes in front with events waiting, and is closed after 300 ms; nobody drives the browser',
    firstVisitMs: 1_000,
    async run(scene) {
      const ids = Array.from({ length: 5 }, newId);
      scene.sent.push(...ids);
      scene.front.addPage(
        '/hiding',
        `await window.client.ready;
        document.addEventListener('visibilitychange', () => document.hidden && fetch('/hidden'));
        for (const id of ${JSON.stringify(ids)}) window.client.track(id, 500);
        const other = open('/elsewhere');
        setTimeout(() => other.close(), 300);`,
      );
      await scene.profile.undriven(`${scene.front.origin}/hiding`, async () => {
        const isHidden = await until(() => scene.front.visited.includes('/hidden'), 8_000);
        if (!isHidden) throw new CannotRun('the page did not become hidden behind another tab');
        await scene.arrival(5_000);
        // Whoever sends twice does so when the batch timer of the visible page ends.
        await quiet(scene.front, 2_500);
      });
    },
  },
  {
    name: 'frozen, then resumed',
    what: 'the page is frozen with events waiting, and resumed',
    async run(scene) {
      const page = await scene.open();
      await scene.track(page, 5);
      await scene.profile.setFrozen(page, true);
      await scene.nextRequest(1_000);
      await scene.profile.setFrozen(page, false);
    },
  },
  {
    name: 'tab closed',
    what: 'the tab is closed right after tracking',
    async run(scene) {
      const page = await scene.open();
      await scene.track(page, 20);
      await page.close();
    },
  },
  closedOn503(
    'tab closed at once, 503',
    'on a fresh profile, right after loading; what is sent at the end is refused',
    0,
  ),
  closedOn503('tab closed after 1 s, 503', 'the same on a page that has been open for 1 s', 1_000),
  {
    name: 'tracked as the page loads, 503, redirect',
    what: 'the first task of a fresh profile tracks and leaves, before any storage that answers later is open',
    async run(scene) {
      const ids = Array.from({ length: 20 }, newId);
      scene.sent.push(...ids);
      scene.front.inject(answerWith(503));
      scene.front.addPage(
        '/landing',
        `for (const id of ${JSON.stringify(ids)}) window.client.track(id, 500);
        location.href = ${JSON.stringify(scene.elsewhere)};`,
      );
      const page = await scene.profile.newPage();
      // The page leaves while it loads, so that its own load never ends.
      await page.goto(`${scene.front.origin}/landing`, { waitUntil: 'commit' });
      await page.waitForURL(scene.elsewhere);
    },
  },
  ended('renderer crashed at once', 'on a fresh profile, right after loading and tracking', crashTab, {}),
  ended('renderer crashed after 50 ms', 'the same, 50 ms after tracking', crashTab, { delayMs: 50 }),
  ended('page open for 1 s, renderer crashed after 50 ms', 'the same on a page that has settled', crashTab, {
    openForMs: 1_000,
    delayMs: 50,
  }),
  ended(
    'browser killed (kill -9) after 50 ms',
    'all processes of the browser, on a fresh profile, not before the events are said to be stored',
    kill,
    { delayMs: 50, ...killed },
  ),
  ended('browser killed (kill -9) once all is stored', 'the same, as soon as the events are said to be stored', kill, {
    isOnceStored: true,
  }),
  ended('page open for 1 s, browser killed (kill -9) after 50 ms', 'the same on a page that has settled', kill, {
    openForMs: 1_000,
    delayMs: 50,
    ...killed,
  }),
  {
    name: 'three tabs, one killed',
    what: 'each tracks 20 while the collector says 503; one crashes, then the collector is back',
    firstVisitMs: 15_000,
    async run(scene) {
      scene.front.inject(answerWith(503));
      const tabs = [await scene.open('/a'), await scene.open('/b'), await scene.open('/c')] as const;
      for (const tab of tabs) await scene.track(tab, 20);
      await scene.nextRequest();
      const [killed, ...others] = tabs;
      for (const other of others) other.onCrash(() => scene.note('the other tabs crashed with it'));
      await crashTab(scene, killed);
      scene.front.inject(undefined);
    },
  },
];
