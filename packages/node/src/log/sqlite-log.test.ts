import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, test } from 'vitest';
import { aBatch, aConsumer, deliver, facts, packedBy, pullIds } from './contract-scene.ts';
import { LogUnavailableError } from './log.ts';
import { logContract } from './log-contract.ts';
import { useLogFile } from './log-file-scene.ts';
import { type SqliteLogOptions, sqliteLog } from './sqlite-log.ts';

const place = useLogFile();

describe('sqliteLog', () => {
  const open = (options?: SqliteLogOptions) => sqliteLog(place.path, options);
  for (const { rule, check } of logContract({ create: open, reopen: open })) it(rule, check);
});

describe('opening', () => {
  test('a file in use is refused with the reason', async () => {
    const log = sqliteLog(place.path);
    expect(() => sqliteLog(place.path)).toThrow('another process has it open');
    await log.close();
  });

  test.each([
    {
      why: "another program's database",
      make: () => {
        const db = new DatabaseSync(place.path);
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
      expected: "another program's database",
    },
    {
      why: 'a later version of ours',
      make: () => {
        const db = new DatabaseSync(place.path);
        db.exec('CREATE TABLE batches (x); PRAGMA application_id = 0x54726b4c; PRAGMA user_version = 99');
        db.close();
      },
      expected: 'schema version 99 is newer',
    },
    {
      why: 'no database',
      make: () => writeFileSync(place.path, 'not a database, and long enough to be read as one'.repeat(40)),
      expected: 'not a SQLite database',
    },
    { why: 'a folder', make: () => mkdirSync(place.path), expected: 'cannot open' },
  ])('$why is refused with the reason', ({ make, expected }) => {
    mkdirSync(join(place.folder, 'made'));
    make();
    expect(() => sqliteLog(place.path)).toThrow(expected);
  });

  // Windows has no such rights.
  const modeOf = (file: string) => (process.platform === 'win32' ? undefined : statSync(file).mode & 0o777);
  const unlessWindows = (mode: number) => (process.platform === 'win32' ? undefined : mode);

  test('a new file is for its owner alone, and so is what lies beside it', async () => {
    const log = sqliteLog(place.path);
    await log.append(aBatch(['1']));
    for (const file of [place.path, `${place.path}-wal`]) expect(modeOf(file)).toBe(unlessWindows(0o600));
    await log.close();
  });

  test('a file that is there keeps the rights it was given', async () => {
    await sqliteLog(place.path).close();
    chmodSync(place.path, 0o640);
    await sqliteLog(place.path).close();
    expect(modeOf(place.path)).toBe(unlessWindows(0o640));
  });

  test.each<{ options: SqliteLogOptions; expected: string }>([
    { options: { retentionMs: 0 }, expected: 'retentionMs: expected a number above 0, got 0' },
    { options: { dedupeIds: Number.NaN }, expected: 'dedupeIds: expected a number above 0, got NaN' },
  ])('$expected', ({ options, expected }) => {
    expect(() => sqliteLog(place.path, options)).toThrow(expected);
  });
});

test('a file of the first version keeps what it has, and can do what is new', async () => {
  const log = sqliteLog(place.path);
  await log.append(aBatch(['1', '2']));
  await log.close();
  const db = new DatabaseSync(place.path);
  db.exec(`DROP TABLE suppressed; DROP TABLE salts; DROP TABLE erasures; DROP TABLE erasure_tasks; ALTER TABLE quarantined DROP COLUMN facts;
    ALTER TABLE dead_letters DROP COLUMN seq; ALTER TABLE dead_letters DROP COLUMN place;
    ALTER TABLE consumers DROP COLUMN backfilled; ALTER TABLE consumers DROP COLUMN backfill_through;
    ALTER TABLE batches DROP COLUMN packed; PRAGMA user_version = 1`);
  db.close();
  const again = sqliteLog(place.path);
  expect(await again.append(aBatch(['2', '3']))).toEqual({ duplicates: ['2'] });
  await again.suppression.add({ userId: 'u1' });
  expect(again.suppression.has({ userId: 'u1' })).toBe(true);
  await again.close();
});

describe('a commit that fails', () => {
  test('stores nothing, rejects what was in it, and the next one is tried anew', async () => {
    const log = sqliteLog(place.path);
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

  test('however often it fails, its ids are new when it succeeds, and known from then on', async () => {
    const log = sqliteLog(place.path, { dedupeIds: 4 });
    await log.append(aBatch(['1', '2']));
    const facts = { receivedAt: 'never' as unknown as number, source: 'server' as const };
    for (let time = 0; time < 20; time++) {
      const outcomes = await Promise.allSettled([
        log.append(aBatch(['3', '4', '3'])),
        log.append(aBatch(['5'], { facts })),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    }
    expect(await log.append(aBatch(['3', '4']))).toEqual({ duplicates: [] });
    expect(await log.append(aBatch(['1', '2', '3', '4']))).toEqual({ duplicates: ['1', '2', '3', '4'] });
    expect(log.stats().events).toBe(4);
    await log.close();
  });

  test('a full file refuses batches until what was delivered makes room', async () => {
    const dayMs = 24 * 60 * 60_000;
    let now = Date.now();
    const log = sqliteLog(place.path, { maxBytes: 600_000, retentionMs: dayMs, now: () => now });
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
  const log = sqliteLog(place.path, { maxBytes: 400_000, retentionMs: 1_000, now: () => now });
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

const long = { properties: { text: 'again and again '.repeat(50) } };

describe('a body that came packed', () => {
  const stored = (): unknown => {
    const db = new DatabaseSync(place.path);
    const row = db.prepare('SELECT length(body) AS text, length(packed) AS packed, bytes FROM batches').get();
    db.close();
    return row;
  };

  test('stays packed, and counts as what it unpacks to', async () => {
    const log = sqliteLog(place.path);
    const batch = aBatch(['1'], long);
    const body = packedBy(batch);
    await log.append({ ...batch, body });
    await log.close();
    expect(stored()).toEqual({ text: 0, packed: body.gzip.length, bytes: String(batch.body).length });
  });

  test('leaves no copy when somebody in it is erased', async () => {
    const log = sqliteLog(place.path);
    const events = ['u1', 'u2'].map((userId) => ({ type: 'track', event: 'e', messageId: userId, userId, ...long }));
    const batch = { facts, ids: ['u1', 'u2'], body: JSON.stringify({ batch: events }) };
    await log.append({ ...batch, body: packedBy(batch) });
    await log.records.erase({ userId: 'u1' });
    await log.close();
    expect(stored()).toMatchObject({ text: expect.any(Number), packed: null });
    const again = sqliteLog(place.path);
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['u2']);
    await again.close();
  });
});

describe('damage at rest', () => {
  test.each([
    { why: 'text', isPacked: false, damage: "body = 'damaged'" },
    { why: 'packed', isPacked: true, damage: "packed = x'1f8b08'" },
  ])('a body that cannot be read costs its events, named, and nothing else: $why', async ({ isPacked, damage }) => {
    const log = sqliteLog(place.path);
    const batch = aBatch(['1', '2'], long);
    await log.append(isPacked ? { ...batch, body: packedBy(batch) } : batch);
    await log.append(aBatch(['3']));
    await log.close();
    const db = new DatabaseSync(place.path);
    db.exec(`UPDATE batches SET ${damage} WHERE seq = 1`);
    db.close();
    const again = sqliteLog(place.path);
    const { outbox, lost } = aConsumer(again);
    expect(await pullIds(outbox)).toEqual(['3']);
    expect(lost).toEqual([': unreadable', ': unreadable']);
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
    await again.close();
  });

  test('nor does it keep out what is sent again, or what comes with that', async () => {
    const log = sqliteLog(place.path);
    await log.append(aBatch(['1', '2']));
    await log.close();
    const db = new DatabaseSync(place.path);
    db.exec("UPDATE batches SET body = 'damaged' WHERE seq = 1");
    db.close();
    const again = sqliteLog(place.path);
    expect(await Promise.all([again.append(aBatch(['1', '2'])), again.append(aBatch(['3']))])).toEqual([
      { duplicates: [] },
      { duplicates: [] },
    ]);
    await again.close();
  });
});
