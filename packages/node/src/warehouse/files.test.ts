import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CollectedEvent, Destination } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { draftOwner } from './draft-owner.ts';
import { type DuckDbDestination, duckdb } from './duckdb.ts';
import { eventsIn, type FilesOptions, files } from './files.ts';

const { signal } = new AbortController();

let folder: string;
let lake: string;
let opened: Destination[];
let reader: DuckDbDestination;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "it's a lake-"));
  lake = join(folder, 'lake');
  opened = [];
  reader = duckdb(':memory:');
});
afterEach(async () => {
  for (const destination of [...opened, reader]) await destination.close?.();
  rmSync(folder, { recursive: true });
});

function open(options: Partial<FilesOptions> = {}): Destination {
  const destination = files({ to: lake, ...options });
  opened.push(destination);
  return destination;
}

const filesIn = (place = lake): readonly string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(place.length + 1))
    .sort();

const numbered = (from: number, count: number, fields: object = {}): CollectedEvent[] =>
  Array.from({ length: count }, (_, index) =>
    aCollectedEvent({ messageId: `m${from + index}`, anonymousId: `a${from + index}`, ...fields }),
  );

test.each([
  { why: 'no place', options: {}, message: 'files: to: expected a text that is not empty' },
  { why: 'a bucket elsewhere', options: { to: 'gs://bucket/x' }, message: 'got another URL' },
  { why: 'an unknown option', options: { to: 'x', path: 'y' }, message: 'unknown option "path"' },
  { why: 'an unknown format', options: { to: 'x', format: 'csv' }, message: 'format: expected "parquet" or "ndjson"' },
  { why: 'packed Parquet', options: { to: 'x', gzip: true }, message: 'gzip: is for the format "ndjson" alone' },
  { why: 'keys for a folder', options: { to: 'x', s3: {} }, message: 's3: is for "s3://bucket/prefix" alone' },
])('refuses at set-up: $why', ({ options, message }) => {
  expect(() => files(options as FilesOptions)).toThrow(message);
});

