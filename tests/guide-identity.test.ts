import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { type DuckDbDestination, duckdb } from '@org/track-node/duckdb';
import { afterEach, beforeEach, expect, test } from 'vitest';

const guide = readFileSync(new URL('../docs/guides/identity-and-cookies.md', import.meta.url), 'utf8');
const [visitors = '', eitherId = ''] = [...guide.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql);

let folder: string;
let warehouse: DuckDbDestination;
let collector: ReturnType<typeof createCollector>;
let made = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guide-identity-'));
  warehouse = duckdb(join(folder, 'events.duckdb'));
  collector = createCollector({
    log: sqliteLog(join(folder, 'log.db')),
    destinations: [warehouse],
    identity: { keys: ['a key of 32 characters or more …'] },
  });
});
afterEach(async () => {
  await collector.close();
  rmSync(folder, { recursive: true });
});

/** A view of a page by who calls itself `anonymousId`. Returns the cookie that the answer sets. */
async function view(anonymousId: string, decidedAt: string, { cookie = '', cookieless = false } = {}): Promise<string> {
  const consent = { categoryPreferences: { analytics: true }, decidedAt };
  const event = {
    ...{ type: 'page', messageId: `m${made++}`, timestamp: new Date().toISOString(), anonymousId },
    context: { consent, ...(cookieless && { cookieless }) },
  };
  const body = JSON.stringify({ batch: [event] });
  const reply = await collector.fetch(new Request('http://localhost/j', { method: 'POST', body, headers: { cookie } }));
  expect(await reply.json()).toEqual({ success: true });
  return reply.headers.get('set-cookie')?.split(';')[0] ?? '';
}

test('pages that store nothing count as views, and not as people', async () => {
  for (const id of ['visitor-1', 'visitor-1', 'visitor-2']) await view(id, '2026-01-01T00:00:00.000Z');
  for (const id of ['page-id-1', 'page-id-2']) await view(id, '2026-01-01T00:00:00.000Z', { cookieless: true });
  await collector.flush();
  expect(await warehouse.query(visitors)).toEqual([{ views: 5, visitors: 2 }]);
});

test('who lost their id is found by the old and by the new one', async () => {
  const cookie = await view('browser-id-1', '2026-01-01T00:00:00.000Z');
  await view('browser-id-2', '2026-02-01T00:00:00.000Z', { cookie });
  await view('somebody-else', '2026-01-01T00:00:00.000Z');
  await collector.flush();
  const found = async (id: string) => (await warehouse.query(eitherId.replaceAll('$id', `'${id}'`))).length;
  expect([await found('browser-id-1'), await found('browser-id-2')]).toEqual([2, 1]);
});
