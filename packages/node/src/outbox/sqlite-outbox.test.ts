import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Outbox, OutboxHost } from '@org/track-core';
import { anEntry, outboxContract } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type SqliteOutbox, type SqliteOutboxOptions, sqliteOutbox } from './sqlite-outbox.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  path = join(folder, 'made', 'outbox.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const all = { maxEvents: 1_000, maxBytes: 1_000_000 };

/** Entries of tests were added at 0. */
const now = (): number => 1_000;

function opened(options: SqliteOutboxOptions = {}): {
  outbox: SqliteOutbox;
  dropped: [string, string][];
  arrived: number;
} {
  const found = { outbox: sqliteOutbox(path, { now, ...options }), dropped: [] as [string, string][], arrived: 0 };
  const host: OutboxHost = {
    onDropped(id, reason) {
      found.dropped.push([id, reason]);
      void found.outbox.settle(id, { kind: 'dropped', reason });
    },
    onArrived: (count) => {
      found.arrived += count;
    },
  };
  found.outbox.open(host);
  return found;
}

/** Ids in the file, oldest first. */
function stored(): unknown[] {
  const db = new DatabaseSync(path);
  const ids = db.prepare('SELECT id FROM entries ORDER BY seq').all();
  db.close();
  return ids.map(({ id }) => id);
}

describe('the contract of an outbox', () => {
  let file = 0;
  const fresh = (options?: SqliteOutboxOptions): Outbox => {
    path = join(folder, `${file++}.db`);
    return sqliteOutbox(path, { now, ...options });
  };
  const rules = outboxContract({
    create: () => fresh(),
    createBounded: (maxEvents) => fresh({ maxEvents }),
    reopen: () => sqliteOutbox(path, { now }),
  });
  for (const { rule, check } of rules) it(rule, check);
});

test('all of one turn is one commit', async () => {
  const { outbox } = opened();
  const receipts = ['a', 'b', 'c'].map((id) => outbox.add(anEntry({ id })));
  expect(new Set(receipts).size).toBe(1);
  expect(await receipts[0]).toBe(true);
  await outbox.close();
  expect(stored()).toEqual(['a', 'b', 'c']);
});

test('what is settled in the turn that added it is never written', async () => {
  const { outbox } = opened();
  void outbox.add(anEntry({ id: 'gone' }));
  void outbox.settle('gone', { kind: 'delivered' });
  await outbox.add(anEntry({ id: 'kept' }));
  await outbox.close();
  expect(stored()).toEqual(['kept']);
});

test('an id that comes again after its fate is another entry', async () => {
  const { outbox } = opened();
  await outbox.add(anEntry({ id: 'a' }));
  await outbox.settle('a', { kind: 'delivered' });
  await outbox.add(anEntry({ id: 'a' }));
  await outbox.close();
  expect(stored()).toEqual(['a']);
});

test('what an earlier process left too long ago is dropped, and counted', async () => {
  const before = opened({ now: () => 0 });
  await before.outbox.add(anEntry({ id: 'old', queuedAt: 0 }));
  await before.outbox.add(anEntry({ id: 'new', queuedAt: 90 }));
  await before.outbox.close();
  const { outbox, dropped, arrived } = opened({ now: () => 100, maxAgeMs: 50 });
  expect(arrived).toBe(2);
  expect(dropped).toEqual([['old', 'expired']]);
  expect(outbox.pull(all).map(({ id }) => id)).toEqual(['new']);
  await outbox.close();
  expect(stored()).toEqual(['new']);
});

test('since when the oldest waits is known of what an earlier process left, too', async () => {
  const before = opened();
  await before.outbox.add(anEntry({ id: 'a', queuedAt: 100 }));
  await before.outbox.add(anEntry({ id: 'b', queuedAt: 200 }));
  expect(before.outbox.oldestQueuedAt()).toBe(100);
  await before.outbox.close();
  const { outbox } = opened({ maxAgeMs: 850 }); // it is 1,000 now
  expect(outbox.oldestQueuedAt()).toBe(200);
  await outbox.add(anEntry({ id: 'c', queuedAt: 300 }));
  outbox.pull(all);
  await outbox.settle('b', { kind: 'delivered' });
  expect(outbox.oldestQueuedAt()).toBe(300);
  await outbox.close();
});

