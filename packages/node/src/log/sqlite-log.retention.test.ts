import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { aBatch, aConsumer, deliver, pullIds } from './contract-scene.ts';
import { hashIds } from './id-window.ts';
import { useLogFile } from './log-file-scene.ts';
import { sqliteLog } from './sqlite-log.ts';

const place = useLogFile();

describe('the window of ids', () => {
  test('two ids with one hash are two events', async () => {
    const log = sqliteLog(place.path);
    await log.append(aBatch(['1']));
    await log.close();
    // As if `2` had hashed to what `1` did.
    const db = new DatabaseSync(place.path);
    db.prepare('UPDATE batches SET ids = ?').run(new Uint8Array(hashIds(['2']).buffer));
    db.close();
    const again = sqliteLog(place.path);
    expect(await again.append(aBatch(['2']))).toEqual({ duplicates: [] });
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2']);
    await again.close();
  });

  test('holds as many ids as it was told, and less than twice as many, before and after a restart', async () => {
    const options = { dedupeIds: 3 };
    const log = sqliteLog(place.path, options);
    await log.append(aBatch(['1', '2']));
    await log.append(aBatch(['3', '4']));
    expect(await log.append(aBatch(['2', '3', '4']))).toEqual({ duplicates: ['2', '3', '4'] });
    await log.append(aBatch(['5', '6', '7']));
    expect(await log.append(aBatch(['5', '6', '7']))).toEqual({ duplicates: ['5', '6', '7'] });
    expect(await log.append(aBatch(['1']))).toEqual({ duplicates: [] });
    await log.close();
    const again = sqliteLog(place.path, options);
    expect(await again.append(aBatch(['6', '7', '1', '2']))).toEqual({ duplicates: ['6', '7', '1'] });
    await again.close();
  });

  test('an id that comes again from beyond the window is not handed out twice at once', async () => {
    const log = sqliteLog(place.path, { dedupeIds: 1 });
    await log.append(aBatch(['1', '2']));
    await log.append(aBatch(['3']));
    await log.append(aBatch(['1']));
    const { outbox, lost } = aConsumer(log);
    expect(await pullIds(outbox)).toEqual(['1', '2', '3']);
    expect(lost).toEqual([': duplicate']);
    expect(outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0 });
    await log.close();
    // Its twin is still on its way.
    const again = sqliteLog(place.path);
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2', '3']);
    await again.close();
  });
});

describe('retention', () => {
  const dayMs = 24 * 60 * 60_000;
  const start = Date.now();

  test.each([
    { why: 'takes what is old and delivered', settle: ['1', '2'], afterMs: 2 * dayMs, batches: 1 },
    { why: 'leaves what is not old', settle: ['1', '2'], afterMs: dayMs / 2, batches: 3 },
    { why: 'leaves what a consumer still needs', settle: ['2'], afterMs: 2 * dayMs, batches: 3 },
    { why: 'leaves what nobody has read', settle: [], afterMs: 2 * dayMs, batches: 3 },
  ])('$why', async ({ settle, afterMs, batches }) => {
    let now = start;
    const log = sqliteLog(place.path, { retentionMs: dayMs, now: () => now });
    const { outbox } = aConsumer(log);
    const batchOf = (id: string) => aBatch([id], { facts: { receivedAt: now, source: 'server' } });
    await log.append(batchOf('1'));
    await log.append(batchOf('2'));
    await pullIds(outbox);
    await deliver(outbox, settle);
    now += afterMs;
    await log.append(batchOf('3'));
    expect(log.stats().batches).toBe(batches);
    await log.close();
    const again = sqliteLog(place.path);
    expect(again.stats()).toEqual({ batches, events: batches, quarantined: 0, deadLetters: 0 });
    await again.close();
  });

  test('goes on after a clock that ran ahead was set right', async () => {
    let now = start + 365 * dayMs;
    const log = sqliteLog(place.path, { retentionMs: dayMs, now: () => now });
    const append = (id: string) => log.append(aBatch([id], { facts: { receivedAt: now, source: 'server' } }));
    await append('1');
    now = start;
    await append('2');
    now += 2 * dayMs;
    await append('3');
    expect(log.stats().batches).toBe(2);
    await log.close();
  });

  test('a consumer that is not there today keeps its rows', async () => {
    let now = start;
    const options = { retentionMs: dayMs, now: () => now };
    const log = sqliteLog(place.path, options);
    aConsumer(log);
    await log.append(aBatch(['1'], { facts: { receivedAt: now, source: 'server' } }));
    await log.close();
    now += 10 * dayMs;
    const again = sqliteLog(place.path, options);
    await again.append(aBatch(['2'], { facts: { receivedAt: now, source: 'server' } }));
    expect(await pullIds(aConsumer(again).outbox)).toEqual(['1', '2']);
    await again.close();
  });
});
