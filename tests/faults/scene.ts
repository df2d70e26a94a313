import { type ClientUnderTest, newId, type PageClient } from './client.ts';
import type { Page, Profile } from './engine.ts';
import type { FrontServer } from './front-server.ts';
import { until } from './until.ts';

declare const window: { readonly client?: PageClient };

/** What a row acts with. */
export interface Scene {
  readonly front: FrontServer;
  readonly client: ClientUnderTest;
  readonly profile: Profile;
  /** A page of another site. */
  readonly elsewhere: string;
  /** Ids of the events tracked so far. */
  readonly sent: string[];
  /** Opens a page of the site, and waits until the client is ready. */
  open(path?: string): Promise<Page>;
  /** Tracks `count` events in one task; with `thenGo` the same task leaves for that address. */
  track(page: Page, count: number, options?: { readonly sizeBytes?: number; readonly thenGo?: string }): Promise<void>;
  /** Waits until the collector got everything tracked so far. */
  arrival(patienceMs?: number): Promise<boolean>;
  /**
   * Waits until the client says that everything tracked so far is stored, or not to be; a client that says neither is not
   * waited for.
   */
  stored(page: Page): Promise<void>;
  /** Waits for the next request with events after those seen so far. */
  nextRequest(patienceMs?: number): Promise<boolean>;
  /** Says something in the row's last column. */
  note(text: string): void;
}

const typicalBytes = 500;
const patienceMsByDefault = 10_000;

export function createScene(front: FrontServer, client: ClientUnderTest, profile: Profile, notes: Set<string>): Scene {
  const sent: string[] = [];

  /** Distinct events the collector got. */
  const taken = (): Set<string> => new Set(front.sightings.filter(({ isTaken }) => isTaken).map(({ id }) => id));

  return {
    front,
    client,
    profile,
    elsewhere: `${front.origin.replace('127.0.0.1', 'localhost')}/elsewhere`,
    sent,
    async open(path = '/') {
      const page = await profile.newPage();
      page.onError((message) => notes.add(`uncaught in the page: ${message}`));
      await page.goto(`${front.origin}${path}`);
      // What fails here, fails in every page that uses it: the row goes on, and the events tell what it meant.
      const failure = await page.evaluate(
        (patienceMs) =>
          Promise.race([
            Promise.resolve(window.client?.ready).then(() => (window.client ? undefined : 'its script failed'), String),
            new Promise<string>((resolve) => setTimeout(() => resolve('it took too long'), patienceMs)),
          ]),
        patienceMsByDefault,
      );
      if (failure !== undefined) notes.add(`set-up failed: ${failure}`);
      return page;
    },
    async track(page, count, { sizeBytes = typicalBytes, thenGo } = {}) {
      const ids = Array.from({ length: count }, newId);
      sent.push(...ids);
      const failure = await page.evaluate(
        ({ ids, sizeBytes, thenGo }) => {
          let failure: string | undefined;
          for (const id of ids) {
            try {
              window.client?.track(id, sizeBytes);
            } catch (error) {
              failure = String(error);
            }
          }
          if (thenGo !== undefined) location.href = thenGo;
          return failure;
        },
        { ids, sizeBytes, ...(thenGo === undefined ? {} : { thenGo }) },
      );
      if (failure !== undefined) notes.add(`track() threw: ${failure}`);
      if (thenGo !== undefined) await page.waitForURL(thenGo);
    },
    arrival: (patienceMs = patienceMsByDefault) =>
      until(() => {
        const ids = taken();
        return sent.every((id) => ids.has(id));
      }, patienceMs),
    async stored(page) {
      const answers = await page.evaluate(
        (patienceMs) =>
          Promise.race([
            window.client?.stored?.(),
            new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs)),
          ]).then((answers) => answers ?? !window.client?.stored),
        patienceMsByDefault,
      );
      if (answers === false) notes.add('never said whether it is stored');
      else if (answers !== true && !answers.every(Boolean)) notes.add('said not to be stored');
    },
    nextRequest(patienceMs = patienceMsByDefault) {
      const before = front.statuses.length;
      return until(() => front.statuses.length > before, patienceMs);
    },
    note: (text) => void notes.add(text),
  };
}
