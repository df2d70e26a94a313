import type { CollectedEvent } from '@org/track-core';
import { aCollectedEvent } from '@org/track-core/testing';
import { type ClickHouseDestination, type ClickHouseOptions, clickhouse } from '@org/track-node/clickhouse';
import { defineModel, models, withModels } from '@org/track-node/models';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startModernClickHouse } from '../../scripts/chdb.mjs';
import { startClickHouse } from '../../scripts/clickhouse.mjs';
import { clickhouseServer, modernClickHouse, needs } from '../../scripts/optional.mjs';
import { erasureCases, eventsOf, idsOfRows, toldIds } from './erasure-cases.ts';
import { modelCases } from './model-cases.ts';

const { signal } = new AbortController();
const delivered = { kind: 'delivered' };

test.each([
  { why: 'no URL', options: {}, message: 'url: expected http(s)://' },
  { why: 'a URL of something else', options: { url: 'tcp://default:hidden@db:9000/x' }, message: 'got another text' },
  {
    why: 'settings in the URL',
    options: { url: 'http://u:hidden@db:8123/?max_threads=1' },
    message: 'got another text',
  },
  { why: 'an unknown option', options: { url: 'http://h', schema: 'x' }, message: 'unknown option "schema"' },
  { why: 'a database without a name', options: { url: 'http://h', database: '' }, message: 'database: expected' },
  { why: 'a password that is no text', options: { url: 'http://h', password: 1 }, message: 'password: expected text' },
])('refuses at set-up: $why', ({ options, message }) => {
  expect(() => clickhouse(options as ClickHouseOptions)).toThrow(message);
  expect(() => clickhouse(options as ClickHouseOptions)).not.toThrow('hidden');
});

interface Place {
  readonly url: string;
  remove(): Promise<void>;
}

/** A server, a database of its own for each test, and what is opened on it. */
function onServer<Server extends Place>(start: () => Promise<Server>) {
  let server: Server;
  let database: string;
  let opened: ClickHouseDestination[] = [];
  let databases = 0;

  const quoted = (): string => `\`${database.replaceAll('`', '\\`')}\``;

  beforeAll(async () => {
    server = await start();
  }, 120_000);
  afterAll(() => server?.remove(), 60_000);
  beforeEach(() => {
    database = `Track \`${process.pid}' ${databases++}`;
    opened = [];
  });
  afterEach(async () => {
    await opened[0]?.query(`DROP DATABASE IF EXISTS ${quoted()}`).catch(() => {});
    for (const destination of opened) await destination.close?.();
  });

  return {
    server: () => server,
    database: quoted,
    open(options: Partial<ClickHouseOptions> = {}): ClickHouseDestination {
      const destination = clickhouse({ url: server.url, database, ...options });
      opened.push(destination);
      return destination;
    },
  };
}

async function idsIn(destination: ClickHouseDestination): Promise<readonly string[]> {
  const rows = await destination.query<{ message_id: string }>('SELECT message_id FROM events ORDER BY 1');
  return rows.map((row) => row.message_id);
}

const engines = [
  { title: 'an old server', component: clickhouseServer, start: startClickHouse },
  { title: 'a modern engine', component: modernClickHouse, start: startModernClickHouse },
];

