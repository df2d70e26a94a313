import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '../engine.ts';
import { answerWith, meet, refuseAbove, type Sighting } from '../front-server.ts';
import type { Row } from '../row.ts';
import type { Scene } from '../scene.ts';
import { until } from '../until.ts';

/** What a `Retry-After` header may say. */
const retryAfters: readonly { readonly form: string; readonly header: () => string; readonly patienceMs: number }[] = [
  { form: '2 (seconds)', header: () => '2', patienceMs: 8_000 },
  { form: 'a date 3 s ahead', header: () => new Date(Date.now() + 3_000).toUTCString(), patienceMs: 8_000 },
  { form: '-5', header: () => '-5', patienceMs: 8_000 },
  { form: 'abc', header: () => 'abc', patienceMs: 8_000 },
  // Whoever believes it comes back after days; a cap is good, and not waited for.
  { form: '999999', header: () => '999999', patienceMs: 4_000 },
];

const throttled = retryAfters.map(
  ({ form, header, patienceMs }): Row => ({
    name: `429, Retry-After: ${form}`,
    what: 'the first request is throttled, the next ones are not',
    firstVisitMs: patienceMs,
    async run(scene) {
      let hasAnswered = false;
      scene.front.inject(() => {
        if (hasAnswered) return undefined;
        hasAnswered = true;
        return new Response(null, { status: 429, headers: { 'retry-after': header() } });
      });
      await scene.track(await scene.open(), 5);
      await scene.nextRequest();
      await until(() => retryOf(scene) !== undefined, patienceMs);
      const [first] = scene.front.sightings;
      const retry = retryOf(scene);
      if (first === undefined) return;
      scene.note(retry === undefined ? 'no retry in this visit' : `retry after ${seconds(retry.atMs - first.atMs)}`);
    },
  }),
);

/** When the first event that was sent came a second time. */
function retryOf({ front: { sightings } }: Scene): Sighting | undefined {
  const [first] = sightings;
  return sightings.find(({ id, request }) => id === first?.id && request !== first.request);
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Waits until a request of the page has failed below HTTP. */
async function failedRequest(page: Page, act: () => Promise<void>): Promise<void> {
  const failed = page.requestFailed();
  await act();
  await failed;
}

const closedOffline = (name: string, what: string, openForMs: number): Row => ({
  name,
  what: `the browser is closed before it gets its network back: ${what}`,
  async run(scene) {
    const page = await scene.open();
    await scene.profile.setOffline(true);
    await pause(openForMs); // what the row is about
    await scene.track(page, 20);
    // DevTools end with the browser, and what they emulate with them: its last words must find no server either.
    await scene.front.goDown();
    await scene.profile.reopen();
    await scene.front.comeBack();
  },
});

// Only for pages that are left, not closed: DevTools slow a page down no longer than they see it.
const onSlow3G = (count: number): Row => ({
  name: `slow 3G, same-task redirect, ${count} × 2 KB`,
  what: '400 ms latency and 400 kbit/s; one task tracks and leaves',
  firstVisitMs: 10_000,
  async run(scene) {
    const page = await scene.open();
    await scene.profile.slow3G(page);
    const startedAt = performance.now();
    await scene.track(page, count, { sizeBytes: 2_000, thenGo: scene.elsewhere });
    await scene.arrival();
    const last = scene.front.sightings.at(-1);
    if (last !== undefined) scene.note(`the last came after ${seconds(last.atMs - startedAt)}`);
  },
});

export const outages: readonly Row[] = [
  {
    name: 'offline, then online',
    what: 'the browser loses its network, tracks, and gets it back',
    firstVisitMs: 15_000,
    async run(scene) {
      const page = await scene.open();
      await scene.profile.setOffline(true);
      await failedRequest(page, () => scene.track(page, 20));
      await scene.profile.setOffline(false);
    },
  },
  closedOffline('offline, closed at once, opened again', 'on a fresh profile, right after loading', 0),
  closedOffline('offline, closed after 1 s, opened again', 'the same on a page that has been open for 1 s', 1_000),
  {
    name: '503 for 5 s',
    what: 'the collector is unavailable, the page stays',
    firstVisitMs: 25_000,
    async run(scene) {
      scene.front.inject(answerWith(503));
      await scene.track(await scene.open(), 20);
      await pause(5_000); // what the row is about
      scene.front.inject(undefined);
    },
  },
  ...throttled,
  {
    name: '413 above 8 KB',
    what: '20 × 2 KB, of which one request may carry three',
    firstVisitMs: 20_000,
    async run(scene) {
      scene.front.inject(refuseAbove(8_000));
      await scene.track(await scene.open(), 20, { sizeBytes: 2_000 });
      await scene.arrival(15_000);
    },
  },
  {
    name: 'connection refused, then back',
    what: 'the port is closed until a request has failed',
    firstVisitMs: 20_000,
    async run(scene) {
      const page = await scene.open();
      await scene.front.goDown();
      await failedRequest(page, () => scene.track(page, 20));
      await scene.front.comeBack();
    },
  },
  {
    name: 'connection refused, tab closed',
    what: 'the port of a page that has been open for 1 s is closed until the return visit',
    async run(scene) {
      const page = await scene.open();
      await pause(1_000); // a fresh profile has its own rows
      await scene.front.goDown();
      await scene.track(page, 20);
      await page.close();
      await scene.front.comeBack();
    },
  },
  {
    name: 'hang',
    what: 'the first request is never answered, the page stays',
    firstVisitMs: 30_000,
    async run(scene) {
      scene.front.inject(meet('hang', 1));
      await scene.track(await scene.open(), 20);
    },
  },
  {
    name: 'hang, tab closed',
    what: 'no request is answered, the tab is closed while it waits',
    async run(scene) {
      const page = await scene.open();
      scene.front.inject(meet('hang'));
      await scene.track(page, 20);
      await scene.nextRequest();
      await page.close();
    },
  },
  {
    name: 'reset after stored',
    what: 'the collector stores the first batch, and its answer is lost',
    firstVisitMs: 15_000,
    async run(scene) {
      scene.front.inject(meet('reset-after-stored', 1));
      await scene.track(await scene.open(), 20);
      await scene.nextRequest();
      await until(() => scene.front.statuses.length > 1, 8_000);
    },
  },
  onSlow3G(20),
  onSlow3G(60),
  {
    name: 'endpoint blocked, then unblocked',
    what: 'a blocker ends every request of the client; it is gone at the return visit',
    async run(scene) {
      const page = await scene.open();
      await scene.profile.block();
      await failedRequest(page, () => scene.track(page, 20));
      await page.close();
    },
  },
];
