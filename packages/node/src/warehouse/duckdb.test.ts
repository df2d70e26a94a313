import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DuckDBInstance } from '@duckdb/node-api';
import type { CollectedEvent } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DuckDbDestination, type DuckDbOptions, duckdb } from './duckdb.ts';
import { migrations } from './duckdb-schema.ts';

const { signal } = new AbortController();

let folder: string;
let opened: DuckDbDestination[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duckdb-'));
  opened = [];
});

afterEach(async () => {
  for (const destination of opened) await destination.close?.();
  await rm(folder, { recursive: true });
});

function open(file = 'events.duckdb', options?: DuckDbOptions): DuckDbDestination {
  const destination = duckdb(join(folder, file), options);
  opened.push(destination);
  return destination;
}

const countOf = async (destination: DuckDbDestination): Promise<number> =>
  (await destination.query<{ n: number }>('SELECT count(*) AS n FROM events'))[0]?.n ?? -1;

const idsIn = async (destination: DuckDbDestination): Promise<readonly string[]> =>
  (await destination.query<{ message_id: string }>('SELECT message_id FROM events ORDER BY 1')).map(
    (row) => row.message_id,
  );

describe('what is stored', () => {
  test('every column of an event', async () => {
    const destination = open();
    const event = aCollectedEvent({
      messageId: 'm1',
      event: 'Order Completed',
      anonymousId: 'a1',
      userId: 'u1',
      timestamp: '2026-03-01T10:00:00.123Z',
      originalTimestamp: '2026-03-01T12:00:00.123+02:00',
      sentAt: '2026-03-01T10:00:01.000Z',
      receivedAt: '2026-03-01T10:00:02.000Z',
      source: 'server',
      properties: { total: 12.5, products: [{ id: 'p1' }] },
      integrations: { All: true },
      context: {
        session: { id: 's1' },
        page: { url: 'https://shop.example/a?b', path: '/a', title: 'A', referrer: 'https://search.example/' },
        locale: 'de-DE',
        ip: '192.0.2.1',
        userAgent: 'Mozilla/5.0',
      },
    });
    expect(await destination.deliver([event], { signal })).toEqual({ kind: 'delivered' });
    expect(await destination.query('FROM events')).toEqual([
      {
        message_id: 'm1',
        type: 'track',
        event: 'Order Completed',
        name: null,
        category: null,
        anonymous_id: 'a1',
        user_id: 'u1',
        group_id: null,
        previous_id: null,
        session_id: 's1',
        timestamp: new Date('2026-03-01T10:00:00.123Z'),
        original_timestamp: new Date('2026-03-01T10:00:00.123Z'),
        sent_at: new Date('2026-03-01T10:00:01.000Z'),
        received_at: new Date('2026-03-01T10:00:02.000Z'),
        source: 'server',
        page_url: 'https://shop.example/a?b',
        page_path: '/a',
        page_title: 'A',
        page_referrer: 'https://search.example/',
        locale: 'de-DE',
        ip: '192.0.2.1',
        user_agent: 'Mozilla/5.0',
        properties: { total: 12.5, products: [{ id: 'p1' }] },
        traits: null,
        context: event.context,
        integrations: { All: true },
      },
    ]);
  });

  test('the fields of the other calls', async () => {
    const destination = open();
    const shared = {
      receivedAt: '2026-01-01T00:00:01Z',
      originalTimestamp: '2026-01-01T00:00:00Z',
      source: 'browser',
    } as const;
    const calls: CollectedEvent[] = [
      { ...shared, type: 'page', messageId: 'm1', timestamp: '2026-01-01T00:00:00Z', name: 'Home', category: 'Shop' },
      {
        ...shared,
        type: 'group',
        messageId: 'm2',
        timestamp: '2026-01-01T00:00:00Z',
        groupId: 'acme',
        traits: { seats: 5 },
      },
      { ...shared, type: 'alias', messageId: 'm3', timestamp: '2026-01-01T00:00:00Z', userId: 'u1', previousId: 'a1' },
    ];
    await destination.deliver(calls, { signal });
    expect(
      await destination.query(
        'SELECT type, name, category, group_id, user_id, previous_id, traits FROM events ORDER BY message_id',
      ),
    ).toEqual([
      { type: 'page', name: 'Home', category: 'Shop', group_id: null, user_id: null, previous_id: null, traits: null },
      {
        type: 'group',
        name: null,
        category: null,
        group_id: 'acme',
        user_id: null,
        previous_id: null,
        traits: { seats: 5 },
      },
      { type: 'alias', name: null, category: null, group_id: null, user_id: 'u1', previous_id: 'a1', traits: null },
    ]);
  });

  test('a batch larger than one chunk of the writer, whole', async () => {
    const destination = open();
    const events = Array.from({ length: 5_000 }, (_, index) =>
      aCollectedEvent({ messageId: `m${index}`, properties: { index } }),
    );
    await destination.deliver(events, { signal });
    expect(
      await destination.query(`SELECT count(*) AS n, sum((properties->>'index')::INTEGER) AS total FROM events`),
    ).toEqual([{ n: 5_000, total: (4_999 * 5_000) / 2 }]);
  });
});

