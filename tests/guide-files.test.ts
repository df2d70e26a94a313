import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aCollectedEvent } from '@org/track-core/testing';
import { type DuckDbDestination, duckdb } from '@org/track-node/duckdb';
import { eventsIn, files } from '@org/track-node/files';
import { models, withModels } from '@org/track-node/models';
import { afterEach, beforeEach, expect, test } from 'vitest';

const guide = readFileSync(new URL('../docs/guides/keep-events-in-files.md', import.meta.url), 'utf8');
const [byHour = '', byHand = ''] = [...guide.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql ?? '');

const { signal } = new AbortController();
let folder: string;
let lake: string;
let reader: DuckDbDestination;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guide-files-'));
  lake = join(folder, 'lake');
  reader = duckdb(':memory:');
  const destination = files({ to: lake });
  const received = [
    '2026-01-29T08:00:00.000Z',
    '2026-01-30T09:00:00.000Z',
    '2026-01-31T09:30:00.000Z',
    '2026-01-31T10:00:00.000Z',
  ];
  const events = received.map((receivedAt, index) =>
    aCollectedEvent({
      messageId: `m${index}`,
      anonymousId: `a${index % 2}`,
      timestamp: receivedAt,
      receivedAt,
      context: { session: { id: 's1' } },
    }),
  );
  await destination.deliver(events, { signal });
  // Once more, put together anew.
  await destination.deliver([...events.slice(2), aCollectedEvent({ messageId: 'm9', receivedAt: received[3] ?? '' })], {
    signal,
  });
  await destination.close?.();
});
afterEach(async () => {
  await reader.close?.();
  rmSync(folder, { recursive: true });
});

test('what the guide asks by hour', async () => {
  const [, view = ''] = /`(CREATE VIEW .*?)\$\{eventsIn/.exec(guide) ?? [];
  await reader.query(view + eventsIn(lake));
  expect(await reader.query(byHour)).toEqual([
    { hour: 9, events: 2, visitors: 2 },
    { hour: 10, events: 2, visitors: 2 },
  ]);
  // And no other day's files are opened.
  const [plan] = await reader.query<{ explain_value: string }>(`EXPLAIN ANALYZE ${byHour}`);
  expect(plan?.explain_value).toMatch(/Scanning Files: 4\/5|Total Files Read: 4/);
});

test('what the guide says by hand is what eventsIn says', async () => {
  const ids = (sql: string) => reader.query(`SELECT message_id, dt FROM (${sql}) ORDER BY ALL`);
  expect(await ids(byHand.replaceAll('./lake', lake))).toEqual(await ids(eventsIn(lake)));
  expect(await ids(eventsIn(lake))).toHaveLength(5);
});

test('the models answer from files too', async () => {
  const sessions = `${withModels('duckdb', models, eventsIn(lake))} SELECT session_id, events FROM sessions`;
  expect(await reader.query(sessions)).toEqual([{ session_id: 's1', events: 4 }]);
});