describe.each([
  { format: 'parquet', gzip: undefined, ending: '.parquet' },
  { format: 'ndjson', gzip: undefined, ending: '.ndjson.gz' },
  { format: 'ndjson', gzip: false, ending: '.ndjson' },
] as const)('$ending', ({ format, gzip, ending }) => {
  const own = { format, ...(gzip === undefined ? {} : { gzip }) };
  const ask = <Row>(sql: string): Promise<readonly Row[]> =>
    reader.query<Row>(`WITH events AS (${eventsIn(lake, { format })}) ${sql}`);
  const idsIn = async (): Promise<readonly string[]> =>
    (await ask<{ message_id: string }>('SELECT message_id FROM events ORDER BY message_id')).map(
      (row) => row.message_id,
    );

  test('has the columns of the warehouses, and the same values in them', async () => {
    const event = aCollectedEvent({
      messageId: 'm1',
      event: `it's "so"`,
      anonymousId: 'a1',
      userId: 'u1',
      timestamp: '2026-03-01T10:00:00.123Z',
      sentAt: '2026-03-01T10:00:01.000Z',
      receivedAt: '2026-03-01T23:59:59.999Z',
      properties: { total: 12.5, products: [{ id: 'p"1' }, null, '{,}\\', 'ü\n\u0000'], half: 'a\ud83d!' },
      context: { session: { id: 's1' }, page: { path: '/a', title: '' }, locale: 'de-DE' },
    });
    await open(own).deliver([event], { signal });
    const kept = duckdb(':memory:');
    opened.push(kept);
    await kept.deliver([event], { signal });
    const [row] = await ask<{ dt: unknown; hour: unknown }>('SELECT * FROM events');
    const { dt, hour, ...fields } = row ?? { dt: undefined, hour: undefined };
    expect([fields]).toEqual(await kept.query('SELECT * FROM events'));
    expect({ dt, hour }).toEqual({ dt: expect.anything(), hour: 23 });
    const types = (sql: string) => `SELECT column_name, column_type FROM (DESCRIBE ${sql}) ORDER BY ALL`;
    const ofFiles = await reader.query(types(eventsIn(lake, { format })));
    expect(ofFiles).toEqual(
      expect.arrayContaining([...(await kept.query(types('FROM events'))), { column_name: 'dt', column_type: 'DATE' }]),
    );
  });

  test('a file for each hour, by when events were received', async () => {
    const times = ['2026-03-01T23:59:59.999Z', '2026-03-02T00:00:00.000Z', '2026-03-01T23:10:00.000Z'];
    const events = times.map((receivedAt, index) => aCollectedEvent({ messageId: `m${index}`, receivedAt }));
    expect(await open(own).deliver(events, { signal })).toEqual({ kind: 'delivered', verdicts: new Map() });
    expect(filesIn()).toEqual([
      expect.stringMatching(/^dt=2026-03-01\/hour=23\/5959-[0-9a-f]{32}\./),
      expect.stringMatching(/^dt=2026-03-02\/hour=00\/0000-[0-9a-f]{32}\./),
    ]);
    expect(filesIn().every((file) => file.endsWith(ending))).toBe(true);
    expect(await ask("SELECT count(*) AS n FROM events WHERE dt = '2026-03-01'")).toEqual([{ n: 2 }]);
  });

  test('a batch again is the same file; put together anew, each event is still read once', async () => {
    const destination = open(own);
    const events = numbered(0, 40);
    for (let time = 0; time < 3; time++) await destination.deliver(events, { signal });
    expect(filesIn()).toHaveLength(1);
    await destination.deliver(events.slice(0, 25), { signal });
    await open({ ...own, name: 'second' }).deliver(events.slice(20), { signal });
    expect(filesIn()).toHaveLength(3);
    expect(await ask('SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM events')).toEqual([
      { n: 40, ids: 40 },
    ]);
  });

  test('forgets a person: in each file that has them, and nothing else changes', async () => {
    const destination = open(own);
    await destination.deliver(
      [
        aCollectedEvent({ messageId: 'm1', userId: 'u1', anonymousId: 'x' }),
        aCollectedEvent({ messageId: 'm2', userId: "u'2", anonymousId: 'a1' }),
        aCollectedEvent({ messageId: 'm3', userId: 'u2', anonymousId: 'u1' }),
        aCollectedEvent({ messageId: 'm4', userId: 'u3', type: 'alias', previousId: 'u1' } as object),
      ],
      { signal },
    );
    await destination.deliver([aCollectedEvent({ messageId: 'm5', userId: 'u1' })], { signal });
    await destination.deliver([aCollectedEvent({ messageId: 'm6', userId: 'u4' })], { signal });
    // Before u1 said who they are, and somebody else on the same device.
    await destination.deliver(
      [
        aCollectedEvent({ messageId: 'm7', anonymousId: 'x' }),
        aCollectedEvent({ messageId: 'm8', userId: 'u9', anonymousId: 'x' }),
      ],
      { signal },
    );
    // What others keep there stays as it is.
    mkdirSync(join(lake, 'other'));
    for (const name of ['README', `other/u1${ending}`]) writeFileSync(join(lake, name), 'somebody wrote this');
    const untouched = filesIn().map((file) => [file, readFileSync(join(lake, file))] as const);
    expect(await destination.erase?.({ userId: 'nobody' }, { signal })).toEqual({ rows: 0 });
    for (const [file, bytes] of untouched) expect(readFileSync(join(lake, file)).equals(bytes)).toBe(true);
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(await idsIn()).toEqual(['m2', 'm3', 'm6', 'm8']);
    expect(filesIn()).toHaveLength(5); // one is gone: nobody else was in it
    await destination.erase?.({ userId: "u'2", anonymousId: 'a1' }, { signal });
    expect(await idsIn()).toEqual(['m3', 'm6', 'm8']);
    await destination.deliver([aCollectedEvent({ messageId: 'm9' })], { signal });
    expect(await idsIn()).toEqual(['m3', 'm6', 'm8', 'm9']);
  });

  test('a file without somebody, and what is told of others, have the columns that they had', async () => {
    const destination = open(own);
    await destination.deliver([...numbered(0, 1, { userId: 'u1' }), ...numbered(1, 1, { userId: 'u2' })], { signal });
    const columnsOf = async (): Promise<unknown> => {
      const file = `'${join(lake, filesIn()[0] ?? '').replaceAll("'", "''")}'`;
      const source =
        format === 'parquet'
          ? `read_parquet(${file}, hive_partitioning = false)`
          : `read_json(${file}, hive_partitioning = false)`;
      return reader.query(`SELECT column_name FROM (DESCRIBE FROM ${source}) ORDER BY 1`);
    };
    const before = await columnsOf();
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(await columnsOf()).toEqual(before);
    const [told] = (await destination.export?.({ userId: 'u2' }, { signal })) ?? [];
    expect(told).toHaveProperty('message_id', 'm1');
    expect(told).not.toHaveProperty('hour');
  });

  test.each([
    { why: 'line separator', mark: '\u2028' },
    { why: 'paragraph separator', mark: '\u2029' },
    { why: 'next line', mark: '\u0085' },
    { why: 'carriage return', mark: '\r' },
  ])('a $why in a text ends no line: whose it is is told, and forgotten, and others keep it', async ({ mark }) => {
    const destination = open(own);
    const properties = { text: `one${mark}two` };
    await destination.deliver([...numbered(0, 1, { userId: 'u1', properties }), ...numbered(1, 1, { properties })], {
      signal,
    });
    expect(await destination.export?.({ userId: 'u1' }, { signal })).toMatchObject([{ message_id: 'm0' }]);
    expect(await destination.erase?.({ userId: 'u1' }, { signal })).toEqual({ rows: 1 });
    expect(await ask('SELECT message_id, properties FROM events')).toEqual([{ message_id: 'm1', properties }]);
  });

  test('what has no row is a dead letter, and costs the others nothing', async () => {
    const bad = { ...aCollectedEvent({ messageId: 'bad' }), timestamp: 'yesterday' } as CollectedEvent;
    expect(await open(own).deliver([...numbered(0, 2), bad], { signal })).toEqual({
      kind: 'delivered',
      verdicts: new Map([['bad', { kind: 'dead', reason: 'timestamp-unreadable' }]]),
    });
    expect(await idsIn()).toEqual(['m0', 'm1']);
  });

  test('where nothing can be written it says that someone must act, and goes on when it can be', async () => {
    writeFileSync(lake, 'a file where the folder should be');
    const destination = open(own);
    await expect(destination.open?.()).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(await destination.deliver(numbered(0, 2), { signal })).toMatchObject({ kind: 'config' });
    rmSync(lake);
    expect(await destination.deliver(numbered(0, 2), { signal })).toMatchObject({ kind: 'delivered' });
    expect(await idsIn()).toEqual(['m0', 'm1']);
  });

  test('an hour that cannot be written costs the others nothing', async () => {
    const destination = open(own);
    mkdirSync(join(lake, 'dt=2026-03-01'), { recursive: true });
    writeFileSync(join(lake, 'dt=2026-03-01/hour=11'), '');
    const hours = [10, 11, 12].map((hour) =>
      aCollectedEvent({ messageId: `m${hour}`, receivedAt: `2026-03-01T${hour}:00:00.000Z` }),
    );
    expect(await destination.deliver(hours, { signal })).toEqual({
      kind: 'delivered',
      verdicts: new Map(['m11', 'm12'].map((id) => [id, { kind: 'retry', reason: 'not-written' }])),
    });
    expect(await destination.deliver(hours.slice(1), { signal })).toMatchObject({ kind: 'config' });
    expect(readdirSync(join(lake, '.writing'))).toEqual([]);
  });

  test('two formats in one folder: both forget', async () => {
    const destination = open(own);
    for (const other of [{ format: 'parquet' }, { format: 'ndjson' }] as const) {
      await open(other).deliver([...numbered(0, 1, { userId: 'u1' }), ...numbered(1, 1)], { signal });
    }
    await destination.erase?.({ userId: 'u1' }, { signal });
    for (const each of ['parquet', 'ndjson'] as const) {
      expect(await reader.query(`SELECT message_id FROM (${eventsIn(lake, { format: each })})`)).toEqual([
        { message_id: 'm1' },
      ]);
    }
  });
});

