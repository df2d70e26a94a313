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
import { createSenderLock } from './sender-lock.ts';

export interface IndexedDbOutboxOptions {
  readonly clock: Clock;
  /** Name of the database and of its locks. Outboxes of one name adopt each other's leftovers. */
  readonly name: string;
  /** Most entries that may wait; beyond it the oldest are dropped as `outbox-full`. Default 5,000. */
  readonly maxEvents?: number;
  /** Most bytes that may wait. Default 4 MiB. */
  readonly maxBytes?: number;
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
  maxBytes = 4 << 20,
  mayStore,
  onDiagnostic,
}: IndexedDbOutboxOptions): IndexedDbOutbox {
  const memory = createMemoryOutbox({ maxEvents, maxBytes });
  const lock = createSenderLock();
  const owner = Math.random().toString(36).slice(2);
  let host: OutboxHost;
  let isDurable = true;
  let opening: Promise<IDBDatabase | undefined> | undefined;

  let changes = new Map<string, Entry | undefined>(); // not written yet: kept entries by id, undefined for forgotten ones
  let written: Promise<boolean> | undefined; // becomes true when `changes` are stored

  function fallBack(): void {
    if (isDurable) report(onDiagnostic, 'storage-unavailable', 'IndexedDB');
    isDurable = false;
  }

  /** Resolves without a database if there is none to be had. */
  function openDatabase(): Promise<IDBDatabase | undefined> {
    if (opening) return opening;
    lock.hold(name + owner);
    opening = new Promise<IDBDatabase | undefined>((resolve) => {
      const fail = (): void => resolve(undefined);
      const cancelPatience = clock.after(openPatienceMs, fail);
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: 'id' });
      request.onerror = fail;
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
    }).catch(() => undefined);
    void opening.then((database) => {
      if (!database) return fallBack();
      // First what waits to be written: a navigation may be near.
      queueMicrotask(() => adopt(database));
    });
    return opening;
  }

  /** Keeps `entry`, or forgets `id`, with everything else this turn of the event loop changes. */
  function change(id: string, entry?: Entry): Promise<boolean> | undefined {
    // Once storing has failed, what is stored already can still be forgotten.
    if (!isDurable && (entry || !opening)) return;
    changes.set(id, entry);
    written ??= openDatabase().then(write);
    return written;
  }

  /** One transaction, committed at once: a navigation in this very task would abort an open one. */
  function write(database: IDBDatabase | undefined): Promise<boolean> {
    const changed = changes;
    changes = new Map();
    written = undefined;
    return new Promise<boolean>((resolve, reject) => {
      const transaction = (database as IDBDatabase).transaction(storeName, 'readwrite', { durability: 'relaxed' });
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = reject;
      const store = transaction.objectStore(storeName);
      for (const [id, entry] of changed) entry ? store.put({ ...entry, owner }) : store.delete(id);
      transaction.commit?.();
    }).catch(() => {
      fallBack();
      return false;
    });
  }

  /** Takes over what pages that are gone left behind. What living pages hold is taken over when they end. */
  function adopt(database: IDBDatabase): void {
    read(database, (stored) => {
      for (const other of new Set(stored.map((entry) => entry.owner))) {
        if (other === owner) continue;
        const ofOther = (entry: StoredEntry): boolean => entry.owner === other;
        if (!lock.hold(name + other, () => read(database, (now) => arrive(now.filter(ofOther))))) {
          arrive(stored.filter((entry) => ofOther(entry) && entry.queuedAt < clock.now() - abandonedAfterMs));
        }
      }
    });
  }

  function read(database: IDBDatabase, use: (stored: StoredEntry[]) => void): void {
    // If the database was closed meanwhile, the next visit will find them.
    attempt(() => {
      const request = database.transaction(storeName).objectStore(storeName).getAll();
      request.onsuccess = () => use(request.result);
    });
  }

  function arrive(entries: StoredEntry[]): void {
    const oldest = clock.now() - maxAgeMs;
    for (const entry of entries.sort((one, other) => one.queuedAt - other.queuedAt)) {
      if (entry.queuedAt < oldest) onDropped([entry.id], 'expired');
      else void memory.add([entry]);
    }
    if (entries[0]) host.onArrived(entries.length, true);
  }

  function forget(ids: readonly string[]): void {
    for (const id of ids) void change(id);
  }

  function onDropped(ids: readonly string[], reason: string): void {
    forget(ids);
    host.onDropped(ids, reason);
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
      memory.open({ ...host, onDropped });
      prepare();
    },
    prepare,
    add(entries) {
      let stored: Promise<boolean> | undefined;
      for (const entry of entries) stored = change(entry.id, entry);
      void memory.add(entries);
      return stored;
    },
    settle(ids, verdict) {
      void memory.settle(ids, verdict);
      forget(ids);
    },
    async close() {
      await written;
      isDurable = false;
      opening ??= Promise.resolve(undefined);
      void opening.then((database) => database?.close());
      lock.letGo();
    },
  };
}