test('an id that an earlier process left and that comes again is one row, and none once it has a fate', async () => {
  const before = opened();
  await before.outbox.add(anEntry({ id: 'order-1' }));
  await before.outbox.close();
  const { outbox } = opened();
  await outbox.add(anEntry({ id: 'order-1', value: '{"again":true}' }));
  for (const { id } of outbox.pull(all)) await outbox.settle(id, { kind: 'delivered' });
  await outbox.close();
  expect(stored()).toEqual([]);
});

test('what the disk does not take waits in memory, is not durable, and is given up at the end', async () => {
  const { outbox, dropped } = opened();
  await outbox.add(anEntry({ id: 'kept' }));
  // A value that SQLite refuses stands for a disk that is full.
  expect(await outbox.add({ ...anEntry({ id: 'a' }), value: null as never })).toBe(false);
  expect(outbox.pull(all).map(({ id }) => id)).toEqual(['kept', 'a']);
  outbox.release([anEntry({ id: 'a' })]);
  void outbox.settle('kept', { kind: 'delivered' });
  void outbox.add({ ...anEntry({ id: 'b' }), value: null as never });
  await outbox.close();
  expect(dropped).toEqual([
    ['a', 'shutdown'],
    ['b', 'shutdown'],
  ]);
});

test('somebody is taken out, with what their device did before; others keep their order, and the file tells nothing', async () => {
  const { outbox, dropped } = opened();
  const add = (id: string, event: object): unknown => outbox.add(anEntry({ id, value: JSON.stringify(event) }));
  add('1', { anonymousId: 'phone-1' });
  add('2', { userId: 'bob' });
  add('3', { userId: 'ada-1', anonymousId: 'phone-1' });
  await add('4', { userId: 'cleo' });
  expect(outbox.erase({ userId: 'ada-1' })).toBe(2);
  expect(dropped).toEqual([
    ['1', 'erased'],
    ['3', 'erased'],
  ]);
  expect(outbox.pull(all).map(({ id }) => id)).toEqual(['2', '4']);
  expect(outbox.erase({ userId: 'ada-1' })).toBe(0);
  const texts = [path, `${path}-wal`].map((file) => readFileSync(file, 'latin1')).join();
  expect([texts.includes('ada-1'), texts.includes('phone-1'), texts.includes('cleo')]).toEqual([false, false, true]);
  await outbox.close();
  expect(stored()).toEqual(['2', '4']);
});

test('what was damaged in the file keeps nobody from being taken out, and nothing from being sent', async () => {
  const before = opened();
  for (const id of ['damaged', 'theirs', 'kept']) await before.outbox.add(anEntry({ id }));
  await before.outbox.close();
  const db = new DatabaseSync(path);
  db.exec(`UPDATE entries SET value = '{"userId":"ada-1"' WHERE id = 'damaged'`);
  db.exec(`UPDATE entries SET value = '{"userId":"ada-1"}' WHERE id = 'theirs'`);
  db.close();
  const { outbox } = opened();
  expect(outbox.erase({ userId: 'ada-1' })).toBe(1);
  expect(outbox.pull(all).map(({ id }) => id)).toEqual(['damaged', 'kept']);
  await outbox.close();
});

test('what was not written is not durable, though somebody was taken out in the same turn', async () => {
  const { outbox } = opened();
  const refused = outbox.add({ ...anEntry({ id: 'refused' }), value: null as never });
  void outbox.add(anEntry({ id: 'theirs', value: '{"userId":"ada-1"}' }));
  void outbox.erase({ userId: 'ada-1' });
  expect(await refused).toBe(false);
  expect(await outbox.add(anEntry({ id: 'later' }))).toBe(true);
  await outbox.close();
});

