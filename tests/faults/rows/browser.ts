import type { PageClient } from '../client.ts';
import { newId } from '../client.ts';
import type { Page } from '../engine.ts';
import { CannotRun } from '../engine.ts';
import { answerWith } from '../front-server.ts';
import type { Row } from '../row.ts';
import type { Scene } from '../scene.ts';
import { until } from '../until.ts';

declare const window: {
  readonly client: PageClient;
  readonly wasRestored?: boolean;
  clockShiftMs?: number;
};

/** Makes the page's wall clock show what `window.clockShiftMs` says, on top of the time. */
function shiftableClock(): void {
  const RealDate = Date;
  const now = (): number => RealDate.now() + (window.clockShiftMs ?? 0);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: []) => (args.length === 0 ? new target(now()) : new target(...args)),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
}

const hourMs = 3_600_000;

const clockMoved = (words: string, shiftMs: number): Row => ({
  name: `clock ${words}`,
  what: 'the wall clock moves while events wait for a collector that says 503',
  firstVisitMs: 15_000,
  async run(scene) {
    await scene.profile.addInitScript(shiftableClock);
    const page = await scene.open();
    scene.front.inject(answerWith(503));
    await scene.track(page, 10);
    await scene.nextRequest();
    await page.evaluate((ms) => {
      window.clockShiftMs = ms;
    }, shiftMs);
    scene.front.inject(undefined);
    await scene.track(page, 10);
  },
});

function needsConsent({ client }: Scene): void {
  if (client.answer !== undefined) throw new CannotRun('measured only for clients that judge consent themselves');
}

const consentRows: readonly Row[] = [
  {
    name: 'consent pending',
    what: 'nobody has answered: nothing may leave',
    expected: 'none',
    async run(scene) {
      needsConsent(scene);
      await scene.track(await scene.open('/?consent=pending'), 5);
    },
  },
  {
    name: 'consent pending, then granted',
    what: 'what was tracked before the yes arrives after it',
    async run(scene) {
      needsConsent(scene);
      const page = await scene.open('/?consent=pending');
      await scene.track(page, 5);
      await page.evaluate(() => window.client.consent?.(true));
    },
  },
  {
    name: 'consent granted and left in one task',
    what: 'the yes, 5 events before it, 5 after it, and a redirect',
    async run(scene) {
      needsConsent(scene);
      const page = await scene.open('/?consent=pending');
      await scene.track(page, 5);
      const ids = Array.from({ length: 5 }, newId);
      scene.sent.push(...ids);
      await page.evaluate(
        ([ids, address]) => {
          window.client.consent?.(true);
          for (const id of ids) window.client.track(id, 500);
          location.href = address;
        },
        [ids, scene.elsewhere] as const,
      );
      await page.waitForURL(scene.elsewhere);
    },
  },
  {
    name: 'consent revoked',
    what: 'events wait for a collector that says 503 when the person says no: they may not leave any more',
    expected: 'none',
    async run(scene) {
      needsConsent(scene);
      const page = await scene.open();
      scene.front.inject(answerWith(503));
      await scene.track(page, 5);
      await scene.nextRequest();
      await page.evaluate(() => window.client.consent?.(false));
      scene.front.inject(undefined);
    },
  },
];

/** A page has the browser prerender another, which tracks as it loads. Nobody drives the browser: DevTools forbid it. */
async function prerender(scene: Scene, thenVisit: boolean): Promise<void> {
  const ids = [newId()];
  const goThere = `setTimeout(() => { location.href = '/prerendered'; }, 1_000);`;
  scene.front.addPage(
    '/linking',
    `const rules = document.createElement('script');
    rules.type = 'speculationrules';
    rules.text = JSON.stringify({ prerender: [{ urls: ['/prerendered'], eagerness: 'immediate' }] });
    document.head.append(rules);
    ${thenVisit ? goThere : ''}`,
  );
  scene.front.addPage(
    '/prerendered',
    `document.addEventListener('prerenderingchange', () => fetch('/activated'));
    await window.client.ready;
    for (const id of ${JSON.stringify(ids)}) window.client.track(id, 500);`,
  );
  scene.sent.push(...ids);
  await scene.profile.undriven(`${scene.front.origin}/linking`, async () => {
    const sign = thenVisit ? '/activated' : '/prerendered';
    const isSeen = await until(() => scene.front.visited.includes(sign), undrivenPatienceMs);
    if (!isSeen) throw new CannotRun('this browser did not prerender');
    await scene.arrival(4_000);
  });
}

const undrivenPatienceMs = 8_000;

const prerenderRows: readonly Row[] = [
  {
    name: 'prerendered, then activated',
    what: 'a page tracks while it is prerendered, and is then visited',
    firstVisitMs: 1_000,
    run: (scene) => prerender(scene, true),
  },
  {
    name: 'prerendered, never activated',
    what: 'a page tracks while it is prerendered, and nobody ever sees it',
    firstVisitMs: 1_000,
    expected: 'either',
    run: (scene) => prerender(scene, false),
  },
];

const backForward = (name: string, left: string, trackAndLeave: (scene: Scene, page: Page) => Promise<void>): Row => ({
  name,
  what: `a page tracks, ${left}, comes back from the cache and tracks again`,
  profile: { backForwardCache: true },
  async run(scene) {
    const page = await scene.open();
    await trackAndLeave(scene, page);
    // A restored page loads nothing: there is no event to wait for but its own.
    await page.goBack();
    const isRestored = await until(() => page.evaluate(() => window.wasRestored === true), 2_000);
    if (!isRestored) scene.note('the page was loaded anew, not restored');
    await scene.track(page, 5);
  },
});

export const inTheBrowser: readonly Row[] = [
  clockMoved('set back 2 h', -2 * hourMs),
  clockMoved('set ahead 2 days', 48 * hourMs),
  backForward('back/forward cache', 'is left in the same task', (scene, page) =>
    scene.track(page, 5, { thenGo: scene.elsewhere }),
  ),
  backForward('back/forward cache, all sent', 'is left 1 s after all was sent', async (scene, page) => {
    await scene.track(page, 5);
    await scene.arrival();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await page.goto(scene.elsewhere);
  }),
  ...prerenderRows,
  ...consentRows,
  {
    name: 'a service worker in between',
    what: 'a worker passes on every request; one task tracks and leaves',
    async run(scene) {
      const page = await scene.open();
      await page.evaluate(async () => {
        const controlled = new Promise((resolve) => {
          navigator.serviceWorker.addEventListener('controllerchange', resolve);
        });
        await navigator.serviceWorker.register('/worker.js');
        if (navigator.serviceWorker.controller === null) await controlled;
      });
      await scene.track(page, 20, { thenGo: scene.elsewhere });
    },
  },
];
