import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Log } from './log.ts';
import { sqliteLog } from './sqlite-log.ts';

let folder: string;
let path: string;
let log: Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'erasures-'));
  path = join(folder, 'log.db');
  log = sqliteLog(path);
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

async function append(...events: readonly { messageId: string; [field: string]: unknown }[]): Promise<void> {
  const timestamp = new Date().toISOString();
  await log.append({
    body: JSON.stringify({ batch: events.map((event) => ({ type: 'track', event: 'e', timestamp, ...event })) }),
    ids: events.map(({ messageId }) => messageId),
    facts: { receivedAt: Date.now(), source: 'server' },
    quarantined: [{ messageId: 'q', issues: [], event: JSON.stringify({ userId: 'ada-1' }) }],
  });
}

async function reopen(): Promise<void> {
  await log.close();
  log = sqliteLog(path);
}

const events = [
  { messageId: '1', userId: 'ada-1', anonymousId: 'phone-1' },
  { messageId: '2', anonymousId: 'phone-1' },
  { messageId: '3', userId: 'bob' },
];

test('a browser is found by the id it has for itself, where its events are under that of the signed cookie', async () => {
  const context = { identity: { browserId: 'browser-1' } };
  await append(
    { messageId: '1', anonymousId: 'cookie-1', context },
    { messageId: '2', anonymousId: 'cookie-1' },
    { messageId: '3', anonymousId: 'cookie-2', context: { identity: { browserId: 'browser-2' } } },
  );
  const id = await log.erasures.begin({ anonymousId: 'browser-1' }, ['far']);
  await log.erasures.purge(id);
  expect(log.erasures.open()).toMatchObject([{ anonymousIds: ['browser-1', 'cookie-1'] }]);
  expect(log.erasures.receipt(id)).toMatchObject({ events: 2 });
  expect(log.suppression.has({ anonymousId: 'cookie-1' })).toBe(true);
  expect(log.suppression.has({ anonymousId: 'cookie-2' })).toBe(false);
});

test.each([
  { why: 'as in an address', reason: 'DELETE /users/jane%40doe.example: 404', kept: 'DELETE /users/…: 404' },
  { why: 'as inside of JSON', reason: 'no {"id":"a \\"quoted\\" one"}', kept: 'no {"id":"…"}' },
  { why: 'one that begins like another', reason: 'not jane@doe.example-phone', kept: 'not …' },
])('what a destination said is kept without ids: $why', async ({ reason, kept }) => {
  await append(
    { messageId: '1', userId: 'jane@doe.example', anonymousId: 'jane@doe.example-phone' },
    { messageId: '2', userId: 'jane@doe.example', anonymousId: 'a "quoted" one' },
  );
  const id = await log.erasures.begin({ userId: 'jane@doe.example' }, ['far']);
  await log.erasures.purge(id);
  await log.erasures.told(id, { destination: 'far', state: 'failed', reason });
  expect(log.erasures.receipt(id)?.destinations).toMatchObject([{ reason: kept }]);
});

test('a receipt says when and how much, and at last nothing in the file says who', async () => {
  await append(...events);
  const id = await log.erasures.begin({ userId: 'ada-1' }, ['far']);
  expect(log.suppression.has({ userId: 'ada-1' })).toBe(true);
  await log.erasures.purge(id);
  expect(log.erasures.open()).toMatchObject([
    { id, stage: 'destinations', person: { userId: 'ada-1' }, anonymousIds: ['phone-1'] },
  ]);
  await log.erasures.told(id, { destination: 'far', state: 'erased', rows: 7 });
  const counts = { events: 2, quarantined: 1, deadLetters: 0 };
  const destinations = [{ destination: 'far', state: 'erased', rows: 7, tries: 1, at: expect.any(Number) }];
  const receipt = { id, stage: 'done', askedAt: expect.any(Number), finishedAt: expect.any(Number), ...counts };
  expect(log.erasures.receipt(id)).toEqual({ ...receipt, destinations });
  expect(log.erasures.open()).toEqual([]);
  await log.close();
  const file = readFileSync(path, 'latin1');
  expect([file.includes('ada-1'), file.includes('phone-1'), file.includes('bob')]).toEqual([false, false, true]);
  log = sqliteLog(path);
});

