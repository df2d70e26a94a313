import type { CollectedEvent } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { defineModel, models } from '@org/track-node/models';
import { type PostgresDestination, type PostgresOptions, postgres } from '@org/track-node/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs, postgresServer } from '../../scripts/optional.mjs';
import { startPostgres } from '../../scripts/postgres.mjs';
import { allIds, erasureCases, eventsOf, idsOfRows, toldIds } from './erasure-cases.ts';
import { modelCases } from './model-cases.ts';

const { signal } = new AbortController();

test.each([
  { why: 'no URL', options: {}, message: 'url: expected postgres://' },
  { why: 'a URL of something else', options: { url: 'mysql://root:hidden@db/x' }, message: 'got another text' },
  { why: 'an unknown option', options: { url: 'postgres://h/d', table: 'x' }, message: 'unknown option "table"' },
  { why: 'a schema without a name', options: { url: 'postgres://h/d', schema: '' }, message: 'schema: expected' },
])('refuses at set-up: $why', ({ options, message }) => {
  expect(() => postgres(options as PostgresOptions)).toThrow(message);
  expect(() => postgres(options as PostgresOptions)).not.toThrow('hidden');
});

describe('in Postgres', { ...needs(postgresServer), timeout: 60_000 }, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let schema: string;
  let opened: PostgresDestination[];
  let schemas = 0;

  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(() => server?.remove(), 60_000);
  beforeEach(() => {
    schema = `Track "${process.pid}" ${schemas++}`;
    opened = [];
  });
  afterEach(async () => {
    await opened[0]?.query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`).catch(() => {});
    for (const destination of opened) await destination.close?.();
  });

  function open(options: Partial<PostgresOptions> = {}): PostgresDestination {
    const destination = postgres({ url: server.url, schema, ...options });
    opened.push(destination);
    return destination;
  }
  const idsIn = async (destination: PostgresDestination): Promise<readonly string[]> =>
    (await destination.query<{ message_id: string }>('SELECT message_id FROM events ORDER BY 1')).map(
      (row) => row.message_id,
    );

  test('every column of an event', async () => {
    const destination = open();
    const event = aCollectedEvent({
      messageId: 'm1',
      event: `it's`,
      anonymousId: 'a1',
      userId: 'u1',
      timestamp: '2026-03-01T10:00:00.123Z',
      sentAt: '2026-03-01T10:00:01.000Z',
      receivedAt: '2026-03-01T10:00:02.000Z',
      properties: { total: 12.5, products: [{ id: 'p"1' }, null, '{,}\\'] },
      context: { session: { id: 's1' }, page: { path: '/a' }, locale: 'de-DE' },
    });
    expect(await destination.deliver([event], { signal })).toEqual({ kind: 'delivered' });
    const [row] = await destination.query('SELECT * FROM events');
    expect(row).toMatchObject({
      message_id: 'm1',
      event: `it's`,
      anonymous_id: 'a1',
      user_id: 'u1',
      group_id: null,
      session_id: 's1',
      timestamp: new Date('2026-03-01T10:00:00.123Z'),
      sent_at: new Date('2026-03-01T10:00:01.000Z'),
      page_path: '/a',
      locale: 'de-DE',
      properties: { total: 12.5, products: [{ id: 'p"1' }, null, '{,}\\'] },
      traits: null,
      context: event.context,
    });
  });

  test('a batch twice, twins in a batch, and deliveries at once leave one row for each id, the first', async () => {
    const [first, second] = [open(), open({ name: 'second' })];
    const twins = ['first', 'second'].map((event) => aCollectedEvent({ messageId: 'm1', event }));
    await first.deliver([...twins, aCollectedEvent({ messageId: 'm2' })], { signal });
    const batch = Array.from({ length: 500 }, (_, index) =>
      aCollectedEvent({ messageId: `n${index}`, event: 'again' }),
    );
    await Promise.all([first, second, first, second].map((destination) => destination.deliver(batch, { signal })));
    await first.deliver([aCollectedEvent({ messageId: 'm1', event: 'third' })], { signal });
    expect(await first.query(`SELECT event FROM events WHERE message_id = 'm1'`)).toEqual([{ event: 'first' }]);
    expect(await idsIn(first)).toHaveLength(502);
  });

  test('what is no row is parked as it came, once, and costs the others nothing', async () => {
    const destination = open();
    const bad: CollectedEvent[] = [
      aCollectedEvent({ messageId: 'z\0', anonymousId: 'a\0', properties: { text: 'a\0b' } }),
      { ...aCollectedEvent({ messageId: 'time' }), timestamp: 'yesterday' } as CollectedEvent,
      { ...aCollectedEvent({ messageId: 'late' }), receivedAt: '2300-01-01T00:00:00Z' },
      aCollectedEvent({ messageId: 'refused', groupId: 'one too many' } as object),
    ];
    const good = Array.from({ length: 100 }, (_, index) => aCollectedEvent({ messageId: `m${index}` }));
    await destination.query(`ALTER TABLE events ADD CHECK (group_id <> 'one too many')`);
    const batch = [...good.slice(0, 50), ...bad, ...good.slice(50)];
    for (let time = 0; time < 2; time++) {
      expect(await destination.deliver(batch, { signal })).toEqual({ kind: 'delivered' });
    }
    expect(await idsIn(destination)).toHaveLength(100);
    expect(await destination.parked()).toBe(4);
    const kept = await destination.query<{ event: string; reason: string }>('SELECT event, reason FROM parked');
    const events = kept.map(({ event }) => JSON.parse(event) as CollectedEvent);
    expect(events.sort((a, b) => (a.messageId < b.messageId ? -1 : 1))).toEqual(
      [...bad].sort((a, b) => (a.messageId < b.messageId ? -1 : 1)),
    );
    expect(kept.map(({ reason }) => reason).sort()).toEqual([
      'message_id-unreadable',
      'received_at-unreadable',
      'refused-23514',
      'timestamp-unreadable',
    ]);
  });

  test.each([
    { why: 'half a surrogate pair', text: 'a\ud83d!', expected: 'a\ufffd!' },
    { why: 'a zero character', text: 'a\0b', expected: 'a\ufffdb' },
  ])('$why leaves the column readable', async ({ text, expected }) => {
    const destination = open();
    await destination.deliver([aCollectedEvent({ event: text, properties: { text } })], { signal });
    expect(await destination.query(`SELECT event, properties ->> 'text' AS text FROM events`)).toEqual([
      { event: expected, text: expected },
    ]);
  });

  test.each(erasureCases)('tells, and forgets $why', async (each) => {
    const destination = open();
    await destination.deliver(eventsOf(each), { signal });
    expect(idsOfRows(await destination.export?.(each.person, { signal }))).toEqual(toldIds(each));
    expect(await destination.erase?.(each.person, { signal })).toEqual({ rows: each.events.length - each.left.length });
    expect(await destination.query(allIds)).toEqual(each.left.map((place) => ({ id: `m${place}` })));
  });

  test('many at once make one schema; one of a newer library is left alone', async () => {
    const many = Array.from({ length: 4 }, (_, index) => open({ name: `p${index}`, models }));
    await Promise.all(many.map((destination) => destination.open?.()));
    expect(await many[0]?.query('SELECT count(*) AS n FROM track_schema')).toEqual([{ n: 2 }]);
    await many[0]?.query('INSERT INTO track_schema VALUES (1000)');
    await expect(open().open?.()).rejects.toThrow('version 1000, this library knows 2');
  });

  test('a view that got other columns is made anew', async () => {
    const view = (sql: string) => [defineModel('mine', '', () => sql)];
    await open({ models: view('SELECT 1 AS a, 2 AS b') }).open?.();
    const later = open({ models: view(`SELECT 'x' AS c`) });
    expect(await later.query('SELECT * FROM mine')).toEqual([{ c: 'x' }]);
  });

  test('who may not is told to fix it; no error shows the password', async () => {
    const url = server.url.replace(/\/[^/]*$/, '/no_such_database');
    const destination = open({ url });
    expect(await destination.deliver([aCollectedEvent()], { signal })).toEqual({
      kind: 'config',
      reason: 'no-such-database',
    });
    const nowhere = open({ url: 'postgres://track:hidden-word@127.0.0.1:9/x' });
    const failure: unknown = await nowhere.deliver([aCollectedEvent()], { signal }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String((failure as Error).stack)).not.toContain('hidden-word');
  });

  test.each([
    { why: 'a transaction left open', left: 'BEGIN' },
    { why: 'a transaction that failed', left: 'BEGIN; SELECT 1 / 0' },
    { why: 'a session that may only read', left: 'SET default_transaction_read_only = on' },
  ])('what a question leaves in its session reaches no delivery: $why', async ({ left }) => {
    const [asked, reader] = [open(), open({ name: 'reader' })];
    await asked.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    await asked.query(left).catch(() => {});
    expect(await asked.deliver([aCollectedEvent({ messageId: 'm2' })], { signal })).toEqual({ kind: 'delivered' });
    expect(await idsIn(reader)).toEqual(['m1', 'm2']);
  });

  test.each([
    { why: 'a whole number', sql: '5::bigint', value: 5 },
    { why: 'one beyond 2^53', sql: '9007199254740993', value: '9007199254740993' },
    {
      why: 'a list of whole numbers',
      sql: 'ARRAY[5::bigint, NULL, 9007199254740993]',
      value: [5, null, '9007199254740993'],
    },
    {
      why: 'a list of lists',
      sql: 'ARRAY[ARRAY[1.5, 2], ARRAY[3, 4]]',
      value: [
        [1.5, 2],
        [3, 4],
      ],
    },
    { why: 'a day', sql: `DATE '2026-03-01'`, value: '2026-03-01' },
    { why: 'a list of days', sql: `ARRAY[DATE '2026-03-01']`, value: ['2026-03-01'] },
    { why: 'a moment', sql: `TIMESTAMPTZ '2026-03-01 10:00+02'`, value: new Date('2026-03-01T08:00:00Z') },
    {
      why: 'a moment without a zone',
      sql: `TIMESTAMP '2026-03-01 10:00:00.5'`,
      value: new Date('2026-03-01T10:00:00.5Z'),
    },
    { why: 'a list of such', sql: `ARRAY[TIMESTAMP '2026-03-01 10:00']`, value: [new Date('2026-03-01T10:00:00Z')] },
    { why: 'no moment at all', sql: `TIMESTAMP '-infinity'`, value: Number.NEGATIVE_INFINITY },
  ])('$why is the same wherever the process runs', async ({ sql, value }) => {
    const { TZ } = process.env;
    process.env.TZ = 'America/New_York';
    try {
      expect(await open().query(`SELECT ${sql} AS value`)).toEqual([{ value }]);
    } finally {
      if (TZ === undefined) delete process.env.TZ;
      else process.env.TZ = TZ;
    }
  });

  /** Nobody else gets at the table `events` until what is returned is called. */
  async function locked(destination: PostgresDestination): Promise<() => Promise<void>> {
    await destination.open?.();
    const other = open({ name: 'other' });
    const table = `"${schema.replaceAll('"', '""')}".events`;
    let isOver = false;
    // For as long as the test likes.
    const blocked = other.query(`BEGIN; LOCK TABLE ${table}; SELECT pg_sleep(600); COMMIT`).then(
      () => expect.fail('it was to be ended'),
      () => {
        isOver = true;
      },
    );
    const held = `FROM pg_locks WHERE relation = '${table}'::regclass AND mode = 'AccessExclusiveLock' AND granted`;
    while ((await destination.query(`SELECT ${held}`)).length === 0 && !isOver)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return async () => {
      await destination.query(`SELECT pg_cancel_backend(pid) ${held}`);
      await blocked;
    };
  }

  test('a delivery nobody waits for ends, and the next goes through', async () => {
    const destination = open();
    const unlock = await locked(destination);
    const controller = new AbortController();
    const delivery = destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    expect(await delivery).toEqual({ kind: 'retry', reason: 'timeout' });
    await unlock();
    expect(await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal })).toEqual({
      kind: 'delivered',
    });
    expect(await idsIn(destination)).toEqual(['m1']);
  });

  test('a person is looked for and forgotten for longer than a delivery may take', async () => {
    const timeoutMs = 500;
    const destination = open();
    await destination.deliver([aCollectedEvent({ messageId: 'm1', userId: 'u1' })], { signal });
    const hasty = open({ name: 'hasty', limits: { timeoutMs } });
    await hasty.open?.();
    const unlock = await locked(destination);
    const asked = Promise.allSettled([
      hasty.export?.({ userId: 'u1' }, { signal }),
      hasty.erase?.({ userId: 'u1' }, { signal }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, timeoutMs * 2));
    await unlock();
    const [told, erased] = await asked;
    expect(told).toMatchObject({ status: 'fulfilled' });
    expect(erased).toEqual({ status: 'fulfilled', value: { rows: 1 } });
  });

  test('a server that was killed loses nothing it confirmed, and is used again when it is back', async ({ skip }) => {
    if (!server.isOwn) skip('the database at TRACK_POSTGRES_URL is not ours to kill');
    const destination = open();
    await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    await server.stop();
    await expect(destination.deliver([aCollectedEvent({ messageId: 'm2' })], { signal })).rejects.toThrow();
    const late = open({ name: 'late' });
    await expect(late.open?.()).rejects.toThrow('"late"');
    await server.start();
    await late.open?.();
    expect(await destination.deliver([aCollectedEvent({ messageId: 'm2' })], { signal })).toEqual({
      kind: 'delivered',
    });
    expect(await idsIn(destination)).toEqual(['m1', 'm2']);
  });

  test.each(modelCases)(
    '$model.name: $why',
    async ({ model, events, ask = `SELECT * FROM ${model.name} ORDER BY 1`, rows }) => {
      const warehouse = open({ models: [model] });
      await warehouse.deliver(events, { signal });
      expect(await warehouse.query(ask)).toEqual(rows);
    },
  );
});
