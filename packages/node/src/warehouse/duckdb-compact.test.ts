import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import type { CollectedEvent } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DuckDbDestination, duckdb } from './duckdb.ts';

const { signal } = new AbortController();

let folder: string;
let path: string;
let opened: DuckDbDestination[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compact-'));
  path = join(folder, 'events.duckdb');
  opened = [];
});
afterEach(async () => {
  for (const destination of opened) await destination.close?.();
  rmSync(folder, { recursive: true });
});

/** As rows are, not packed, so that words can be found in the file. */
const settings = { force_compression: 'uncompressed' };

function open(): DuckDbDestination {
  const destination = duckdb(path, { settings });
  opened.push(destination);
  return destination;
}

const word = 'a-word-of-ada';

/** Every third is of somebody who is to be erased. */
function events(count: number, from = 0): CollectedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const isAda = index % 3 === 0;
    const properties = { text: isAda ? `${word}-${index}` : 'of others' };
    return aCollectedEvent({ messageId: `m${from + index}`, userId: isAda ? 'ada' : 'bob', properties });
  });
}

const countOf = async (destination: DuckDbDestination): Promise<number> =>
  (await destination.query<{ n: number }>('SELECT count(*) AS n FROM events'))[0]?.n ?? -1;

const isIn = (text: string): boolean => readFileSync(path, 'latin1').includes(text);

async function withErased(): Promise<DuckDbDestination> {
  const destination = open();
  await destination.deliver(events(3_000), { signal });
  await destination.query('CHECKPOINT');
  expect(await destination.erase?.({ userId: 'ada' }, { signal })).toEqual({ rows: 1_000 });
  // Next to rows of others, what was deleted stays in the file.
  expect([await countOf(destination), isIn(word)]).toEqual([2_000, true]);
  return destination;
}

test('nothing of who was erased is left in the file, and all else is', async () => {
  const destination = await withErased();
  await destination.deliver([{ ...aCollectedEvent({ messageId: 'odd' }), timestamp: 'yesterday' }], { signal });
  for (const sql of [
    'CREATE SCHEMA mine',
    'CREATE TABLE mine."a table" AS SELECT range AS x FROM range(7)',
    'CREATE INDEX mine_x ON mine."a table" (x)',
    'CREATE VIEW theirs AS SELECT event FROM events',
    'CREATE MACRO twice(x) AS x * 2',
    'CREATE SEQUENCE numbers START 5',
  ]) {
    await destination.query(sql);
  }
  expect(await destination.compact?.({ signal })).toEqual({
    bytesBefore: expect.any(Number),
    bytesAfter: statSync(path).size,
  });
  expect([isIn(word), isIn('of others'), readdirSync(folder)]).toEqual([false, true, ['events.duckdb']]);
  expect(await countOf(destination)).toBe(2_000);
  expect(await destination.parked()).toBe(1);
  expect(
    await destination.query(
      'SELECT (SELECT sum(x) FROM mine."a table") AS a, (SELECT count(*) FROM theirs) AS b, twice(3) AS c, nextval(\'numbers\') AS d',
    ),
  ).toEqual([{ a: 21, b: 2_000, c: 6, d: 5 }]);
  // An event again is the same row still.
  await destination.deliver(events(3).slice(1), { signal });
  expect(await countOf(destination)).toBe(2_000);
  await destination.close?.();
  expect(await countOf(open())).toBe(2_000);
});

test('again and again, whatever is written, asked and erased meanwhile waits and is done', async () => {
  const destination = open();
  for (let round = 0; round < 4; round++) {
    const work = [
      destination.deliver(events(300, round * 1_000), { signal }),
      destination.query(`CREATE TABLE t${round} AS SELECT 1`),
      destination.compact?.({ signal }),
      destination.query(`CREATE TABLE u${round} AS SELECT 1`),
      destination.deliver(events(3, round * 1_000 + 300), { signal }),
      destination.erase?.({ userId: 'ada' }, { signal }),
      destination.open?.(),
    ];
    await Promise.all(work);
    expect(await countOf(destination)).toBe((round + 1) * 202);
  }
  const tables = await destination.query(
    'SELECT count(*) AS n FROM duckdb_tables() WHERE regexp_matches(table_name, $1)',
    ['^[tu][0-9]$'],
  );
  expect(tables).toEqual([{ n: 8 }]);
});

test('what is asked while the copy is made waits for the new file: it may write', async () => {
  const destination = await withErased();
  await destination.query('CREATE TABLE large AS SELECT hash(range) AS x FROM range(4_000_000)');
  const compaction = destination.compact?.({ signal });
  const copiedBytes = () => statSync(`${path}.compact`, { throwIfNoEntry: false })?.size ?? 0;
  await vi.waitFor(() => expect(copiedBytes()).toBeGreaterThan(2_000_000), { interval: 1, timeout: 20_000 });
  const late = destination.query('CREATE TABLE late AS SELECT 1');
  await Promise.all([compaction, late]);
  expect(await destination.query('SELECT count(*) AS n FROM late')).toEqual([{ n: 1 }]);
});

