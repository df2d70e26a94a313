import 'fake-indexeddb/auto';
import { createIds, type Diagnostic, type OutboxHost } from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock, outboxContract } from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { createIndexedDbOutbox, type IndexedDbOutbox, type IndexedDbOutboxOptions } from './indexed-db-outbox.ts';

const all = { maxEvents: 100, maxBytes: 1_000_000 };
const delivered = { kind: 'delivered' } as const;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Late enough for entries of time 0 to be taken for abandoned: this browser has no Web Locks. */
let clock: FakeClock;
let host: OutboxHost & { arrived: number; dropped: [string, string][] };
let diagnostics: Diagnostic[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  clock = createFakeClock(10 * minuteMs);
  diagnostics = [];
  host = {
    arrived: 0,
    dropped: [],
    onArrived: (count) => {
      host.arrived += count;
    },
    onDropped: (id, reason) => {
      host.dropped.push([id, reason]);
    },
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function opened(options: Partial<IndexedDbOutboxOptions> = {}): IndexedDbOutbox {
  const outbox = createIndexedDbOutbox({
    clock,
    name: 'jn',
    mayStore: () => true,
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
    ...options,
  });
  const { onDropped } = host;
  // As the queue does: what is dropped is settled.
  outbox.open({
    ...host,
    onDropped(id, reason) {
      onDropped(id, reason);
      void outbox.settle(id, { kind: 'dropped', reason });
    },
  });
  return outbox;
}

/** Resolves once everything asked of the database so far was done: requests of one store are served in order. */
async function stored(name = 'jn'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      if (!database.objectStoreNames.contains('e')) return resolve([]);
      const reading = database.transaction('e', 'readwrite').objectStore('e').getAllKeys();
      reading.onsuccess = () => {
        database.close();
        resolve(reading.result.map(String));
      };
    };
  });
}

const open = (maxEvents?: number): IndexedDbOutbox =>
  createIndexedDbOutbox({ clock, name: 'jn', mayStore: () => true, ...(maxEvents === undefined ? {} : { maxEvents }) });

describe('the contract of an outbox', () => {
  const settled = async (): Promise<void> => void (await stored());
  for (const { rule, check } of outboxContract({ create: open, createBounded: open, reopen: open, settled }))
    it(rule, check);
});

test('one transaction holds all that a task adds and settles, and is committed in the same task', async () => {
  const outbox = opened();
  await outbox.add(anEntry({ id: 'first' }));
  const begun = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const committed = vi.spyOn(IDBTransaction.prototype, 'commit');
  void outbox.pull(all);
  for (const id of ['a', 'b', 'c']) void outbox.add(anEntry({ id }));
  void outbox.settle('first', delivered);
  expect(begun).not.toHaveBeenCalled(); // the caller's turn is free of it
  await Promise.resolve();
  expect(begun.mock.calls).toEqual([['e', 'readwrite', { durability: 'relaxed' }]]);
  expect(committed).toHaveBeenCalledOnce();
  expect(await stored()).toEqual(['a', 'b', 'c']);
  vi.restoreAllMocks();
});

