import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { expect, test } from 'vitest';

const guide = readFileSync(new URL('../docs/guides/capture-forms-media.md', import.meta.url), 'utf8');
const [, sql = ''] = /```sql\n(.*?)```/s.exec(guide) ?? [];

test('the guide’s query tells of each headline how many of those who saw it opened it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guide-capture-'));
  const warehouse = duckdb(join(folder, 'events.duckdb'));
  const collector = createCollector({ log: sqliteLog(join(folder, 'log.db')), destinations: [warehouse] });
  const told = (anonymousId: string, event: string, properties: object): void =>
    void collector.tracker
      .with({ anonymousId, consent: { analytics: true } })
      .track(event, { id: 'a1', ...properties });
  for (const reader of ['r1', 'r2', 'r3', 'r4']) {
    told(reader, 'Impression', { name: 'Headline', variant: 'A', share: 1, visible_ms: 1_200 });
    told(reader, 'Impression', { name: 'Banner', variant: 'A' });
  }
  told('r1', 'Impression', { name: 'Headline', variant: 'A' });
  told('r1', 'Headline Clicked', { variant: 'A' });
  told('r1', 'Headline Clicked', { variant: 'A' });
  for (const reader of ['r5', 'r6']) told(reader, 'Impression', { name: 'Headline', variant: 'B' });
  told('r5', 'Headline Clicked', { variant: 'B' });
  await collector.tracker.flush();
  await collector.flush();
  const rows = await warehouse.query<Record<string, unknown>>(sql);
  await collector.close();
  rmSync(folder, { recursive: true });
  expect(
    rows.map((row) => Object.values(row).map((value) => (typeof value === 'bigint' ? Number(value) : value))),
  ).toEqual([
    ['a1', 'B', 2, 1, 50],
    ['a1', 'A', 4, 1, 25],
  ]);
});
