import {
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
  /** Name of the database and of its locks. Outboxes of one name adopt each other's leftovers. Default `jn`. */
  readonly name?: string;
  /** Most entries that may wait; beyond it the oldest are dropped as `outbox-full`. Default 5,000. */
  readonly maxEvents?: number;
  /** Most bytes that may wait. Default 4 MiB. */
  readonly maxBytes?: number;
  /** May the device be written to before the first entry comes? Default: yes. */
  readonly mayStore?: () => boolean;
  readonly onDiagnostic?: OnDiagnostic;
}

/** An outbox that outlives its page. */
export interface IndexedDbOutbox extends Outbox {
  /** Opens the database now if storing is allowed: an event just before a navigation cannot wait for that. */
  prepare(): void;
}

/** An entry as stored: `owner` is the page that answers for it, by name of its lock. */
type StoredEntry = Entry & { readonly owner: string };

const storeName = 'e';

/** Entries this old are dropped as `expired`: nobody expects them any more. */
const maxAgeMs = 7 * 24 * 60 * 60 * 1000;

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
  name = 'jn',
  maxEvents = 5_000,
  maxBytes = 4 * 1024 * 1024,
  mayStore = () => true,
  onDiagnostic,
}: IndexedDbOutboxOptions): IndexedDbOutbox {
  const memory = createMemoryOutbox({ maxEvents, maxBytes });
  const lock = createSenderLock();
  const owner = Math.random().toString(36).slice(2);
  let host: OutboxHost | undefined;
  let database: IDBDatabase | undefined;
  let isOpening = false;
  let durable = true;

  let changes = new Map<string, Entry | undefined>(); // not written yet: kept entries by id, undefined for forgotten ones
  let written: Promise<boolean> | undefined; // becomes true when `changes` are stored
  let conclude = (_stored: boolean): void => {};

  /** Keeps `entry`, or forgets `id`, with everything else this turn of the event loop changes. */
  function change(id: string, entry?: Entry): Promise<boolean> | undefined {
    // Once storing has failed, what is stored already can still be forgotten.
    if (!durable && (entry || !database)) return;
    openDatabase();
    changes.set(id, entry);
    if (!written) {
      written = new Promise((resolve) => {
        conclude = resolve;
      });
      queueMicrotask(write);
    }
    return written;
  }

  /** One transaction, committed at once: a navigation in this very task would abort an open one. */
  function write(): void {
    if (!database || !written) return;
    const done = conclude;
    const changed = changes;
    changes = new Map();
    written = undefined;
    const fail = (): void => {
      done(false);
      fallBack();
    };
    try {
      const transaction = database.transaction(storeName, 'readwrite', { durability: 'relaxed' });
      transaction.oncomplete = () => done(true);
      transaction.onabort = fail;
      const store = transaction.objectStore(storeName);
      for (const [id, entry] of changed) entry ? store.put({ ...entry, owner }) : store.delete(id);
      transaction.commit?.();
    } catch {
      fail();
    }
  }

  function fallBack(): void {
    if (!durable) return;
    durable = false;
    changes.clear();
    written = undefined;
    conclude(false);
    report(onDiagnostic, 'storage-unavailable', 'IndexedDB');
  }

  function openDatabase(): void {
    if (isOpening || !durable) return;
    isOpening = true;
    lock.hold(name + owner);
    const cancelPatience = clock.after(openPatienceMs, fallBack);
    const fail = (): void => {
      cancelPatience();
      fallBack();
    };
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: 'id' });
      request.onerror = fail;
      request.onsuccess = () => {
        cancelPatience();
        const opened = request.result;
        if (!durable) return opened.close(); // it came too late
        database = opened;
        // Somebody deletes the database, the host or the person: that is theirs to do.
        opened.onversionchange = opened.onclose = () => {
          opened.close();
          database = undefined;
          fallBack();
        };
        write();
        adopt();
      };
    } catch {
      fail();
    }
  }

  /** Takes over what pages that are gone left behind. What living pages hold is taken over when they end. */
  function adopt(): void {
    read((stored) => {
      for (const other of new Set(stored.map((entry) => entry.owner))) {
        const ofOther = (entry: StoredEntry): boolean => entry.owner === other;
        if (other === owner) continue;
        if (!lock.hold(name + other, () => read((now) => arrive(now.filter(ofOther))))) {
          arrive(stored.filter((entry) => ofOther(entry) && entry.queuedAt < clock.now() - abandonedAfterMs));
        }
      }
    });
  }

  function read(use: (stored: StoredEntry[]) => void): void {
    try {
      const request = database?.transaction(storeName).objectStore(storeName).getAll();
      if (request) request.onsuccess = () => use(request.result);
    } catch {
      // The database was closed meanwhile: the next visit will find them.
    }
  }

  function arrive(entries: StoredEntry[]): void {
    if (entries.length === 0) return;
    const oldest = clock.now() - maxAgeMs;
    entries.sort((one, other) => one.queuedAt - other.queuedAt);
    void memory.add(entries.filter((entry) => entry.queuedAt >= oldest));
    host?.onArrived(entries.length);
    const expired = entries.filter((entry) => entry.queuedAt < oldest).map(({ id }) => id);
    if (expired.length > 0) onDropped(expired, 'expired');
  }

  function forget(ids: readonly string[]): void {
    for (const id of ids) void change(id);
  }

  function onDropped(ids: readonly string[], reason: string): void {
    forget(ids);
    host?.onDropped(ids, reason);
  }

  function prepare(): void {
    if (mayStore()) openDatabase();
  }

  return {
    get durable() {
      return durable;
    },
    open(newHost) {
      host = newHost;
      memory.open({ onDropped, onArrived() {} });
      prepare();
    },
    prepare,
    add(entries) {
      let stored: Promise<boolean> | undefined;
      for (const entry of entries) stored = change(entry.id, entry);
      void memory.add(entries);
      return stored;
    },
    pull: memory.pull,
    release: memory.release,
    settle(ids, verdict) {
      void memory.settle(ids, verdict);
      forget(ids);
    },
    depth: memory.depth,
    async close() {
      await written;
      durable = false;
      database?.close();
      database = undefined;
      lock.release();
    },
  };
}