describe.each(engines)('in ClickHouse, $title', ({ component, start }) => {
  describe('when it is there', { ...needs(component), timeout: 60_000 }, () => {
    const { server, open } = onServer<Place>(start);

    test('every column of an event', async () => {
      const destination = open();
      const event = aCollectedEvent({
        messageId: 'm1',
        event: `it's`,
        anonymousId: 'a1',
        userId: 'u1\\n\t"',
        timestamp: '2026-03-01T10:00:00.000Z',
        sentAt: '2026-03-01T10:00:01.000Z',
        receivedAt: '2026-03-01T10:00:02.000Z',
        properties: { total: 12.5, products: [{ id: 'p"1', 'a.b': 1 }, null, '{,}\\'] },
        context: { session: { id: 's1' }, page: { path: '/a' }, locale: 'de-DE' },
      });
      expect(await destination.deliver([event], { signal })).toEqual(delivered);
      const [row] = await destination.query('SELECT * FROM events');
      expect(row).toMatchObject({
        message_id: 'm1',
        event: `it's`,
        anonymous_id: 'a1',
        user_id: 'u1\\n\t"',
        group_id: null,
        session_id: 's1',
        timestamp: new Date('2026-03-01T10:00:00.000Z'),
        sent_at: new Date('2026-03-01T10:00:01.000Z'),
        page_path: '/a',
        locale: 'de-DE',
        properties: { total: 12.5, products: [{ id: 'p"1', 'a.b': 1 }, null, '{,}\\'] },
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
      for (const event of ['third', 'fourth']) {
        // At another time of day: what tells it differently is the same event.
        const later = { messageId: 'm1', event, timestamp: '2027-01-01T00:00:00.000Z' };
        await first.deliver([aCollectedEvent(later)], { signal });
      }
      const ofTheFirst = `SELECT event FROM events WHERE message_id = 'm1'`;
      expect(await first.query(ofTheFirst)).toEqual([{ event: 'first' }]);
      expect(await first.query(`SELECT count() AS n FROM events WHERE event = 'fourth'`)).toEqual([{ n: 0 }]);
      expect(await idsIn(first)).toHaveLength(502);
      // After a merge too; while another one is under way the server passes over the wish.
      do await first.query('OPTIMIZE TABLE events_raw FINAL');
      while ((await first.query<{ n: number }>('SELECT count() AS n FROM events_raw'))[0]?.n !== 502);
      expect(await first.query(ofTheFirst)).toEqual([{ event: 'first' }]);
    });

    test('what is no row is parked as it came, once, and costs the others nothing', async () => {
      const destination = open();
      await destination.open?.();
      // Somebody made a column narrower than we did.
      await destination.query('ALTER TABLE events_raw MODIFY COLUMN locale Nullable(FixedString(5))');
      const bad: CollectedEvent[] = [
        aCollectedEvent({ messageId: 'long', anonymousId: 'a1', context: { locale: 'de-DE-1996' } }),
        { ...aCollectedEvent({ messageId: 'time' }), timestamp: 'yesterday' } as CollectedEvent,
      ];
      const good = Array.from({ length: 100 }, (_, index) =>
        aCollectedEvent({ messageId: `m${index}`, context: { locale: 'de-DE' } }),
      );
      const batch = [...good.slice(0, 50), ...bad, ...good.slice(50)];
      for (let time = 0; time < 2; time++) expect(await destination.deliver(batch, { signal })).toEqual(delivered);
      expect(await idsIn(destination)).toEqual(good.map(({ messageId }) => messageId).sort());
      expect(await destination.parked()).toBe(2);
      const kept = await destination.query<{ event: string; reason: string }>(
        'SELECT event, reason FROM parked ORDER BY event',
      );
      expect(kept.map(({ event }) => JSON.parse(event))).toEqual(expect.arrayContaining(bad));
      expect(kept.map(({ reason }) => reason).sort()).toEqual(['refused-131', 'timestamp-unreadable']);
    });

    test.each([
      { why: 'one that is parked stays, whatever comes under its id later', isFirstOdd: true },
      { why: 'one that is a row stays, and nothing is parked under its id', isFirstOdd: false },
    ])('of two the first counts: $why', async ({ isFirstOdd }) => {
      const good = aCollectedEvent({ messageId: `it's m1` });
      const odd = { ...good, timestamp: 'yesterday' } as CollectedEvent;
      const destination = open();
      for (const event of isFirstOdd ? [odd, good] : [good, odd]) await destination.deliver([event], { signal });
      const counts = [(await idsIn(destination)).length, await destination.parked()];
      expect(counts).toEqual(isFirstOdd ? [0, 1] : [1, 0]);
    });

    test('a delivery in which nothing is a row and ids are long is parked all the same', async () => {
      const destination = open();
      // Together longer than a statement may be.
      const odd = Array.from({ length: 700 }, (_, index) => ({
        ...aCollectedEvent({ messageId: `${index} ${'x'.repeat(500)}` }),
        timestamp: 'yesterday',
      }));
      expect(await destination.deliver(odd as CollectedEvent[], { signal })).toEqual(delivered);
      expect(await destination.parked()).toBe(700);
    });

    test.each(erasureCases)('tells, and forgets $why', async (each) => {
      const destination = open();
      const [first, ...rest] = eventsOf(each);
      // In several parts, which are not merged yet.
      await destination.deliver(first === undefined ? [] : [first], { signal });
      await destination.deliver(rest, { signal });
      expect(idsOfRows(await destination.export?.(each.person, { signal }))).toEqual(toldIds(each));
      expect(await destination.erase?.(each.person, { signal })).toEqual({
        rows: each.events.length - each.left.length,
      });
      const ids = [
        ...(await idsIn(destination)),
        ...(await destination.query<{ event: string }>('SELECT event FROM parked')).map(
          ({ event }) => (JSON.parse(event) as CollectedEvent).messageId,
        ),
      ];
      expect(ids.sort()).toEqual(each.left.map((place) => `m${place}`));
    });

    test('forgets what hides under a row too: another delivery of the event, told as nobody in particular', async () => {
      const destination = open();
      const event = { ...aCollectedEvent({ messageId: 'm1' }), userId: undefined, anonymousId: undefined };
      const theirs = { ...event, userId: `u'1\\` } as unknown as CollectedEvent;
      await destination.deliver([theirs], { signal });
      await destination.deliver([event as unknown as CollectedEvent, aCollectedEvent({ messageId: 'm2' })], { signal });
      expect(await destination.erase?.({ userId: `u'1\\` }, { signal })).toEqual({ rows: 1 });
      expect(await idsIn(destination)).toEqual(['m2']);
      expect(await destination.query(`SELECT count() AS n FROM events_raw WHERE message_id = 'm1'`)).toEqual([
        { n: 0 },
      ]);
    });

    test('forgets somebody with more devices than a statement has room for', async () => {
      const destination = open();
      const events = Array.from({ length: 4_000 }, (_, index) =>
        aCollectedEvent({ messageId: `m${index}`, userId: 'u1', anonymousId: `${index} ${'x'.repeat(80)}` }),
      );
      await destination.deliver([...events, aCollectedEvent({ messageId: 'other', userId: 'u2' })], { signal });
      await destination.erase?.({ userId: 'u1' }, { signal });
      expect(await idsIn(destination)).toEqual(['other']);
    });

    test('asked to forget nobody, forgets nothing', async () => {
      const destination = open();
      await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
      expect(await destination.erase?.({}, { signal })).toEqual({ rows: 0 });
      expect(await idsIn(destination)).toEqual(['m1']);
    });

    test('many at once make one schema; one of a newer library is left alone', async () => {
      const many = Array.from({ length: 4 }, (_, index) => open({ name: `p${index}` }));
      await Promise.all(many.map((destination) => destination.open?.()));
      expect(await many[0]?.query('SELECT DISTINCT version FROM track_schema')).toEqual([{ version: 1 }]);
      await many[0]?.query('INSERT INTO track_schema VALUES (1000)');
      await expect(open().open?.()).rejects.toThrow('version 1000, this library knows 1');
    });

    test('tables that went away under it stop it, and are made again when it goes on', async () => {
      const destination = open();
      await destination.open?.();
      await destination.query('DROP TABLE events_raw');
      expect(await destination.deliver([aCollectedEvent()], { signal })).toEqual({
        kind: 'config',
        reason: 'no-such-table',
      });
      expect(await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal })).toEqual(delivered);
      expect(await idsIn(destination)).toEqual(['m1']);
    });

    test('who may not is told to fix it; no error shows the password', async () => {
      const wrong = server().url.replace(/:[^:@/]+@/, ':hidden-word@');
      const stranger = open({ url: wrong });
      expect(await stranger.deliver([aCollectedEvent()], { signal })).toEqual({
        kind: 'config',
        reason: 'unauthorized',
      });
      const failure: unknown = await stranger.open?.().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Error);
      const nowhere = open({ url: 'http://track:hidden-word@127.0.0.1:9' });
      const refused: unknown = await nowhere.deliver([aCollectedEvent()], { signal }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Error);
      for (const error of [failure, refused] as Error[]) {
        expect(`${error.stack} ${JSON.stringify(error)} ${(error.cause as Error)?.stack}`).not.toContain('hidden-word');
      }
    });

    test('a question that is none is refused in the words of the server', async () => {
      await expect(open().query('SELECT nothing_of_this_name')).rejects.toThrow(/Code: \d+.*nothing_of_this_name/s);
    });
  });
});