describe('once', () => {
  test('a batch delivered twice', async () => {
    const destination = open();
    const events = ['m1', 'm2'].map((messageId) => aCollectedEvent({ messageId }));
    await destination.deliver(events, { signal });
    expect(await destination.deliver(events, { signal })).toEqual({ kind: 'delivered' });
    expect(await idsIn(destination)).toEqual(['m1', 'm2']);
  });

  test('an event that is in one batch twice: the first counts', async () => {
    const destination = open();
    const twins = ['first', 'second'].map((event) => aCollectedEvent({ messageId: 'm1', event }));
    await destination.deliver([...twins, aCollectedEvent({ messageId: 'm2' })], { signal });
    expect(await destination.query(`SELECT event FROM events WHERE message_id = 'm1'`)).toEqual([{ event: 'first' }]);
    expect(await countOf(destination)).toBe(2);
  });

  test('what did not go in and was erased does not come back, whatever is collected as garbage', async () => {
    const destination = open();
    const deliver = (...ids: string[]) =>
      destination.deliver(
        ids.map((messageId) => aCollectedEvent({ messageId, userId: 'u1' })),
        { signal },
      );
    await deliver('m1');
    await deliver('m1', 'm2');
    await destination.erase?.({ userId: 'u1' }, { signal });
    setFlagsFromString('--expose-gc');
    for (let times = 0; times < 5; times++) {
      runInNewContext('gc')();
      await nextTurn();
    }
    expect(await idsIn(destination)).toEqual([]);
  });

  test('a table to which somebody added a column', async () => {
    const destination = open();
    await destination.query('ALTER TABLE events ADD COLUMN mine VARCHAR');
    await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    expect(await destination.query('SELECT message_id, mine FROM events')).toEqual([{ message_id: 'm1', mine: null }]);
  });

  test.each([
    { why: 'one that is parked stays, whatever comes under its id later', isFirstOdd: true },
    { why: 'one that is a row stays, and nothing is parked under its id', isFirstOdd: false },
  ])('of two the first counts: $why', async ({ isFirstOdd }) => {
    const good = aCollectedEvent({ messageId: 'm1' });
    const odd = { ...good, timestamp: 'yesterday' } as CollectedEvent;
    const both = isFirstOdd ? [odd, good] : [good, odd];
    const [together, apart] = [open('together.duckdb'), open('apart.duckdb')];
    await together.deliver(both, { signal });
    for (const event of both) await apart.deliver([event], { signal });
    for (const destination of [together, apart]) {
      expect([await countOf(destination), await destination.parked()]).toEqual(isFirstOdd ? [0, 1] : [1, 0]);
    }
  });

  test('deliveries that overlap, as after a timeout', async () => {
    const destination = open();
    const deliveries: Promise<unknown>[] = [];
    let isFirstDone = false;
    const batch = (size: number) =>
      Array.from({ length: size }, (_, index) => aCollectedEvent({ messageId: `m${deliveries.length}-${index}` }));
    deliveries.push(destination.deliver(batch(5_000), { signal }));
    void deliveries[0]?.finally(() => {
      isFirstDone = true;
    });
    // Others begin at every stage of the first.
    while (!isFirstDone) {
      if (deliveries.length < 50) deliveries.push(destination.deliver(batch(1), { signal }));
      await nextTurn();
    }
    expect(await Promise.all(deliveries)).toEqual(deliveries.map(() => ({ kind: 'delivered' })));
    expect(await countOf(destination)).toBe(5_000 + deliveries.length - 1);
  });

  test('across a restart', async () => {
    const events = [aCollectedEvent({ messageId: 'm1' })];
    const before = open();
    await before.deliver(events, { signal });
    await before.close?.();
    const after = open();
    await after.deliver([...events, aCollectedEvent({ messageId: 'm2' })], { signal });
    expect(await idsIn(after)).toEqual(['m1', 'm2']);
  });
});