describe('it is not done, and all is as it was', () => {
  test('while somebody else in this process has the file open', async () => {
    const destination = await withErased();
    const other = await DuckDBInstance.fromCache(path, {
      ...settings,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await other.connect();
    await expect(destination.compact?.({ signal })).rejects.toThrow('somebody else in this process');
    await connection.run('CREATE TABLE theirs AS SELECT 1');
    await destination.deliver([aCollectedEvent({ messageId: 'later' })], { signal });
    connection.closeSync();
    other.closeSync();
    await destination.compact?.({ signal });
    expect([await countOf(destination), await destination.query('SELECT count(*) AS n FROM theirs')]).toEqual([
      2_001,
      [{ n: 1 }],
    ]);
  });

  test('where no copy can be made', async () => {
    const destination = await withErased();
    mkdirSync(`${path}.compact`);
    await expect(destination.compact?.({ signal })).rejects.toThrow();
    expect(await countOf(destination)).toBe(2_000);
    await destination.deliver([aCollectedEvent({ messageId: 'later' })], { signal });
    await destination.close?.();
    expect(await countOf(open())).toBe(2_001);
  });

  test('where nobody waits for it any more', async () => {
    const destination = await withErased();
    await expect(destination.compact?.({ signal: AbortSignal.abort() })).rejects.toThrow();
    const compaction = destination.compact?.({ signal: AbortSignal.timeout(2) }).catch(() => {});
    await compaction;
    expect(await countOf(destination)).toBe(2_000);
  });

  test('once it is closed; and in memory there is nothing to do', async () => {
    const destination = open();
    await destination.close?.();
    await expect(destination.compact?.({ signal })).rejects.toThrow('is closed');
    const memory = duckdb(':memory:');
    expect(await memory.compact?.({ signal })).toEqual({ bytesBefore: 0, bytesAfter: 0 });
    await memory.close?.();
  });
});

describe('killed', () => {
  const source = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

  /** Compacts without rest, or up to a step, and says when it begins. */
  const program = (upTo: string): string => `
    import { DuckDBInstance } from ${JSON.stringify(pathToFileURL(createRequire(import.meta.url).resolve('@duckdb/node-api')).href)};
    import { duckdb } from ${source('./duckdb.ts')};
    import { makeCopy, putInPlace } from ${source('./duckdb-compact.ts')};
    const [path] = process.argv.slice(1);
    const kill = () => process.kill(process.pid, 'SIGKILL');
    if (${JSON.stringify(upTo)} === 'any moment') {
      const destination = duckdb(path, { settings: ${JSON.stringify(settings)} });
      await destination.open();
      console.log('begun');
      for (;;) await destination.compact({ signal: new AbortController().signal });
    }
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await makeCopy(connection, path);
    await connection.run('CHECKPOINT');
    if (${JSON.stringify(upTo)} === 'the copy') kill();
    await putInPlace(path, () => {
      connection.closeSync();
      instance.closeSync();
      if (${JSON.stringify(upTo)} === 'closing') kill();
    });
    kill();
  `;

  async function killed(upTo: string, afterMs = 0): Promise<void> {
    const args = ['--input-type=module', '-e', program(upTo), path];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    if (upTo === 'any moment') {
      await once(child.stdout, 'data');
      await pause(afterMs);
      child.kill('SIGKILL');
    }
    expect(await ended).toEqual([null, 'SIGKILL']);
  }

  test.each([
    { upTo: 'the copy', isDone: false },
    { upTo: 'closing', isDone: false },
    { upTo: 'putting it in place', isDone: true },
  ])('after $upTo: the file is whole, and nothing lies beside it', async ({ upTo, isDone }) => {
    await (await withErased()).close?.();
    await killed(upTo);
    const destination = open();
    expect(await countOf(destination)).toBe(2_000);
    expect([isIn(word), existsSync(`${path}.compact`)]).toEqual([!isDone, false]);
    await destination.compact?.({ signal });
    expect([await countOf(destination), isIn(word)]).toEqual([2_000, false]);
  });

  test('at any moment, again and again: the file is whole', async () => {
    await (await withErased()).close?.();
    for (let run = 0; run < 3; run++) {
      await killed('any moment', run * 31);
      const destination = open();
      expect(await countOf(destination)).toBe(2_000 + run);
      await destination.deliver([aCollectedEvent({ messageId: `run${run}` })], { signal });
      await destination.close?.();
      expect(readdirSync(folder).filter((name) => name.includes('.compact'))).toEqual([]);
    }
  }, 60_000);
});
