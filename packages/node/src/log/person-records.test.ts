import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { aBatch, collect, facts } from './contract-scene.ts';
import { useLogFile } from './log-file-scene.ts';
import { sqliteLog } from './sqlite-log.ts';

const place = useLogFile();

test.each([
  { why: 'in rows of their own', repeats: 400, others: 0 },
  { why: 'in small rows that moved as others came', repeats: 10, others: 60 },
])('who was erased is in no byte of the file, nor of what lies beside it: $why', async ({ repeats, others }) => {
  const log = sqliteLog(place.path);
  const batchOf = (id: string, text: string) => aBatch([id], { properties: { text: text.repeat(repeats) } });
  const sender = { ...facts, source: 'browser' as const, ip: 'marker: an address', userAgent: 'marker: a browser' };
  await log.append({ ...batchOf('1', 'marker of one event '), facts: sender });
  await log.append(batchOf('2', 'marker of the other '));
  for (let index = 0; index < others; index++) {
    const batch = batchOf(`other-${index}`, 'somebody else ');
    await log.append({ ...batch, body: String(batch.body).replace('"userId":"u"', '"userId":"v"') });
  }
  const event = JSON.stringify({ userId: 'u', text: 'marker in quarantine '.repeat(repeats) });
  await log.append(aBatch([], { quarantined: [{ issues: [], event }] }));
  const bytes = (): string => ['', '-wal'].map((suffix) => readFileSync(place.path + suffix, 'latin1')).join();
  expect(bytes()).toContain('marker of one');
  expect(await log.records.erase({ userId: 'u' })).toMatchObject({ events: 2, quarantined: 1 });
  expect(bytes()).not.toContain('marker');
  await log.close();
});

test('what is known of who sent a batch goes with the last of its events, and no sooner', async () => {
  const log = sqliteLog(place.path);
  const userAgent = 'a browser';
  const batch = aBatch(['1', '2'], { facts: { ...facts, source: 'browser', ip: '203.0.113.7', userAgent } });
  await log.append({ ...batch, body: String(batch.body).replace('"userId":"u"', '"userId":"v"') });
  await log.append(aBatch(['3'], { facts: { ...facts, source: 'browser', ip: '203.0.113.8' } }));
  const senders = async (): Promise<unknown[]> =>
    (await collect(log.records.events({}))).map(({ event }) => event.context);
  const bytes = (): string => ['', '-wal'].map((suffix) => readFileSync(place.path + suffix, 'latin1')).join();
  await log.records.erase({ userId: 'u' });
  expect(await senders()).toEqual([{ ip: '203.0.113.7', userAgent }]);
  expect(bytes()).not.toContain('203.0.113.8');
  await log.records.erase({ userId: 'v' });
  expect([bytes().includes('203.0.113.7'), bytes().includes(userAgent)]).toEqual([false, false]);
  await log.close();
});