describe('one bad event costs only itself', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  test.each([
    { why: 'a moment that is none', bad: { timestamp: 'yesterday' }, reason: 'timestamp-unreadable' },
    {
      why: 'a moment before all that databases know',
      bad: { timestamp: '1899-12-31T23:59:59.999Z' },
      reason: 'timestamp-unreadable',
    },
    {
      why: 'a moment after it',
      bad: { timestamp: '+012345-01-01T00:00:00.000Z' },
      reason: 'timestamp-unreadable',
    },
    { why: 'an id that would have to be changed', bad: { messageId: 'bad\0' }, reason: 'message_id-unreadable' },
    { why: 'no name of its sender', bad: { source: 7 }, reason: 'source-unreadable' },
    { why: 'properties in a circle', bad: { properties: cycle }, reason: 'not-json' },
    { why: 'a BigInt', bad: { properties: { n: 1n } }, reason: 'not-json' },
  ])('$why', async ({ bad, reason }) => {
    const destination = open();
    const events = [
      aCollectedEvent({ messageId: 'm1' }),
      { ...aCollectedEvent({ messageId: 'bad' }), ...bad } as unknown as CollectedEvent,
      aCollectedEvent({ messageId: 'm2' }),
    ];
    for (let time = 0; time < 2; time++) {
      expect(await destination.deliver(events, { signal })).toEqual({ kind: 'delivered' });
    }
    expect(await idsIn(destination)).toEqual(['m1', 'm2']);
    expect(await destination.parked()).toBe(1);
    expect(await destination.query('SELECT reason, anonymous_id FROM parked')).toEqual([
      { reason, anonymous_id: 'anonymous-1' },
    ]);
  });

  test('a row that the database refuses, found among a thousand', async () => {
    const destination = open();
    await destination.query('CREATE UNIQUE INDEX one_order ON events (group_id)');
    const events = Array.from({ length: 1_000 }, (_, index) =>
      aCollectedEvent({ messageId: `m${index}`, ...([300, 700].includes(index) ? { groupId: 'same' } : {}) } as object),
    );
    expect(await destination.deliver(events, { signal })).toEqual({
      kind: 'delivered',
    });
    expect(await countOf(destination)).toBe(999);
    expect(await destination.query(`SELECT reason, event ->> 'messageId' AS id FROM parked`)).toEqual([
      { reason: 'refused-by-duckdb', id: 'm700' },
    ]);
  });

  test.each([
    { why: 'half a surrogate pair', text: 'a\ud83d!', expected: 'a\ufffd!' },
    { why: 'a backslash before letters that look like one', text: '\\ud83d', expected: '\\ud83d' },
    { why: 'a backslash before half a pair', text: '\\\ud83d', expected: '\\\ufffd' },
    { why: 'a zero character', text: 'a\0b', expected: 'a\ufffdb' },
    { why: 'a backslash before what looks like a zero', text: '\\u0000', expected: '\\u0000' },
    { why: 'an emoji', text: 'a😀', expected: 'a😀' },
  ])('$why leaves the column readable', async ({ text, expected }) => {
    const destination = open();
    await destination.deliver([aCollectedEvent({ event: text, properties: { text } })], { signal });
    expect(await destination.query(`SELECT event, properties->>'text' AS text FROM events`)).toEqual([
      { event: expected, text: expected },
    ]);
  });

  test('of two keys that become one the last counts', async () => {
    const destination = open();
    await destination.deliver([aCollectedEvent({ properties: { 'a\0': 1, 'a\ud83d': 2, b: 3 } })], { signal });
    expect(await destination.query('SELECT properties::VARCHAR AS text FROM events')).toEqual([
      { text: '{"a\ufffd":2,"b":3}' },
    ]);
  });

  test.each([
    { why: 'a claimed time that is none', odd: { sentAt: 'now', originalTimestamp: '' }, column: 'sent_at' },
    { why: 'a context of another shape', odd: { context: { page: 'home', session: null, ip: 4 } }, column: 'page_url' },
  ])('$why is left empty', async ({ odd, column }) => {
    const destination = open();
    await destination.deliver([{ ...aCollectedEvent(), ...odd } as unknown as CollectedEvent], { signal });
    expect(await destination.query(`SELECT ${column} AS value FROM events`)).toEqual([{ value: null }]);
  });
});

