import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { hashIds } from './id-window.ts';
import { LogUnavailableError } from './log.ts';
import { aBatch, aConsumer, deliver, logContract, pullIds } from './log-contract.ts';
import { logRecordsContract } from './log-records-contract.ts';
import { type SqliteLogOptions, sqliteLog } from './sqlite-log.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'made', 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('sqliteLog', () => {
  const open = (options?: SqliteLogOptions) => sqliteLog(path, options);
  const subject = { create: open, reopen: open };
  for (const { rule, check } of [...logContract(subject), ...logRecordsContract(subject)]) it(rule, check);
});

describe('opening', () => {
  test('a file in use is refused with the reason', async () => {
    const log = sqliteLog(path);
    expect(() => sqliteLog(path)).toThrow('another process has it open');
    await log.close();
  });

  test.each([
    {
      why: "another program's database",
      make: () => {
        const db = new DatabaseSync(path);
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
      expected: "another program's database",
    },
    {
      why: 'a later version of ours',
      make: () => {
        const db = new DatabaseSync(path);
        db.exec('CREATE TABLE batches (x); PRAGMA application_id = 0x54726b4c; PRAGMA user_version = 99');
        db.close();
      },
      expected: 'schema version 99 is newer',
    },
    {
      why: 'no database',
      make: () => writeFileSync(path, 'not a database, and long enough to be read as one'.repeat(40)),
      expected: 'not a SQLite database',
    },
    { why: 'a folder', make: () => mkdirSync(path), expected: 'cannot open' },
  ])('$why is refused with the reason', ({ make, expected }) => {
    mkdirSync(join(folder, 'made'));
    make();
    expect(() => sqliteLog(path)).toThrow(expected);
  });

  // Windows has no such rights.
  const modeOf = (file: string) => (process.platform === 'win32' ? undefined : statSync(file).mode & 0o777);
  const unlessWindows = (mode: number) => (process.platform === 'win32' ? undefined : mode);

  test('a new file is for its owner alone, and so is what lies beside it', async () => {
    const log = sqliteLog(path);
    await log.append(aBatch(['1']));
    for (const file of [path, `${path}-wal`]) expect(modeOf(file)).toBe(unlessWindows(0o600));
    await log.close();
  });

  test('a file that is there keeps the rights it was given', async () => {
    await sqliteLog(path).close();
    chmodSync(path, 0o640);
    await sqliteLog(path).close();
    expect(modeOf(path)).toBe(unlessWindows(0o640));
  });

  test.each<{ options: SqliteLogOptions; expected: string }>([
    { options: { retentionMs: 0 }, expected: 'retentionMs: expected a number above 0, got 0' },
    { options: { dedupeIds: Number.NaN }, expected: 'dedupeIds: expected a number above 0, got NaN' },
  ])('$expected', ({ options, expected }) => {
    expect(() => sqliteLog(path, options)).toThrow(expected);
  });
});

describe('a commit that fails', () => {
  test('stores nothing, rejects what was in it, and the next one is tried anew', async () => {
    const log = sqliteLog(path);
    const { outbox, arrived } = aConsumer(log);
    await log.append(aBatch(['1', '2']));
    const before = log.stats();
    // The database refuses text where a number belongs, inside the transaction, after its neighbour was inserted.
    const facts = { receivedAt: 'never' as unknown as number, source: 'server' as const };
    const outcomes = await Promise.allSettled([log.append(aBatch(['3'])), log.append(aBatch(['4'], { facts }))]);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(LogUnavailableError) });
    }
    expect(log.stats()).toEqual(before);
    expect(arrived()).toBe(2);
    expect(await log.append(aBatch(['3', '4']))).toEqual({ duplicates: [] });
    expect(await pullIds(outbox)).toEqual(['1', '2', '3', '4']);
    await log.close();
  });

  test('a full file refuses batches until what was delivered makes room', async () => {
    const dayMs = 24 * 60 * 60_000;
    let now = Date.now();
    const log = sqliteLog(path, { maxBytes: 600_000, retentionMs: dayMs, now: () => now });
    const { outbox } = aConsumer(log);
    const properties = { text: 'x'.repeat(10_000) };
    const batchOf = (id: string) => aBatch([id], { properties, facts: { receivedAt: now, source: 'server' } });
    const stored: string[] = [];
    let refusal: unknown;
    for (let id = 1; refusal === undefined && id < 100; id++) {
      await log.append(batchOf(`${id}`)).then(
        () => stored.push(`${id}`),
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(refusal).toBeInstanceOf(LogUnavailableError);
    expect(stored.length).toBeGreaterThan(20);
    expect(log.stats().events).toBe(stored.length);

    // Delivery goes on while nothing can be stored, and its progress is kept.
    expect(await pullIds(outbox)).toEqual(stored);
    await deliver(outbox, stored);
    await expect(log.probe()).rejects.toBeInstanceOf(LogUnavailableError);
    now += 2 * dayMs;
    await expect(log.append(batchOf('a'))).rejects.toBeInstanceOf(LogUnavailableError); // this one makes the room
    expect(await log.append(batchOf('a'))).toEqual({ duplicates: [] });
    expect(await pullIds(outbox)).toEqual(['a']);
    await log.close();
  });
});

