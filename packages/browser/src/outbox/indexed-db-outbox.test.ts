import 'fake-indexeddb/auto';
import { createIds, type Diagnostic, type Outbox, type OutboxHost } from '@org/track-core';
import { anEntry, createFakeClock, type FakeClock, outboxContract } from '@org/track-core/testing';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { createIndexedDbOutbox, type IndexedDbOutboxOptions } from './indexed-db-outbox.ts';

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
  localStorage.clear();
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

afterEach(async () => {
  // One that looks for leftovers still would find those of the next test in localStorage.
  vi.restoreAllMocks();
  if (indexedDB) await stored();
  await endOfTask();
  vi.unstubAllGlobals();
});

function opened(options: Partial<IndexedDbOutboxOptions> = {}): Outbox {
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

/** Resolves once an outbox has opened, written what it had and looked for leftovers: one after the other. */
async function stored(name = 'jn'): Promise<string[]> {
  for (let step = 0; step < 2; step++) {
    await keysIn(name);
    await endOfTask();
  }
  return keysIn(name);
}

/** Resolves once everything asked of the database so far was done: requests of one store are served in order. */
async function keysIn(name: string): Promise<string[]> {
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

/** Resolves when the microtasks of this task are done: the database answers in later ones. */
const endOfTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });

const open = (maxEvents?: number): Outbox =>
  createIndexedDbOutbox({ clock, name: 'jn', mayStore: () => true, ...(maxEvents === undefined ? {} : { maxEvents }) });

describe('the contract of an outbox', () => {
  const settled = async (): Promise<void> => void (await stored());
  for (const { rule, check } of outboxContract({ create: open, createBounded: open, reopen: open, settled }))
    it(rule, check);
});