describe('erase', () => {
  const theirs = (count: number) =>
    Array.from({ length: count }, (_, index) => aCollectedEvent({ messageId: `m${index}`, userId: 'u1' }));

  test('comes after what was delivered before it, and before what is delivered after it', async () => {
    const destination = open();
    const before = destination.deliver(theirs(3_000), { signal });
    const erasure = destination.erase?.({ userId: 'u1' }, { signal });
    const after = destination.deliver([aCollectedEvent({ messageId: 'later', userId: 'u1' })], { signal });
    await Promise.all([before, erasure, after]);
    expect(await idsIn(destination)).toEqual(['later']);
  });

  test('leaves nothing of it to be read from the log beside the file', async () => {
    const destination = open();
    const event = aCollectedEvent({ userId: 'u1', properties: { text: 'so-rare-a-word' } });
    await destination.deliver([event, { ...aCollectedEvent({ messageId: 'm2' }), userId: 'u1', timestamp: '' }], {
      signal,
    });
    const log = join(folder, 'events.duckdb.wal');
    expect(readFileSync(log, 'latin1')).toContain('so-rare-a-word');
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(existsSync(log) ? readFileSync(log, 'latin1') : '').not.toContain('so-rare-a-word');
    expect([await countOf(destination), await destination.parked()]).toEqual([0, 0]);
  });

  test('that nobody waits for begins not', async () => {
    const destination = open();
    await destination.deliver(theirs(1), { signal });
    await expect(destination.erase?.({ userId: 'u1' }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      message: expect.stringContaining('waits'),
      erasedRows: 0,
    });
    expect(await countOf(destination)).toBe(1);
  });

  test('that is given up under way erases all or nothing, and the next goes through', async () => {
    const destination = open();
    await destination.deliver(theirs(2_000), { signal });
    await destination.query(
      `INSERT INTO events BY NAME SELECT events.* REPLACE (message_id || '-' || copy AS message_id) FROM events, range(20) AS copies(copy)`,
    );
    const controller = new AbortController();
    const erasure = destination.erase?.({ userId: 'u1' }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    const hasFailed = await erasure?.then(
      () => false,
      () => true,
    );
    expect(await countOf(destination)).toBe(hasFailed ? 42_000 : 0);
    await destination.erase?.({ userId: 'u1' }, { signal });
    expect(await countOf(destination)).toBe(0);
  }, 60_000);
});

describe('query', () => {
  test.each([
    { why: 'a count is a number', sql: 'SELECT count(*) AS v FROM range(3)', v: 3 },
    { why: 'a sum is a number', sql: 'SELECT sum(i) AS v FROM range(4) t(i)', v: 6 },
    { why: 'beyond 2^53 it is text', sql: 'SELECT 9007199254740993 AS v', v: '9007199254740993' },
    { why: 'a decimal is a number', sql: 'SELECT 1.25::DECIMAL(9,2) AS v', v: 1.25 },
    {
      why: 'a moment is a Date',
      sql: `SELECT TIMESTAMPTZ '2026-01-01 01:00:00+01' AS v`,
      v: new Date('2026-01-01T00:00:00Z'),
    },
    {
      why: 'moments are in UTC',
      sql: `SELECT strftime(TIMESTAMPTZ '2026-01-01 01:00:00+01', '%H:%M') AS v`,
      v: '00:00',
    },
    { why: 'the zone is UTC wherever it runs', sql: `SELECT current_setting('TimeZone') AS v`, v: 'UTC' },
    { why: 'endless time is text', sql: `SELECT 'infinity'::TIMESTAMPTZ AS v`, v: 'infinity' },
    { why: 'a date is its text', sql: `SELECT DATE '2026-01-02' AS v`, v: '2026-01-02' },
    { why: 'JSON is parsed', sql: `SELECT '{"a":[1]}'::JSON AS v`, v: { a: [1] } },
    { why: 'a JSON path gives text', sql: `SELECT '{"a":"b"}'::JSON->>'a' AS v`, v: 'b' },
    {
      why: 'lists and structs are arrays and objects',
      sql: `SELECT [{'n': 1::BIGINT, 'j': '[2]'::JSON}] AS v`,
      v: [{ n: 1, j: [2] }],
    },
    { why: 'nothing is null', sql: 'SELECT NULL AS v', v: null },
  ])('$why', async ({ sql, v }) => {
    const destination = open();
    expect(await destination.query(sql)).toEqual([{ v }]);
  });

  test.each([
    { why: 'by place', sql: 'SELECT $1 AS a, $2 AS b', params: ['x', 2], expected: { a: 'x', b: 2 } },
    {
      why: 'by name',
      sql: 'SELECT $a AS a, $b AS b',
      params: { a: true, b: undefined },
      expected: { a: true, b: null },
    },
    {
      why: 'a Date',
      sql: `SELECT $1 = TIMESTAMPTZ '2026-01-01 00:00:00Z' AS same`,
      params: [new Date('2026-01-01T00:00:00Z')],
      expected: { same: true },
    },
    {
      why: 'a list',
      sql: 'SELECT list_contains($1, $2) AS found',
      params: [['a', 'b'], 'b'],
      expected: { found: true },
    },
    {
      why: 'whole and broken numbers',
      sql: 'SELECT $1 AS a',
      params: [[10, 12.5, 3e9]],
      expected: { a: [10, 12.5, 3e9] },
    },
    { why: 'small and great ones', sql: 'SELECT $1 AS a', params: [[1, 3e9]], expected: { a: [1, 3e9] } },
    { why: 'a whole number beyond 2^63', sql: 'SELECT $1 AS a', params: [1e20], expected: { a: 1e20 } },
    {
      why: 'a list that begins with nothing',
      sql: 'SELECT $1 AS a',
      params: [[null, 'b']],
      expected: { a: [null, 'b'] },
    },
    { why: 'lists in a list', sql: 'SELECT $1 AS a', params: [[[], null, ['b']]], expected: { a: [[], null, ['b']] } },
    {
      why: 'moments after nothing',
      sql: 'SELECT len(list_filter($1, lambda x: x = $2)) AS n',
      params: [[undefined, new Date(5)], new Date(5)],
      expected: { n: 1 },
    },
    ...[true, 5n].map((item) => ({
      why: `${typeof item}s after nothing`,
      sql: 'SELECT $1 AS a',
      params: [[null, item]],
      expected: { a: [null, typeof item === 'bigint' ? 5 : item] },
    })),
    { why: 'an empty list', sql: 'SELECT len($list) AS n', params: { list: [] }, expected: { n: 0 } },
  ])('takes parameters: $why', async ({ sql, params, expected }) => {
    expect(await open().query(sql, params)).toEqual([expected]);
  });

  test('refuses a parameter it cannot bind, naming it', async () => {
    await expect(open().query('SELECT $a', { a: {} })).rejects.toThrow('query(): parameter a: expected text');
  });

  test('a failing one harms neither the next nor a delivery', async () => {
    const destination = open();
    await expect(destination.query('SELECT * FROM nowhere')).rejects.toThrow('nowhere');
    await destination.query('BEGIN TRANSACTION');
    await destination.deliver([aCollectedEvent()], { signal });
    expect(await countOf(destination)).toBe(1);
  });

  test('never goes to the network for an extension', async () => {
    const settings = await open().query<{ name: string; value: string }>(
      `SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions' ORDER BY name`,
    );
    expect(settings).toEqual([
      { name: 'autoinstall_known_extensions', value: 'false' },
      { name: 'autoload_known_extensions', value: 'false' },
    ]);
    const builtIn = await open().query(
      `SELECT extension_name AS name FROM duckdb_extensions() WHERE loaded AND install_mode = 'STATICALLY_LINKED' AND name IN ('json', 'icu') ORDER BY name`,
    );
    expect(builtIn).toEqual([{ name: 'icu' }, { name: 'json' }]);
  });
});

describe('opening and closing', () => {
  test('makes the folders above the file', async () => {
    await open('a/b/events.duckdb').deliver([aCollectedEvent()], { signal });
    expect(existsSync(join(folder, 'a/b/events.duckdb'))).toBe(true);
  });

  test('two in one process share a file', async () => {
    const [first, second] = [open(), open()];
    await first.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    await second.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    await first.close?.();
    expect(await countOf(second)).toBe(1);
  });

  test('a file of another process: says so, and delivers once it is free', async () => {
    const path = join(folder, 'events.duckdb');
    const child = spawn(process.execPath, [fixture, path, 'other'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(createInterface(child.stdout), 'line');
    const destination = open();
    await expect(destination.open?.()).rejects.toThrow(`the file is in use by another process (PID ${child.pid})`);
    await expect(destination.query('SELECT 1')).rejects.toThrow('in use by another process');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await destination.open?.();
    expect(await destination.deliver([aCollectedEvent()], { signal })).toMatchObject({ kind: 'delivered' });
  });

  test('a file of an older library gets what is new', async () => {
    const path = join(folder, 'events.duckdb');
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(migrations[0] ?? '');
    await connection.run('CREATE TABLE track_schema (version INTEGER NOT NULL); INSERT INTO track_schema VALUES (1)');
    connection.closeSync();
    instance.closeSync();
    expect(await open().parked()).toBe(0);
  });

  test('a file of a newer library is left alone', async () => {
    const destination = open();
    await destination.query('INSERT INTO track_schema VALUES (1000)');
    await destination.close?.();
    await expect(open().open?.()).rejects.toThrow(`version 1000, this library knows ${migrations.length}`);
  });

  test('an aborted delivery writes nothing', async () => {
    const destination = open();
    expect(await destination.deliver([aCollectedEvent()], { signal: AbortSignal.abort() })).toEqual({
      kind: 'retry',
      reason: 'timeout',
    });
    expect(await countOf(destination)).toBe(0);
  });

  test('close waits for what is under way, leaves one file, and is final', async () => {
    const destination = open();
    const delivery = destination.deliver([aCollectedEvent()], { signal });
    await delivery;
    let answer: unknown;
    void destination.query('SELECT sum(i) AS n FROM range(20000000) t(i)').then((rows) => {
      answer = rows;
    });
    await destination.close?.();
    expect(answer).toEqual([{ n: 199_999_990_000_000 }]);
    expect(existsSync(join(folder, 'events.duckdb.wal'))).toBe(false);
    await expect(destination.query('SELECT 1')).rejects.toThrow('is closed');
    // Another program may have it now.
    const instance = await DuckDBInstance.create(join(folder, 'events.duckdb'), { access_mode: 'READ_ONLY' });
    instance.closeSync();
  });

  test.each([
    { why: 'no path', make: () => duckdb(''), message: 'duckdb(path): expected the path of a file, got an empty text' },
    { why: 'a path of another type', make: () => duckdb(7 as never), message: 'got number' },
    {
      why: 'an unknown option',
      make: () => duckdb('a', { table: 'x' } as never),
      message: 'unknown option "table"; known are name, requires, limits, settings, models',
    },
  ])('refuses at set-up: $why', ({ make, message }) => {
    expect(make).toThrow(message);
  });
});

const fixture = fileURLToPath(new URL('fixtures/deliver-forever.ts', import.meta.url));

test('what deliver promised survives kill -9, once each, five times over', { timeout: 60_000 }, async () => {
  const path = join(folder, 'events.duckdb');
  const acknowledged: string[] = [];
  for (let run = 0; run < 5; run++) {
    const child = spawn(process.execPath, [fixture, path, `run${run}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(`run${run}-${line}`);
      if (Number(line) === 3 + run * 4) child.kill('SIGKILL');
    }
  }
  const stored = await open().query<{ batch: string; n: number; ids: number }>(
    `SELECT regexp_extract(message_id, '^run\\d+-\\d+') AS batch, count(*) AS n, count(DISTINCT message_id) AS ids FROM events GROUP BY 1`,
  );
  const byBatch = new Map(stored.map(({ batch, n, ids }) => [batch, { n, ids }]));
  expect(acknowledged.length).toBeGreaterThanOrEqual(5 * 4);
  for (const batch of acknowledged) expect({ batch, ...byBatch.get(batch) }).toEqual({ batch, n: 50, ids: 50 });
  // A batch whose answer never came is there whole or not at all.
  expect(stored.filter(({ n }) => n !== 50)).toEqual([]);
});