test('a full file that nobody appends to any more gets its room back when it is probed', async () => {
  let now = Date.now();
  const log = sqliteLog(path, { maxBytes: 400_000, retentionMs: 1_000, now: () => now });
  const properties = { text: 'x'.repeat(10_000) };
  for (let id = 1, isFull = false; !isFull; id++) {
    const facts = { receivedAt: now, source: 'server' as const };
    isFull = await log.append(aBatch([`${id}`], { properties, facts })).then(
      () => false,
      () => true,
    );
  }
  await expect(log.probe()).rejects.toBeInstanceOf(LogUnavailableError);
  now += 100_000;
  await log.probe();
  await log.close();
});

test.each([
  { why: 'in rows of their own', repeats: 400, others: 0 },
  { why: 'in small rows that moved as others came', repeats: 10, others: 60 },
])('who was erased is in no byte of the file, nor of what lies beside it: $why', async ({ repeats, others }) => {
  const log = sqliteLog(path);
  const batchOf = (id: string, text: string) => aBatch([id], { properties: { text: text.repeat(repeats) } });
  await log.append(batchOf('1', 'marker of one event '));
  await log.append(batchOf('2', 'marker of the other '));
  for (let index = 0; index < others; index++) {
    const batch = batchOf(`other-${index}`, 'somebody else ');
    await log.append({ ...batch, body: String(batch.body).replace('"userId":"u"', '"userId":"v"') });
  }
  const event = JSON.stringify({ userId: 'u', text: 'marker in quarantine '.repeat(repeats) });
  await log.append(aBatch([], { quarantined: [{ issues: [], event }] }));
  const bytes = (): string => ['', '-wal'].map((suffix) => readFileSync(path + suffix, 'latin1')).join();
  expect(bytes()).toContain('marker of one');
  expect(await log.records.erase({ userId: 'u' })).toMatchObject({ events: 2, quarantined: 1 });
  expect(bytes()).not.toContain('marker');
  await log.close();
});

