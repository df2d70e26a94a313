import { attempt, type Entry, type Plugin, readDevice, type Tracker } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';
import { cookieDeviceStore } from '../identity/cookie-device-store.ts';
import { cookiesSeen, expireElsewhere } from '../identity/cookie-domains.ts';

/** Whose events they were. */
export interface ErasedIds {
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
}

export interface ErasureOptions {
  /**
   * Called once when a yes to `analytics` is taken back, with the ids that were in use until then: to ask your backend to
   * erase what it has. What it throws is passed over. Default: nobody is asked.
   */
  readonly ask?: (ids: ErasedIds) => void;
}

/**
 * A no to `analytics` also erases what the tracker itself does not look after: cookies with ids on every domain above the
 * page's host, from former settings too; events in this site's databases and copies of them in localStorage that other
 * tabs, workers and earlier visits left, as far as consent covers them no more; and the ids in memory, as
 * `tracker.reset()` does. The same for a no that was said before this page was loaded.
 *
 * The decision itself stays, or the person would be asked again.
 *
 * @example
 * createTracker({ endpoint: '/api/j', plugins: [erasure({ ask: (ids) => void fetch('/privacy', { … }) })] });
 */
export function erasure({ ask }: ErasureOptions = {}): Plugin {
  let ids: ErasedIds | undefined;

  const remember = ({ anonymousId, userId }: ErasedIds): void => {
    ids = anonymousId || userId ? { anonymousId, userId } : undefined;
  };

  return {
    ...capturePlugin('erasure', (tracker, signal) => {
      const { consent } = tracker;
      let was = consent.allows('analytics');

      function heed(): void {
        const before = was;
        was = consent.allows('analytics');
        if (was !== false) return;
        eraseCookies();
        void eraseEvents(tracker).catch(() => {}); // where nothing can be opened, nothing was stored
        if (before === false) return;
        const known = ids;
        tracker.reset();
        // Of somebody who never said yes nobody was told.
        if (before && known) attempt(() => ask?.(known));
      }

      // Who comes next is somebody else, and may erase nothing of the one before.
      const { reset } = tracker;
      const forget = (): void => {
        ids = undefined;
        reset();
      };
      tracker.reset = forget;
      signal.addEventListener('abort', () => {
        // Somebody else's wrapping, put around it since, stays.
        if (tracker.reset === forget) tracker.reset = reset;
      });

      remember(cookieDeviceStore.load() ?? {});
      if (was === false) heed();
      signal.addEventListener('abort', consent.onChange(heed));
    }),
    process(event) {
      remember(event);
      return event;
    },
  };
}

/** The tracker has written the decision alone, at its own level. */
function eraseCookies(): void {
  const isLeft = cookiesSeen().some((cookie) => attempt(() => readDevice(cookie)?.anonymousId));
  if (isLeft) expireElsewhere('');
}

/** Removes what waits on this device and is covered by no yes any more, whoever left it. */
async function eraseEvents({ consent }: Tracker): Promise<void> {
  const isDenied = (entry: Partial<Entry> | null): boolean => {
    const { purpose } = entry ?? {};
    return purpose !== undefined && consent.allows(purpose) === false;
  };
  attempt(() => {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith('jn:')) continue;
      // Throws where it is something else of ours.
      attempt(() => {
        if (isDenied(JSON.parse(localStorage[key]))) localStorage.removeItem(key);
      });
    }
  });
  // Asked first, because opening one that is missing would make it.
  for (const { name } of await indexedDB.databases()) if (name?.startsWith('jn:')) await eraseIn(name, isDenied);
}

const eraseIn = (name: string, isDenied: (entry: Partial<Entry>) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = reject;
    opening.onsuccess = () => {
      const database = opening.result;
      const close = (): void => {
        database.close();
        resolve();
      };
      database.onversionchange = close;
      const [store] = database.objectStoreNames;
      if (store === undefined) return close();
      const transaction = database.transaction(store, 'readwrite');
      transaction.oncomplete = transaction.onabort = close;
      const walking = transaction.objectStore(store).openCursor();
      walking.onsuccess = () => {
        const cursor = walking.result;
        if (!cursor) return;
        if (isDenied(cursor.value)) cursor.delete();
        cursor.continue();
      };
    };
  });