describe('in ClickHouse, an old server', { ...needs(clickhouseServer), timeout: 60_000 }, () => {
  const { server, open } = onServer(startClickHouse);

  test('models ask for a newer one', async ({ skip }) => {
    if (!server().isOwn) skip('the server at TRACK_CLICKHOUSE_URL is new enough');
    await expect(open({ models }).open?.()).rejects.toThrow('models need ClickHouse 24.3 or newer, and this is ');
  });

  test('who may only read is told so', async ({ skip }) => {
    if (!server().isOwn) skip('the server at TRACK_CLICKHOUSE_URL has no such user');
    const reader = open({ user: 'reader' });
    expect(await reader.deliver([aCollectedEvent()], { signal })).toEqual({ kind: 'config', reason: 'read-only' });
    await open().open?.();
    expect(await reader.deliver([aCollectedEvent()], { signal })).toEqual({ kind: 'config', reason: 'read-only' });
  });

  test('a person is looked for and forgotten for longer than a delivery may take', async ({ skip }) => {
    if (!server().isOwn) skip('the server at TRACK_CLICKHOUSE_URL is not ours to halt');
    const timeoutMs = 1_000;
    await open().deliver([aCollectedEvent({ messageId: 'm1', userId: 'u1' })], { signal });
    const hasty = open({ limits: { timeoutMs } });
    await hasty.open?.();
    await server().pause();
    const asked = Promise.allSettled([
      hasty.export?.({ userId: 'u1' }, { signal }),
      hasty.erase?.({ userId: 'u1' }, { signal }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, timeoutMs * 2));
    server().resume();
    const [told, erased] = await asked;
    expect(told).toMatchObject({ status: 'fulfilled' });
    expect(erased).toEqual({ status: 'fulfilled', value: { rows: 1 } });
  });

  test('a delivery nobody waits for ends, and the next goes through', async ({ skip }) => {
    if (!server().isOwn) skip('the server at TRACK_CLICKHOUSE_URL is not ours to halt');
    const destination = open({ limits: { timeoutMs: 600_000 } }); // nothing but the signal ends it
    await destination.open?.();
    const controller = new AbortController();
    await server().pause();
    try {
      const delivery = destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal: controller.signal });
      setTimeout(() => controller.abort(), 200);
      expect(await delivery).toEqual({ kind: 'retry', reason: 'timeout' });
    } finally {
      server().resume();
    }
    expect(await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal })).toEqual(delivered);
    expect(await idsIn(destination)).toEqual(['m1']);
  });

  test('a server that was killed loses nothing it confirmed, and is used again when it is back', async ({ skip }) => {
    if (!server().isOwn) skip('the server at TRACK_CLICKHOUSE_URL is not ours to kill');
    const destination = open();
    const batch = (from: number): CollectedEvent[] =>
      Array.from({ length: 200 }, (_, index) => aCollectedEvent({ messageId: `m${from + index}` }));
    const confirmed = new Set<string>();
    const all: CollectedEvent[][] = [];
    const deliver = async (events: CollectedEvent[]): Promise<void> => {
      all.push(events);
      const outcome = await destination.deliver(events, { signal }).catch(() => undefined);
      if (outcome?.kind === 'delivered') for (const { messageId } of events) confirmed.add(messageId);
    };
    await deliver(batch(0));
    const stream = (async () => {
      for (let from = 200; confirmed.size === from; from += 200) await deliver(batch(from));
    })();
    while (confirmed.size < 1_000) await new Promise((resolve) => setTimeout(resolve, 5));
    await server().stop('SIGKILL');
    await stream;
    const late = open({ name: 'late' });
    await expect(late.open?.()).rejects.toThrow('"late"');
    await server().start();
    await late.open?.();
    expect(await idsIn(destination)).toEqual(expect.arrayContaining([...confirmed]));
    for (const events of all) expect(await destination.deliver(events, { signal })).toEqual(delivered);
    expect(await idsIn(destination)).toEqual(
      all
        .flat()
        .map(({ messageId }) => messageId)
        .sort(),
    );
  });
});

