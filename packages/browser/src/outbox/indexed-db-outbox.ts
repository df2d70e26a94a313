import {
  type Clock,
  createMemoryOutbox,
  type Entry,
  type OnDiagnostic,
  type Outbox,
  type OutboxHost,
  report,
} from '@org/track-core';

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

/** An outbox that outlives its page. */
export interface IndexedDbOutbox extends Outbox {
  /** Opens the database now if storing is allowed: an event just before a navigation cannot wait for that. */
  prepare(): void;
}

/** An entry as stored: `owner` is the page that answers for it, by name of its lock. */
type StoredEntry = Entry & { readonly owner: string };

const storeName = 'e';

/** A week: entries this old are dropped as `expired`: nobody expects them any more. */
const maxAgeMs = 604_800_000;

/** Without Web Locks, entries this old are taken for abandoned: a living page would have sent them. */
const abandonedAfterMs = 60_000;

/** Some browsers never answer a request to open a database. */
const openPatienceMs = 5_000;

/**
 * Events wait in memory, and a copy of each in IndexedDB, where later visits find what was not settled.
 *
 * Nothing is read back while the page lives, so no call waits for the disk. Where IndexedDB is missing, full or silent,
 * it goes on in memory, says so once (`storage-unavailable`) and is no longer `durable`.
 */
export function createIndexedDbOutbox({
  clock,
  name,
  maxEvents = 5_000,
  mayStore,
  onDiagnostic,
}: IndexedDbOutboxOptions): IndexedDbOutbox {
  const memory = createMemoryOutbox({ maxEvents, maxBytes: 4 << 20 });
  const self = name + Math.random(); // as an owner
  let host: OutboxHost;
  let isDurable = true;
  let opening: Promise<unknown> | undefined; // resolves with the database, or without if there is none to be had

  const changes = new Map<string, Entry | undefined>(); // not written yet: kept entries by id, undefined for forgotten
  let written: Promise<boolean> | undefined; // becomes true when the latest changes are stored

  const locks: Record<string, Promise<unknown> | undefined> = {}; // those it holds or waits for, by owner
  let letGo = (): void => {};
  const closed = new Promise<void>((resolve) => {
    letGo = resolve;
  });

  /** From now on in memory only: whatever failed, its changes are lost to the disk. */
  function fallBack(): false {
    if (isDurable) report(onDiagnostic, 'storage-unavailable', 'IndexedDB');
    changes.clear();
    isDurable = false;
    return false;
  }

  function openDatabase(): Promise<unknown> {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      const cancelPatience = clock.after(openPatienceMs, reject);
      request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: 'id' });
      request.onerror = reject;
      request.onsuccess = () => {
        cancelPatience();
        const database = request.result;
        // Somebody deletes the database, the host or the person: that is theirs to do.
        database.onversionchange = database.onclose = () => {
          database.close();
          fallBack();
        };
        void closed.then(() => database.close());
        resolve(database);
        // Asked for before anything is written. What waits to be written comes before what is adopted.
        if (!hold(self)) adopt(self);
      };
    }).catch(fallBack);
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
  function change(id: string, entry?: Entry): void {
    // Once storing has failed, what is stored already can still be forgotten.
    if (entry && !isDurable) return;
    if (!changes.size) {
      written = transact((store) => {
        for (const [id, entry] of changes) entry ? store.put({ ...entry, owner: self }) : store.delete(id);
        changes.clear();
      });
    }
    changes.set(id, entry);
  }

  /**
   * Holds the lock of `owner` until this outbox closes or its page ends, however it ends. Once nobody else holds it,
   * adopts what it left. Undefined where the browser has no Web Locks: old ones, and pages without a secure context.
   */
  const hold = (owner: string): Promise<unknown> | undefined =>
    (locks[owner] ??= navigator.locks
      ?.request(owner, () => {
        adopt(owner);
        return closed;
      })
      .catch(() => {})); // refused in a sandbox: then nothing is adopted

  /** Takes over what `gone` left behind, and asks for the locks of all others that have stored something. */
  function adopt(gone: string): void {
    void transact((store) => {
      const request: IDBRequest<StoredEntry[]> = store.getAll();
      request.onsuccess = () => {
        // In the order of their ids, which is that of time.
        for (const entry of request.result) {
          const ageMs = clock.now() - entry.queuedAt;
          const { owner } = entry;
          if (owner === self || (hold(owner) ? owner !== gone : ageMs <= abandonedAfterMs)) continue;
          if (ageMs > maxAgeMs) host.onDropped(entry.id, 'expired');
          else void memory.add(entry);
          host.onArrived(1, true);
        }
      };
    });
  }

  function prepare(): void {
    if (mayStore()) void openDatabase();
  }

  return {
    ...memory,
    get durable() {
      return isDurable;
    },
    open(newHost) {
      host = newHost;
      memory.open(newHost);
      prepare();
    },
    prepare,
    add(entry) {
      change(entry.id, entry);
      void memory.add(entry);
      if (isDurable) return written;
    },
    settle: (id) => change(id),
    async close() {
      await written;
      isDurable = false;
      opening ??= closed;
      letGo();
    },
  };
}
