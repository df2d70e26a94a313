import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { expect, test } from 'vitest';

const guide = readFileSync(new URL('../docs/guides/capture.md', import.meta.url), 'utf8');
const [, sql = ''] = /```sql\n(.*?)```/s.exec(guide) ?? [];

test('the query of the guide takes the largest total of a view, from whichever event told it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guide-attention-'));
  const warehouse = duckdb(join(folder, 'events.duckdb'));
  const collector = createCollector({ log: sqliteLog(join(folder, 'log.db')), destinations: [warehouse] });
  const told = (path: string, event: object, properties: object) => ({
    ...event,
    properties,
    messageId: crypto.randomUUID(),
    anonymousId: 'a1',
    timestamp: new Date().toISOString(),
    context: { page: { path }, consent: { categoryPreferences: { analytics: true } } },
  });
  const view = (path: string, properties: object) => told(path, { type: 'page' }, properties);
  const engaged = (path: string, properties: object) =>
    told(path, { type: 'track', event: 'Page Engaged' }, properties);
  const batch = [
    view('/a', { view_id: 'v1' }),
    engaged('/a', { view_id: 'v1', seconds: 15, percent: 20 }),
    view('/b', { view_id: 'v2', previous_view_id: 'v1', previous_seconds: 20.5, previous_percent: 60 }),
    engaged('/b', { view_id: 'v2', seconds: 4 }),
    view('/a', { view_id: 'v3' }),
    engaged('/a', { view_id: 'v3', seconds: 9.5, percent: 100 }),
    engaged('/a', { view_id: 'v3', seconds: 3, percent: 80 }), // a copy that came late
  ];
  const body = JSON.stringify({ batch, sentAt: new Date().toISOString() });
  await collector.fetch(new Request('http://localhost/api/j', { method: 'POST', body }));
  await collector.flush();
  const answers = await warehouse.query<{ page_path: string; views: bigint }>(sql);
  expect(
    answers
      .map((row) => ({ ...row, views: Number(row.views) }))
      .toSorted((one, other) => one.page_path.localeCompare(other.page_path)),
  ).toEqual([
    { page_path: '/a', views: 2, seconds: 15, percent: 80 },
    { page_path: '/b', views: 1, seconds: 4, percent: null },
  ]);
  await collector.close();
  rmSync(folder, { recursive: true });
});