test('whoever has an id finds the receipt, by the devices too; nobody else does', async () => {
  await append(...events);
  const id = await log.erasures.begin({ userId: 'ada-1' }, []);
  await log.erasures.purge(id);
  const found = (person: object): number => log.erasures.receipts({ limit: 10, person }).length;
  expect([
    found({ userId: 'ada-1' }),
    found({ anonymousId: 'phone-1' }),
    found({ userId: 'phone-1' }),
    found({ userId: 'bob' }),
  ]).toEqual([1, 1, 0, 0]);
});

test('what a destination says of somebody is kept without their ids', async () => {
  const id = await log.erasures.begin({ userId: 'ada-1' }, ['far']);
  await log.erasures.purge(id);
  await log.erasures.told(id, { destination: 'far', state: 'waiting', nextAt: 5, reason: 'no user ada-1 here' });
  expect(log.erasures.receipt(id)?.destinations).toMatchObject([
    { state: 'waiting', tries: 1, nextAt: 5, reason: 'no user … here' },
  ]);
});

test('an erasure that had only begun is gone on with by whoever opens the log next', async () => {
  await append(...events);
  const id = await log.erasures.begin({ userId: 'ada-1' }, ['far']);
  await reopen();
  expect(log.erasures.open()).toMatchObject([{ id, stage: 'log', waiting: [{ destination: 'far', tries: 0 }] }]);
  await log.erasures.purge(id);
  await log.erasures.purge(id);
  await reopen();
  expect(log.erasures.receipt(id)).toMatchObject({ stage: 'destinations', events: 2, quarantined: 1 });
  await expect(log.erasures.purge('nobody')).rejects.toThrow('No erasure has the id');
});

test('what was asked by a process that is gone may have gone uncounted, and the receipt says so for good', async () => {
  const id = await log.erasures.begin({ userId: 'ada-1' }, ['far', 'near']);
  await log.erasures.purge(id);
  for (const destination of ['far', 'near']) await log.erasures.asking(id, destination);
  await log.erasures.told(id, { destination: 'near', state: 'erased', rows: 3 });
  await reopen();
  await log.erasures.asking(id, 'far');
  await log.erasures.told(id, { destination: 'far', state: 'waiting', rows: 2, nextAt: 5 });
  await log.erasures.asking(id, 'far');
  await log.erasures.told(id, { destination: 'far', state: 'erased', rows: 0 });
  const [far, near] = log.erasures.receipt(id)?.destinations ?? [];
  expect([far?.rows, far?.rowsAtLeast, near?.rows, near?.rowsAtLeast]).toEqual([undefined, 2, 3, undefined]);
});

test('of an erasure from before rows were counted nobody says how many went', async () => {
  const id = await log.erasures.begin({ userId: 'ada-1' }, ['far']);
  await log.erasures.purge(id);
  await log.close();
  const db = new DatabaseSync(path);
  for (const column of ['row_count', 'is_uncounted', 'is_asked']) {
    db.exec(`ALTER TABLE erasure_tasks DROP COLUMN ${column}`);
  }
  db.exec('ALTER TABLE batches DROP COLUMN packed; PRAGMA user_version = 5');
  db.close();
  log = sqliteLog(path);
  await log.erasures.asking(id, 'far');
  await log.erasures.told(id, { destination: 'far', state: 'erased', rows: 1 });
  expect(log.erasures.receipt(id)?.destinations).toMatchObject([{ state: 'erased', rowsAtLeast: 1 }]);
});

test('how many are not done, and since when', async () => {
  await log.close();
  let now = 1_000;
  log = sqliteLog(path, { now: () => now });
  expect(log.erasures.standing()).toEqual({ open: 0 });
  const first = await log.erasures.begin({ userId: 'ada-1' }, ['far']);
  now = 2_000;
  const second = await log.erasures.begin({ userId: 'bob' }, []);
  expect(log.erasures.standing()).toEqual({ open: 2, oldestAskedAt: 1_000 });
  await log.erasures.purge(first);
  await log.erasures.told(first, { destination: 'far', state: 'unsupported' });
  expect(log.erasures.standing()).toEqual({ open: 1, oldestAskedAt: 2_000 });
  await log.erasures.purge(second);
  expect(log.erasures.standing()).toEqual({ open: 0 });
});