test('an entry added and settled in one task never reaches the disk', async () => {
  const outbox = opened();
  await outbox.add(anEntry({ id: 'first' }));
  const put = vi.spyOn(IDBObjectStore.prototype, 'put');
  void outbox.add(anEntry({ id: 'gone' }));
  void outbox.settle('gone', delivered);
  expect(await stored()).toEqual(['first']);
  expect(put).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('nothing is opened before storing is allowed', async () => {
  let mayStore = false;
  const outbox = opened({ mayStore: () => mayStore });
  outbox.prepare();
  expect(await indexedDB.databases()).toEqual([]);
  mayStore = true;
  outbox.prepare();
  await stored();
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['jn']);
});

test('what came through the gate all the same (a necessary event) is stored', async () => {
  const outbox = opened({ mayStore: () => false });
  expect(await outbox.add(anEntry({ id: 'a', purpose: 'necessary' }))).toBe(true);
});

test('without Web Locks, young entries are left to the page that may still hold them', async () => {
  const first = opened();
  void first.add(anEntry({ id: 'old', queuedAt: clock.now() - 2 * minuteMs }));
  await first.add(anEntry({ id: 'young', queuedAt: clock.now() - 30_000 }));
  const second = opened();
  await stored();
  expect(host.arrived).toBe(1);
  expect((await second.pull(all)).map(({ id }) => id)).toEqual(['old']);
});

test('what this page stores before its database is open does not come back as an earlier visit’s', async () => {
  const outbox = opened();
  void outbox.add(anEntry({ id: 'waited for consent', queuedAt: clock.now() - 2 * minuteMs }));
  expect(await stored()).toEqual(['waited for consent']);
  expect(host.arrived).toBe(0);
  expect(outbox.depth().waiting).toBe(1);
});

test('entries of earlier visits arrive in the order of their ids, which is that of time', async () => {
  const first = opened();
  let now = 1;
  const ids = createIds({ now: () => now++ });
  const made = Array.from({ length: 20 }, () => anEntry({ id: ids.time() }));
  await Promise.all(made.map((entry) => first.add(entry)));
  const second = opened();
  await stored();
  expect(second.pull(all)).toMatchObject(made);
});

test('entries older than a week are counted, dropped as expired, and forgotten', async () => {
  const first = opened();
  void first.add(anEntry({ id: 'old', queuedAt: clock.now() }));
  await first.add(anEntry({ id: 'new', queuedAt: clock.now() + dayMs }));
  clock.jump(7 * dayMs + 1);
  const second = opened();
  await stored();
  expect(host.arrived).toBe(2);
  expect(host.dropped).toEqual([['old', 'expired']]);
  expect(second.depth().waiting).toBe(1);
  expect(await stored()).toEqual(['new']);
});

test('what is dropped for lack of room leaves the disk too', async () => {
  const outbox = opened({ maxEvents: 2 });
  await Promise.all(['a', 'b', 'c'].map((id) => outbox.add(anEntry({ id }))));
  expect(host.dropped).toEqual([['a', 'outbox-full']]);
  expect(await stored()).toEqual(['b', 'c']);
});

test('outboxes of different names know nothing of each other', async () => {
  await opened({ name: 'one' }).add(anEntry());
  opened({ name: 'two' });
  await stored('two');
  expect(host.arrived).toBe(0);
});

describe('where storage fails, it goes on in memory and says so once', () => {
  async function goesOnInMemory(outbox: IndexedDbOutbox): Promise<void> {
    expect(await outbox.add(anEntry({ id: 'a' }))).toBeFalsy();
    expect(outbox.durable).toBe(false);
    expect(diagnostics.map(({ code }) => code)).toEqual(['storage-unavailable']);
    expect(outbox.add(anEntry({ id: 'b' }))).toBeUndefined();
    expect((await outbox.pull(all)).map(({ id }) => id).slice(-2)).toEqual(['a', 'b']);
    await outbox.settle('a', delivered);
    await outbox.close();
  }

  test('no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await goesOnInMemory(opened());
  });

  test('a sandbox that throws', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    await goesOnInMemory(opened());
  });

  test('a database of a later version', async () => {
    await new Promise((resolve) => {
      const opening = indexedDB.open('jn', 2);
      opening.onsuccess = () => {
        opening.result.close();
        resolve(undefined);
      };
    });
    await goesOnInMemory(opened());
  });

  test('a database that never opens', async () => {
    vi.spyOn(indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest);
    const outbox = opened();
    const added = outbox.add(anEntry({ id: 'early' }));
    await clock.advance(5_000);
    expect(await added).toBe(false);
    expect(clock.timers).toBe(0);
    await goesOnInMemory(outbox);
  });

  test('a full disk: what is stored can still be forgotten', async () => {
    const outbox = opened();
    expect(await outbox.add(anEntry({ id: 'kept' }))).toBe(true);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await outbox.add(anEntry({ id: 'a' }))).toBe(false);
    put.mockRestore();
    expect(outbox.durable).toBe(false);
    void outbox.pull(all);
    void outbox.settle('kept', delivered);
    expect(await stored()).toEqual([]);
  });

  test('somebody deletes the database: they are not kept waiting', async () => {
    const outbox = opened();
    await outbox.add(anEntry({ id: 'early' }));
    await new Promise((resolve, reject) => {
      const deleting = indexedDB.deleteDatabase('jn');
      deleting.onsuccess = resolve;
      deleting.onblocked = reject;
    });
    await goesOnInMemory(outbox);
  });
});

test('closing waits for what is being written, and opens nothing again', async () => {
  const outbox = opened();
  void outbox.add(anEntry({ id: 'last' }));
  await outbox.close();
  expect(await stored()).toEqual(['last']);
  expect(outbox.add(anEntry())).toBeUndefined();
  expect(clock.timers).toBe(0);
});