test('however much is settled while the disk takes nothing, the next commit removes it', async () => {
  const { outbox } = opened({ maxEvents: 200_000 });
  const ids = Array.from({ length: 150_000 }, (_, index) => `e${index}`);
  for (const id of ids) void outbox.add(anEntry({ id }));
  expect(await outbox.add(anEntry({ id: 'last' }))).toBe(true);
  for (const id of ids) void outbox.settle(id, { kind: 'delivered' });
  expect(await outbox.add({ ...anEntry({ id: 'refused' }), value: null as never })).toBe(false);
  await outbox.close();
  expect(stored()).toEqual(['last']);
});

describe('opening', () => {
  test('a file in use is refused with the reason', async () => {
    const { outbox } = opened();
    expect(() => sqliteOutbox(path)).toThrow(`sqliteOutbox: cannot open "${path}": another process has it open`);
    await outbox.close();
  });

  test.each([
    { why: 'no path', path: '', options: {}, message: 'path: expected' },
    { why: 'no room', path: 'x', options: { maxEvents: 0 }, message: 'maxEvents: expected a number above 0, got 0' },
    { why: 'words', path: 'x', options: { maxAgeMs: 'a week' as never }, message: 'maxAgeMs: expected' },
  ])('$why is refused by name', ({ path, options, message }) => {
    expect(() => sqliteOutbox(path, options)).toThrow(message);
  });

  test('a damaged file is refused as that, and not held', async () => {
    const { outbox } = opened();
    for (let index = 0; index < 300; index++)
      void outbox.add(anEntry({ id: `e${index}`, value: `"${'x'.repeat(500)}"` }));
    await outbox.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 8_192));
    for (let time = 0; time < 2; time++) {
      expect(() => sqliteOutbox(path)).toThrow(`sqliteOutbox: cannot open "${path}": it is damaged`);
    }
  });

  test('something else is refused', () => {
    path = join(folder, 'other.db');
    writeFileSync(path, 'not a database, and long enough to be read as one'.repeat(40));
    expect(() => sqliteOutbox(path)).toThrow('it is not a SQLite database');
  });
});

describe('a process that ends', () => {
  const module = fileURLToPath(new URL('./sqlite-outbox.ts', import.meta.url));
  const core = fileURLToPath(new URL('../../../core/src/testing/index.ts', import.meta.url));

  /** Adds five events and ends as `end` says; resolves when the process is gone. */
  function run(end: string): Promise<void> {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => next(name === '@org/track-core' ? ${JSON.stringify(
        fileURLToPath(new URL('../../../core/src/index.ts', import.meta.url)),
      )} : name, context) });
      const { sqliteOutbox } = await import(${JSON.stringify(module)});
      const { anEntry } = await import(${JSON.stringify(core)});
      const outbox = sqliteOutbox(${JSON.stringify(path)});
      outbox.open({ onArrived() {}, onDropped() {} });
      for (let i = 0; i < 5; i++) outbox.add(anEntry({ id: 'e' + i }));
      ${end}`;
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
        stdio: 'ignore',
      });
      child.on('error', reject);
      child.on('close', () => resolve());
    });
  }

  test.each([
    { why: 'by itself', end: '' },
    { why: 'by process.exit() in the turn that added', end: 'process.exit(0);' },
    { why: 'by an exception', end: "throw new Error('bug');" },
    {
      why: 'by SIGTERM, one turn later',
      end: "setImmediate(() => process.kill(process.pid, 'SIGTERM')); setInterval(() => {}, 1000);",
    },
    {
      why: 'by SIGKILL, one turn later',
      end: "setImmediate(() => process.kill(process.pid, 'SIGKILL')); setInterval(() => {}, 1000);",
    },
  ])('$why leaves all events to the next one', async ({ end }) => {
    await run(end);
    const { outbox, arrived } = opened();
    expect(arrived).toBe(5);
    expect(outbox.pull(all).map(({ id }) => id)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    await outbox.close();
  });
});