test('one transaction holds all that a task adds and settles, and is committed in the same task', async () => {
  const outbox = opened();
  await outbox.add(anEntry({ id: 'first' }));
  await stored();
  const begun = vi.spyOn(IDBDatabase.prototype, 'transaction');
  const committed = vi.spyOn(IDBTransaction.prototype, 'commit');
  void outbox.pull(all);
  for (const id of ['a', 'b', 'c']) void outbox.add(anEntry({ id }));
  void outbox.settle('first', delivered);
  expect(begun).not.toHaveBeenCalled(); // the caller's turn is free of it
  await endOfTask();
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
  outbox.release([]);
  expect(await indexedDB.databases()).toEqual([]);
  mayStore = true;
  outbox.release([]);
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
  await outbox.add(anEntry({ id: 'waited for consent', queuedAt: clock.now() - 2 * minuteMs }));
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
  async function goesOnInMemory(outbox: Outbox): Promise<void> {
    expect(await outbox.add(anEntry({ id: 'a' }))).toBe(false);
    expect(diagnostics.map(({ code }) => code)).toEqual(['no-storage']);
    expect(await outbox.add(anEntry({ id: 'b' }))).toBe(false);
    expect(diagnostics).toHaveLength(1);
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
    void outbox.pull(all);
    void outbox.settle('kept', delivered);
    expect(await stored()).toEqual([]);
  });

  test('a disk that was full for a while: what it takes later is durable again', async () => {
    const outbox = opened();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await outbox.add(anEntry({ id: 'a' }))).toBe(false);
    expect(await outbox.add(anEntry({ id: 'b' }))).toBe(true);
    expect(await stored()).toEqual(['b']);
    expect(diagnostics.map(({ code }) => code)).toEqual(['no-storage']);
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

test('closing waits for what is being written', async () => {
  const outbox = opened();
  void outbox.add(anEntry({ id: 'last' }));
  await outbox.close();
  expect(await stored()).toEqual(['last']);
  expect(clock.timers).toBe(0);
});

test('what was closed before it was opened opens nothing', async () => {
  const open = vi.spyOn(indexedDB, 'open');
  const outbox = opened({ mayStore: () => false });
  await outbox.close();
  expect(await outbox.add(anEntry())).toBe(false);
  expect(open).not.toHaveBeenCalled();
  expect(diagnostics).toEqual([]);
});

describe('what IndexedDB has not taken has a copy in localStorage', () => {
  const idsOf = (entries: readonly { readonly id: string }[]): readonly string[] => entries.map(({ id }) => id);
  const copies = (): readonly string[] => Object.keys(localStorage).sort();
  const noDatabase = (): void => void vi.stubGlobal('indexedDB', undefined);

  /** The next visit, late enough for what it finds to be taken for abandoned, when it has looked everywhere. */
  async function nextVisit(): Promise<Outbox> {
    clock.jump(2 * minuteMs);
    host.arrived = 0;
    const outbox = opened();
    if (indexedDB) await stored();
    await endOfTask();
    return outbox;
  }

  const left = (id: string): ReturnType<typeof anEntry> => anEntry({ id, queuedAt: clock.now() });

  test('before the database has taken something: at once; then no more', async () => {
    const outbox = opened();
    const added = outbox.add(left('early'));
    expect(copies()).toEqual(['jnearly']);
    expect(await added).toBe(true);
    await stored();
    expect(copies()).toEqual([]); // found in the database
    void outbox.add(left('late'));
    expect(copies()).toEqual([]);
  });

  test('the next visit takes over what never came into the database, and sends each once', async () => {
    const { open } = indexedDB;
    vi.spyOn(indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest);
    const gone = opened();
    for (const id of ['a', 'b']) void gone.add(left(id));
    indexedDB.open = open;
    const outbox = await nextVisit();
    expect(host.arrived).toBe(2);
    const found = outbox.pull(all);
    expect(idsOf(found).toSorted()).toEqual(['a', 'b']);
    for (const { id } of found) void outbox.settle(id, delivered);
    expect(copies()).toEqual([]);
  });

  test('what is in both places arrives once, and its copy goes', async () => {
    await opened().add(left('a'));
    expect(copies()).toEqual(['jna']);
    const outbox = await nextVisit();
    expect(host.arrived).toBe(1);
    expect(idsOf(outbox.pull(all))).toEqual(['a']);
    expect(copies()).toEqual([]);
  });

  test('where there is no IndexedDB, they stay until they are settled', async () => {
    noDatabase();
    const gone = opened();
    for (const id of ['a', 'b', 'c']) await gone.add(left(id));
    void gone.settle('b', delivered);
    expect(copies()).toEqual(['jna', 'jnc']);
    const outbox = await nextVisit();
    expect(idsOf(outbox.pull(all)).toSorted()).toEqual(['a', 'c']);
    expect(copies()).toEqual(['jna', 'jnc']); // this visit may end early too
    for (const id of ['a', 'c']) void outbox.settle(id, delivered);
    await endOfTask();
    expect(copies()).toEqual([]);
    await nextVisit();
    expect(host.arrived).toBe(0);
  });

  test('while the page goes away, whether the database worked or not; and no more once it has taken something', async () => {
    const outbox = opened();
    await outbox.add(left('early'));
    localStorage.clear();
    let written: unknown;
    addEventListener('pagehide', () => (written = outbox.add(left('last'))), { capture: true, once: true });
    dispatchEvent(new Event('pagehide'));
    expect(copies()).toEqual(['jnlast']);
    // It came back from the back/forward cache.
    await written;
    void outbox.add(left('back'));
    expect(copies()).toEqual(['jnlast']);
  });

  test('a database that worked and then fails: what it refuses is copied', async () => {
    const outbox = opened();
    await outbox.add(left('kept'));
    localStorage.clear();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await outbox.add(left('refused'))).toBe(false);
    expect(copies()).toEqual(['jnrefused']);
    const next = outbox.add(left('next'));
    expect(copies()).toEqual(['jnnext', 'jnrefused']);
    await next;
    vi.restoreAllMocks();
    expect(idsOf((await nextVisit()).pull(all)).toSorted()).toEqual(['kept', 'next', 'refused']);
  });

  test('without Web Locks, young ones are left to the page that may still hold them', async () => {
    noDatabase();
    await opened().add(left('young'));
    opened();
    await endOfTask();
    expect(host.arrived).toBe(0);
    expect(copies()).toEqual(['jnyoung']);
  });

  test('those older than a week are dropped as expired, and forgotten', async () => {
    noDatabase();
    await opened().add(left('old'));
    clock.jump(7 * dayMs);
    await nextVisit();
    expect(host.dropped).toEqual([['old', 'expired']]);
    await endOfTask();
    expect(copies()).toEqual([]);
  });

  test('nothing is looked at or copied before something may be stored', async () => {
    noDatabase();
    await opened().add(left('a'));
    clock.jump(2 * minuteMs);
    opened({ mayStore: () => false });
    await endOfTask();
    expect(host.arrived).toBe(0);
    expect(copies()).toEqual(['jna']);
  });

  test.each([
    { what: 'no JSON', key: 'jnx', value: '{' },
    { what: 'null', key: 'jnx', value: 'null' },
    {
      what: 'an entry under another name',
      key: 'jn2x',
      value: JSON.stringify({ id: 'x', owner: 'jn20', queuedAt: 0 }),
    },
    { what: 'a key that only looks like ours', key: 'jn', value: '{"theme":"dark"}' },
    { what: 'another application’s', key: 'cart', value: '{"id":"x"}' },
  ])('$what is left alone, and does not hide what is ours', async ({ key, value }) => {
    noDatabase();
    localStorage.setItem(key, value);
    await opened().add(left('zz'));
    const outbox = await nextVisit();
    expect(idsOf(outbox.pull(all))).toEqual(['zz']);
    void outbox.settle('zz', delivered);
    await endOfTask();
    expect(Object.entries(localStorage)).toEqual([[key, value]]);
  });

  test('they are bounded: while 500 KB wait, no more are made, and what waits stays in memory', async () => {
    noDatabase();
    const outbox = opened();
    for (let index = 10; index < 40; index++) await outbox.add(anEntry({ id: `e${index}`, bytes: 30_000 }));
    expect(copies()).toHaveLength(17);
    expect(outbox.depth().waiting).toBe(30);
  });

  test.each([
    { what: 'missing', storage: undefined },
    {
      what: 'throwing',
      get storage(): unknown {
        return new Proxy({}, { set: fail, get: fail, ownKeys: fail, deleteProperty: fail });
      },
    },
    { what: 'full', storage: new Proxy({}, { set: fail }) },
    { what: 'deaf', storage: new Proxy({}, { set: () => true }) },
  ])('where localStorage is $what, nothing throws and memory goes on', async ({ storage }) => {
    noDatabase();
    vi.stubGlobal('localStorage', storage);
    const outbox = opened();
    expect(await outbox.add(left('a'))).toBe(false);
    expect(idsOf(outbox.pull(all))).toEqual(['a']);
    void outbox.settle('a', delivered);
    await outbox.close();
    expect(diagnostics).toHaveLength(1);
  });

  function fail(): never {
    throw new DOMException('denied', 'SecurityError');
  }
});
