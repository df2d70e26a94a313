import {
  attempt,
  type Clock,
  createMemoryOutbox,
  type Entry,
  type OnDiagnostic,
  type Outbox,
  type OutboxHost,
  report,
} from '@org/track-core';
import { listen } from '../runtime/page-lifecycle.ts';

export interface IndexedDbOutboxOptions {
  readonly clock: Clock;
  /** Name of the database and of its locks. Outboxes of one name adopt each other's leftovers. */
  readonly name: string;
  /** Most entries that may wait; beyond it, or beyond 4 MiB, the oldest are dropped as `outbox-full`. Default 5,000. */
  readonly maxEvents?: number;
  /** May the device be written to before the first entry comes? */
  readonly mayStore: () => boolean;
  readonly onDiagnostic?: OnDiagnostic | undefined;
}

/** An entry as stored: `owner` is the page that answers for it, by name of its lock. */
type StoredEntry = Entry & { readonly owner: string };

const storeName = 'e';

/** A week: entries this old are dropped as `expired`: nobody expects them any more. */
const maxAgeMs = 604_800_000;

/** While more than this waits, no more is copied to localStorage: its room, some 5 MB, is the page's. */
const maxCopiedBytes = 500_000;

/** Without Web Locks, entries this old are taken for abandoned: a living page would have sent them. */
const abandonedAfterMs = 60_000;

/** Some browsers never answer a request to open a database. */
const openPatienceMs = 5_000;

/**
 * Events wait in memory, and in IndexedDB, where later visits find what was not settled.
 *
 * Nothing is read back while the page lives, so no call waits for the disk. A database takes up to 90 ms to open, and a
 * page may be gone by then: until it has taken something, and where it is missing, full or silent, entries are copied
 * to localStorage, one key for each, until they are settled or found in the database by a later visit. That the database
 * fails is told once (`no-storage`); what it did not take is not `durable`.
 */