test('lines of JSON say nothing of what an event does not have', async () => {
  await open({ format: 'ndjson' }).deliver([aCollectedEvent({ messageId: 'm1', properties: { a: [1] } })], { signal });
  const [file = ''] = filesIn();
  const lines = gunzipSync(readFileSync(join(lake, file)))
    .toString()
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ message_id: 'm1', received_at: '2026-01-01T00:00:01.000Z', properties: { a: [1] } }),
  ]);
  expect(lines[0]).not.toContain('null');
});

test('what a killed process of this machine left half-written goes at once, also before somebody is erased', async () => {
  const draftOf = (pid: number | undefined): string => draftOwner.replace(`-${process.pid}-`, `-${pid}-`);
  const dead = draftOf(spawnSync(process.execPath, ['-e', '']).pid);
  const drafts = join(lake, '.writing');
  for (const look of ['open', 'erase'] as const) {
    mkdirSync(drafts, { recursive: true });
    for (const owner of [dead, draftOf(process.ppid), draftOwner]) writeFileSync(join(drafts, `${owner}half`), 'half');
    const destination = open();
    await (look === 'open' ? destination.open?.() : destination.erase?.({ userId: 'u1' }, { signal }));
    expect(readdirSync(drafts).sort()).toEqual([`${draftOf(process.ppid)}half`, `${draftOwner}half`].sort());
  }
});

test('what a killed process left half-written is swept up after a day, and no file of a living one', async () => {
  const drafts = join(lake, '.writing');
  mkdirSync(drafts, { recursive: true });
  for (const name of ['old', 'new']) writeFileSync(join(drafts, name), 'half');
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(join(drafts, 'old'), longAgo, longAgo);
  const destination = open();
  await destination.open?.();
  expect(readdirSync(drafts)).toEqual(['new']);
  await destination.deliver(numbered(0, 1), { signal });
  expect(await reader.query(`SELECT message_id FROM (${eventsIn(`${lake}/`)})`)).toEqual([{ message_id: 'm0' }]);
});

test.each(['lake [prod]', 'lake*', 'a?'])('a folder is called what it is called: %s', async (name) => {
  lake = join(folder, name);
  await open().deliver(numbered(0, 2), { signal });
  expect(await reader.query(`SELECT message_id FROM (${eventsIn(lake)}) ORDER BY 1`)).toHaveLength(2);
});

test('a limit that is undefined leaves the one of files', () => {
  expect(open({ limits: { maxEvents: undefined } as never }).limits?.maxEvents).toBe(10_000);
});

test('who is asked about before anything was written is not there, and nothing fails', async () => {
  expect(await open().export?.({ userId: 'u1' }, { signal })).toEqual([]);
});

test('nothing is written for whoever waits no more', async () => {
  const destination = open();
  expect(await destination.deliver(numbered(0, 1), { signal: AbortSignal.abort() })).toEqual({
    kind: 'retry',
    reason: 'timeout',
  });
  await destination.open?.();
  expect(filesIn()).toEqual([]);
});