describe('who is suppressed', () => {
  test('is safe once that was said, whatever happens to the process', async () => {
    const log = sqliteLog(path);
    await log.suppression.add({ userId: 'u1' });
    // As a process that was killed leaves it: nothing was closed.
    const left = join(folder, 'left.db');
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, left + suffix);
    await log.close();
    const again = sqliteLog(left);
    expect(again.suppression.has({ userId: 'u1' })).toBe(true);
    await again.close();
  });

  test('is not in the file, only a hash that is worth nothing elsewhere', async () => {
    const hashes = [];
    for (const file of [path, join(folder, 'other.db')]) {
      const log = sqliteLog(file);
      await log.suppression.add({ userId: 'ada@example.com' });
      await log.close();
      expect(readFileSync(file).includes('ada@example.com')).toBe(false);
      const db = new DatabaseSync(file);
      hashes.push(db.prepare('SELECT hex(hash) AS hash FROM suppressed').get()?.hash);
      db.close();
    }
    expect(hashes[0]).toMatch(/^[0-9A-F]{64}$/);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('is not somebody else whose hash begins alike', async () => {
    const log = sqliteLog(path);
    await log.suppression.add({ userId: 'u1' });
    await log.close();
    const db = new DatabaseSync(path);
    const hash = db.prepare('SELECT hash FROM suppressed').get()?.hash as Uint8Array;
    db.prepare('UPDATE suppressed SET hash = ?').run(hash.map((byte, at) => (at < 6 ? byte : byte ^ 1)));
    db.close();
    const again = sqliteLog(path);
    expect(again.suppression.has({ userId: 'u1' })).toBe(false);
    await again.close();
  });

  test('is not on the list if it could not be stored', async () => {
    const log = sqliteLog(path, { maxBytes: 60_000 });
    let refusal: unknown;
    for (let user = 0; refusal === undefined && user < 5_000; user++) {
      await log.suppression.add({ userId: `u${user}` }).catch((error: unknown) => {
        refusal = error;
        expect(log.suppression.has({ userId: `u${user}` })).toBe(false);
      });
    }
    expect(refusal).toBeInstanceOf(LogUnavailableError);
    expect(log.suppression.has({ userId: 'u0' })).toBe(true);
    await log.close();
  });
});

test('a file of the first version keeps what it has, and can do what is new', async () => {
  const log = sqliteLog(path);
  await log.append(aBatch(['1', '2']));
  await log.close();
  const db = new DatabaseSync(path);
  db.exec(`DROP TABLE suppressed; DROP TABLE salts; DROP TABLE erasures; DROP TABLE erasure_tasks; ALTER TABLE quarantined DROP COLUMN facts;
    ALTER TABLE dead_letters DROP COLUMN seq; ALTER TABLE dead_letters DROP COLUMN place;
    ALTER TABLE consumers DROP COLUMN backfilled; ALTER TABLE consumers DROP COLUMN backfill_through; PRAGMA user_version = 1`);
  db.close();
  const again = sqliteLog(path);
  expect(await again.append(aBatch(['2', '3']))).toEqual({ duplicates: ['2'] });
  await again.suppression.add({ userId: 'u1' });
  expect(again.suppression.has({ userId: 'u1' })).toBe(true);
  await again.close();
});

describe('the window of ids', () => {
  test('two ids with one hash are two events', async () => {
    const log = sqliteLog(path);
    await log.append(aBatch(['1']));
    await log.close();
    // As if `2` had hashed to what `1` did.
    const db = new DatabaseSync(path);
    db.prepare('UPDATE batches SET ids = ?').run(new Uint8Array(hashIds(['2']).buffer));
    db.close();
    const again = sqliteLog(path);
    expect(await again.append(aBatch(['2']))).toEqual({ duplicates: [] });
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2']);
    await again.close();
  });

  test('holds as many ids as it was told, before and after a restart', async () => {
    const options = { dedupeIds: 3 };
    const log = sqliteLog(path, options);
    await log.append(aBatch(['1', '2']));
    await log.append(aBatch(['3', '4']));
    expect(await log.append(aBatch(['2', '3', '4']))).toEqual({ duplicates: ['2', '3', '4'] });
    expect(await log.append(aBatch(['1']))).toEqual({ duplicates: [] });
    await log.close();
    const again = sqliteLog(path, options);
    expect(await again.append(aBatch(['3', '4', '1', '2']))).toEqual({ duplicates: ['3', '4', '1'] });
    await again.close();
  });

  test('an id that comes again from beyond the window is not handed out twice at once', async () => {
    const log = sqliteLog(path, { dedupeIds: 1 });
    await log.append(aBatch(['1', '2']));
    await log.append(aBatch(['1']));
    const { outbox, lost } = aConsumer(log);
    expect(await pullIds(outbox)).toEqual(['1', '2']);
    expect(lost).toEqual([': duplicate']);
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
    await log.close();
    // Its twin is still on its way.
    const again = sqliteLog(path);
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2']);
    await again.close();
  });
});

describe('retention', () => {
  const dayMs = 24 * 60 * 60_000;
  const start = Date.now();

  test.each([
    { why: 'takes what is old and delivered', settle: ['1', '2'], afterMs: 2 * dayMs, batches: 1 },
    { why: 'leaves what is not old', settle: ['1', '2'], afterMs: dayMs / 2, batches: 3 },
    { why: 'leaves what a consumer still needs', settle: ['2'], afterMs: 2 * dayMs, batches: 3 },
    { why: 'leaves what nobody has read', settle: [], afterMs: 2 * dayMs, batches: 3 },
  ])('$why', async ({ settle, afterMs, batches }) => {
    let now = start;
    const log = sqliteLog(path, { retentionMs: dayMs, now: () => now });
    const { outbox } = aConsumer(log);
    const batchOf = (id: string) => aBatch([id], { facts: { receivedAt: now, source: 'server' } });
    await log.append(batchOf('1'));
    await log.append(batchOf('2'));
    await pullIds(outbox);
    await deliver(outbox, settle);
    now += afterMs;
    await log.append(batchOf('3'));
    expect(log.stats().batches).toBe(batches);
    await log.close();
    const again = sqliteLog(path);
    expect(again.stats()).toEqual({ batches, events: batches, quarantined: 0, deadLetters: 0 });
    await again.close();
  });

  test('a consumer that is not there today keeps its rows', async () => {
    let now = start;
    const options = { retentionMs: dayMs, now: () => now };
    const log = sqliteLog(path, options);
    aConsumer(log);
    await log.append(aBatch(['1'], { facts: { receivedAt: now, source: 'server' } }));
    await log.close();
    now += 10 * dayMs;
    const again = sqliteLog(path, options);
    await again.append(aBatch(['2'], { facts: { receivedAt: now, source: 'server' } }));
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2']);
    await again.close();
  });
});

describe('damage at rest', () => {
  test('a body that cannot be read costs its events, named, and nothing else', async () => {
    const log = sqliteLog(path);
    await log.append(aBatch(['1', '2']));
    await log.append(aBatch(['3']));
    await log.close();
    const db = new DatabaseSync(path);
    db.exec("UPDATE batches SET body = 'damaged' WHERE seq = 1");
    db.close();
    const again = sqliteLog(path);
    const { outbox, lost } = aConsumer(again);
    expect(await pullIds(outbox)).toEqual(['3']);
    expect(lost).toEqual([': unreadable', ': unreadable']);
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
    await again.close();
  });
});

describe('kill -9', () => {
  const source = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));

  /** Appends and settles without rest; says what was acknowledged and what was settled, in lines. */
  const program = (): string => `
    import { sqliteLog } from ${source('./sqlite-log.ts')};
    const log = sqliteLog(process.argv[2]);
    const say = (line) => process.stdout.write(line + '\\n'); // synchronous on a pipe
    const outbox = log.consumer('a', { purposeOf: () => 'analytics' });
    outbox.open({ onArrived() {}, onDropped() {} });
    let next = Number(process.argv[3]);
    async function produce() {
      for (;;) {
        const ids = Array.from({ length: 1 + (next % 7) }, () => String(next++));
        const batch = ids.map((messageId) => ({ type: 'track', event: 'e', messageId, userId: 'u', timestamp: '2026-01-01T00:00:00.000Z' }));
        await log.append({ ids, body: JSON.stringify({ batch }), facts: { receivedAt: Date.now(), source: 'server' } });
        say('acknowledged ' + ids.join(' '));
      }
    }
    async function consume() {
      for (;;) {
        const pulled = outbox.pull({ maxEvents: 5, maxBytes: 1e6 });
        // Every third stays undecided until the process is gone.
        const done = pulled.map(({ id }) => id).filter((id) => Number(id) % 3 > 0);
        await Promise.all(done.map((id) => outbox.settle(id, { kind: 'delivered' })));
        if (done.length > 0) say('settled ' + done.join(' '));
        await new Promise(setImmediate);
      }
    }
    void produce(); void produce(); void produce(); void consume();
  `;

  test('ten times: what was acknowledged is there once, what was settled never comes again', async () => {
    const file = join(folder, 'program.ts');
    writeFileSync(file, program());
    const acknowledged = new Set<string>();
    const settled: string[] = [];
    for (let run = 1; run <= 10; run++) {
      // Ids that were perhaps stored and never acknowledged are sent again, as a client would.
      const from = Math.max(-1, ...[...acknowledged].map(Number)) + 1 - (acknowledged.size > 0 ? 20 : 0);
      const child = spawn(process.execPath, [file, path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout });
      let heard = 0;
      for await (const line of lines) {
        const [what, ...ids] = line.split(' ');
        if (what === 'acknowledged') for (const id of ids) acknowledged.add(id);
        else settled.push(...ids);
        if (++heard === 20 + run * 17) child.kill('SIGKILL');
      }
    }
    const log = sqliteLog(path);
    const everything = await pullIds(aConsumer(log, 'b').outbox, Number.POSITIVE_INFINITY);
    const left = await pullIds(aConsumer(log, 'a').outbox, Number.POSITIVE_INFINITY);
    await log.close();

    expect(new Set(everything).size).toBe(everything.length);
    expect([...acknowledged].filter((id) => !everything.includes(id))).toEqual([]);
    expect(new Set(settled).size).toBe(settled.length);
    expect(settled.length).toBeGreaterThan(100);
    expect(left.filter((id) => settled.includes(id))).toEqual([]);
    // What is neither settled as we heard nor left was settled in the last moment before a kill.
    const unheard = everything.filter((id) => !settled.includes(id) && !left.includes(id));
    expect(unheard.every((id) => Number(id) % 3 > 0)).toBe(true);
  }, 60_000);
});