export function createIndexedDbOutbox({
  clock,
  name,
  maxEvents = 5_000,
  onDiagnostic,
  mayStore,
}: IndexedDbOutboxOptions): Outbox {
  const memory = createMemoryOutbox({ maxEvents, maxBytes: 4 << 20 });
  const self = name + Math.random(); // as an owner
  let host: OutboxHost;
  let isUntold = true; // is a failure of the database still to be told?
  let opening: Promise<unknown> | undefined; // resolves with the database, or without if there is none to be had

  // Of this turn of the event loop: kept entries by id, undefined for forgotten.
  let changes = new Map<string, StoredEntry | undefined>();
  let isProven = false; // did the database take what it got last?
  let written: Promise<boolean> | undefined; // becomes true when the latest changes are stored

  const locks: Record<string, Promise<unknown> | undefined> = {}; // those it holds or waits for, by owner
  const letGo: (() => void)[] = []; // each lets go of a lock
  let isClosed = false;
  let isBusy = false; // are there entries without a fate?

  /** IndexedDB did not do what it was asked for: what that was is not durable. */
  function fallBack(): false {
    if (isUntold) report(onDiagnostic, 'no-storage');
    isUntold = false;
    return false;
  }

  function openDatabase(): Promise<unknown> {
    if (!opening) {
      opening = new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name, 1);
        const cancelPatience = clock.after(openPatienceMs, reject);
        request.onupgradeneeded = () => request.result.createObjectStore(storeName);
        request.onerror = reject;
        request.onsuccess = () => {
          cancelPatience();
          const database = request.result;
          // Somebody deletes the database, the host or the person: that is theirs to do.
          database.onversionchange = database.onclose = () => {
            database.close();
            fallBack();
          };
          resolve(database);
        };
      }).catch(fallBack);
      // Asked for before anything is written.
      if (!hold(self, adopt)) void adopt(self);
    }
    return opening;
  }

  /** Does `task` in one transaction, committed at once: a navigation in this very task would abort an open one. */
  const transact = (task: (store: IDBObjectStore) => void): Promise<boolean> =>
    openDatabase()
      .then(
        (database) =>
          new Promise<boolean>((resolve, reject) => {
            const transaction = (database as IDBDatabase).transaction(storeName, 'readwrite', {
              durability: 'relaxed',
            });
            transaction.oncomplete = () => resolve(true);
            transaction.onabort = reject;
            task(transaction.objectStore(storeName));
            transaction.commit?.();
          }),
      )
      .catch(fallBack);

  /** Stores `entry`, or forgets `id`, with everything else this turn of the event loop changes. */
  function change(id: string, entry?: StoredEntry): void {
    if (!(entry && isProven)) copy(entry, id);
    if (!changes.size) written = openDatabase().then(write);
    changes.set(id, entry);
  }

  /** Writes the changes so far. What a database that worked before does not take is copied now. */
  async function write(): Promise<boolean> {
    const batch = changes;
    changes = new Map();
    isProven = await transact((store) =>
      // biome-ignore lint/suspicious/useIterableCallbackReturn: smaller than a loop, on every page
      batch.forEach((entry, id) => (entry ? store.put(entry, id) : store.delete(id))),
    );
    if (!isProven) batch.forEach(copy);
    return isProven;
  }

  /** Copies `entry` to localStorage, which takes it at once, or forgets the copy. Where that fails, there is none. */
  function copy(entry: StoredEntry | undefined, id: string): void {
    attempt(() => {
      if (!entry) delete localStorage[name + id];
      else if (memory.depth().waitingBytes < maxCopiedBytes) localStorage[name + id] = JSON.stringify(entry);
    });
  }

  /**
   * Holds the lock of `owner` until this page has nothing left to answer for or ends, however it ends; `onHeld` runs
   * first, once nobody else holds it. Undefined where the browser has no Web Locks: old ones, and pages without a secure
   * context.
   */
  const hold = (owner: string, onHeld?: (owner: string) => Promise<void>): Promise<unknown> | undefined =>
    (locks[owner] ??= navigator.locks
      ?.request(owner, async () => {
        await onHeld?.(owner);
        if (isBusy) await new Promise<void>((resolve) => letGo.push(resolve));
        else delete locks[owner];
      })
      .catch(() => {})); // refused in a sandbox: then nothing is adopted

  /** Takes over what `gone` left behind, and asks for the locks of all others that have left or copied something. */
  async function adopt(gone: string): Promise<void> {
    function take(entry: StoredEntry): void {
      const ageMs = clock.now() - entry.queuedAt;
      if (
        isClosed ||
        entry.owner === self ||
        (hold(entry.owner, adopt) ? entry.owner !== gone : ageMs <= abandonedAfterMs)
      )
        return;
      isBusy = true;
      if (ageMs <= maxAgeMs) void memory.add(entry);
      else host.onDropped(entry.id, 'expired');
      host.onArrived(1, true);
    }
    // What waits to be written comes first: the page may be about to end.
    await openDatabase();
    await written;
    await transact((store) => {
      const request: IDBRequest<StoredEntry[]> = store.getAll();
      request.onsuccess = () => {
        // In the order of their ids, which is that of time.
        for (const entry of request.result) {
          copy(undefined, entry.id); // which is no longer needed, whoever made it
          take(entry);
        }
      };
    });
    attempt(() => {
      for (const key in localStorage) {
        if (!key.startsWith(name)) continue;
        // Throws where somebody else uses such a key, for whatever it is.
        attempt(() => {
          const entry: StoredEntry = JSON.parse(localStorage[key]);
          if (key === name + entry.id) take(entry);
        });
      }
    });
  }

  /** Firefox keeps no page in its back/forward cache that holds a lock, so none is held for nothing. */
  function rest(): void {
    isBusy = false;
    delete locks[self];
    for (const go of letGo.splice(0)) go();
  }

  /** Opens the database if storing is allowed: an event just before a navigation cannot wait for that. */
  function prepare(): void {
    if (mayStore()) void openDatabase();
  }

  return {
    ...memory,
    open(newHost) {
      host = newHost;
      memory.open(newHost);
      // What is written while the page goes away gets to the disk on a quiet machine only. Heard before anybody else who
      // may have something to say then; where there is no page, there is nothing to hear.
      attempt(() =>
        listen('pagehide', () => {
          isProven = false;
        }),
      );
      prepare();
    },
    release(entries) {
      memory.release(entries);
      // When consent changes all that waits is taken out and comes back: now the device may be written to, perhaps.
      prepare();
    },
    add(entry) {
      isBusy = true;
      // First: what opens the database asks for the lock to look for leftovers too.
      change(entry.id, { ...entry, owner: self });
      void hold(self);
      void memory.add(entry);
      return written;
    },
    settle: (id) => change(id),
    rest,
    async close() {
      await written;
      isUntold = false;
      isClosed = true;
      opening = Promise.resolve(); // without a database: nothing is written or adopted any more
      rest();
    },
  };
}