describe('in ClickHouse, a modern engine', { ...needs(modernClickHouse), timeout: 60_000 }, () => {
  const { open, database } = onServer(startModernClickHouse);

  test('moments keep their milliseconds, and placeholders are the values they stand for', async () => {
    const destination = open();
    await destination.deliver([aCollectedEvent({ timestamp: '2026-03-01T10:00:00.123Z' })], { signal });
    expect(
      await destination.query(
        'SELECT timestamp, {text:String} AS text FROM events WHERE timestamp < {end:DateTime64(3)}',
        {
          text: `it's`,
          end: new Date('2026-03-01T10:00:00.124Z'),
        },
      ),
    ).toEqual([{ timestamp: new Date('2026-03-01T10:00:00.123Z'), text: `it's` }]);
  });

  test('a block that comes again at once is not even stored', async () => {
    const destination = open();
    for (let time = 0; time < 3; time++) await destination.deliver([aCollectedEvent({ messageId: 'm1' })], { signal });
    expect(await destination.query('SELECT count() AS n FROM events_raw')).toEqual([{ n: 1 }]);
  });

  test('a view that got other columns is made anew', async () => {
    const view = (sql: string) => [defineModel('mine', '', () => sql)];
    await open({ models: view('SELECT 1 AS a, 2 AS b') }).open?.();
    const later = open({ models: view(`SELECT 'x' AS c`) });
    expect(await later.query('SELECT * FROM mine')).toEqual([{ c: 'x' }]);
  });

  test('in a model of your own what has no partner is NULL, as elsewhere', async () => {
    const ordered = "(SELECT message_id AS order_id FROM events WHERE event = 'Order Completed') AS orders";
    const sql = `SELECT message_id, order_id FROM events LEFT JOIN ${ordered} ON message_id = order_id`;
    const destination = open({ models: [defineModel('mine', '', () => sql)] });
    await destination.deliver([aCollectedEvent({ messageId: 'm1', event: 'x' })], { signal });
    expect(await destination.query('SELECT * FROM mine')).toEqual([{ message_id: 'm1', order_id: null }]);
  });

  test('what an old server made shows milliseconds once the server is new', async () => {
    const destination = open();
    await destination.deliver([aCollectedEvent({ timestamp: '2026-03-01T10:00:00.123Z' })], { signal });
    await destination.query(
      `CREATE OR REPLACE VIEW events AS SELECT message_id, toDateTime(intDiv(timestamp_ms, 1000), 'UTC') AS timestamp FROM events_raw FINAL`,
    );
    expect(await open({ name: 'updated' }).query('SELECT timestamp, sent_at FROM events')).toEqual([
      { timestamp: new Date('2026-03-01T10:00:00.123Z'), sent_at: expect.toSatisfy(() => true) },
    ]);
  });

  test.each(modelCases)(
    '$model.name: $why',
    async ({ model, events, ask = `SELECT * FROM ${model.name} ORDER BY 1`, rows }) => {
      const warehouse = open({ models: [model] });
      await warehouse.deliver(events, { signal });
      expect(await warehouse.query(ask)).toEqual(rows);
    },
  );

  test('all models at once, and without views of some events only', async () => {
    const warehouse = open({ models });
    await warehouse.deliver(
      modelCases.flatMap(({ events }) => events),
      { signal },
    );
    const part = withModels(
      'clickhouse',
      models,
      `SELECT * FROM ${database()}.events WHERE anonymous_id = {who:String}`,
    );
    for (const { name } of models) {
      const [{ n: all = 0 } = {}] = await warehouse.query<{ n: number }>(`SELECT count() AS n FROM ${name}`);
      expect({ name, all }).toEqual({ name, all: expect.toSatisfy((rows: number) => rows > 0) });
      const [{ n: some = -1 } = {}] = await warehouse.query<{ n: number }>(`${part} SELECT count() AS n FROM ${name}`, {
        who: 'nobody',
      });
      expect({ name, some }).toEqual({ name, some: name === 'funnel' ? 4 : 0 });
    }
  });
});
