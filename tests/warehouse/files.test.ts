import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSeededRandom } from '@org/track-core/testing';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { eventsIn, files } from '@org/track-node/files';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSmallDisk, waysToFill } from '../crash/small-disk.ts';
import { erasureCases, eventsOf, idsOfRows, toldIds } from './erasure-cases.ts';

const { signal } = new AbortController();
const formats = ['parquet', 'ndjson'] as const;

/** What is no row is a dead letter in the log, and in no file. */
const storedCases = erasureCases.filter(({ why }) => !why.startsWith('what was parked'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function idsIn(lake: string, format: 'parquet' | 'ndjson'): Promise<readonly string[]> {
  const reader = duckdb(':memory:');
  try {
    const rows = await reader.query<{ id: string }>(
      `SELECT message_id AS id FROM (${eventsIn(lake, { format })}) ORDER BY 1`,
    );
    return rows.map(({ id }) => id);
  } finally {
    await reader.close?.();
  }
}

describe.each(formats)('%s', (format) => {
  test.each(storedCases)('tells, and forgets $why', async (each) => {
    const lake = join(folder, 'lake');
    const destination = files({ to: lake, format });
    const kept = { messageId: 'kept', userId: 'somebody else', anonymousId: 'elsewhere' };
    const [first] = eventsOf({ ...each, events: [{}] });
    // Each in a file of its own: what one file says of somebody's devices holds for all of them.
    for (const event of [...eventsOf(each), { ...first, ...kept } as NonNullable<typeof first>]) {
      await destination.deliver([event], { signal });
    }
    const isStored = (id: string): boolean => each.events[Number(id.slice(1))]?.lost === undefined;
    const told = await destination.export?.(each.person, { signal });
    expect(idsOfRows(told)).toEqual(toldIds(each).filter(isStored));
    const erased = await destination.erase?.(each.person, { signal });
    const left = each.left.filter((place) => each.events[place]?.lost === undefined).map((place) => `m${place}`);
    expect(await idsIn(lake, format)).toEqual(['kept', ...left]);
    const stored = each.events.filter(({ lost }) => lost === undefined).length;
    expect(erased).toEqual({ rows: stored - left.length });
    await destination.close?.();
  });

  test('a process that is killed again and again: what it said is written is there once, and nothing is half', async () => {
    const lake = join(folder, 'lake');
    const random = createSeededRandom(7);
    const said: number[] = [];
    for (let life = 0; life < 4; life++) {
      const from = String((said.at(-1) ?? -1) + 1);
      const child = fork(new URL('./files-process.ts', import.meta.url), [lake, format, from]);
      const spoke = once(child, 'message');
      child.on('message', (batch) => void said.push(Number(batch)));
      await spoke;
      // Whoever reads meanwhile sees whole files.
      expect((await idsIn(lake, format)).length).toBeGreaterThan(0);
      await pause(random() * 60);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const ids = await idsIn(lake, format);
    expect(new Set(ids).size).toBe(ids.length);
    const expected = said.flatMap((batch) => Array.from({ length: 40 }, (_, index) => `m${batch}-${index}`));
    expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

test('a replay into files that are there already shows nobody twice', async () => {
  const lake = join(folder, 'lake');
  const collector = createCollector({
    log: sqliteLog(join(folder, 'log.db')),
    destinations: [files({ to: lake, limits: { maxEvents: 7 } })],
  });
  const idsOfFirst = Array.from({ length: 20 }, (_, index) => `m${index}`);
  const track = (messageId: string): unknown =>
    collector.tracker.with({ userId: 'u1', consent: { analytics: true } }).track('Order Completed', {}, { messageId });
  for (const id of idsOfFirst) track(id);
  await collector.flush();
  track('m20');
  await collector.flush();
  // Seven, seven, six and one are three times seven now.
  expect(await collector.dispatch.replay('files')).toBe(21);
  await collector.flush();
  await collector.close();
  expect(
    readdirSync(lake, { recursive: true }).filter((file) => String(file).endsWith('.parquet')).length,
  ).toBeGreaterThan(4);
  expect(await idsIn(lake, 'parquet')).toEqual([...idsOfFirst, 'm20'].sort());
});

/** Only root may make file systems, and not in every container. */
const onDisk: { readonly skip?: boolean; readonly meta?: object } = waysToFill().includes('tmpfs')
  ? {}
  : { skip: true, meta: { missing: 'There is no tmpfs here. To run them, be root on Linux.' } };

test.each(formats)(
  '%s: a full disk, then a read-only one: nothing half, and it goes on by itself',
  onDisk,
  async (format) => {
    const disk = createSmallDisk('tmpfs');
    const lake = join(disk.folder, 'lake');
    const destination = files({ to: lake, format });
    const [event] = eventsOf({ why: '', events: [{}], person: {}, left: [] });
    const deliver = (messageId: string) =>
      destination.deliver([{ ...event, messageId } as NonNullable<typeof event>], { signal });
    try {
      await deliver('m1');
      disk.fill({} as never);
      await expect(deliver('m2')).rejects.toThrow(/no space left/i);
      expect(readdirSync(join(lake, '.writing'))).toEqual([]);
      expect(await idsIn(lake, format)).toEqual(['m1']);
      disk.free({} as never);
      expect(await deliver('m2')).toMatchObject({ kind: 'delivered' });
      disk.setReadOnly(true);
      expect(await deliver('m3')).toEqual({ kind: 'config', reason: 'EROFS' });
      disk.setReadOnly(false);
      expect(await deliver('m3')).toMatchObject({ kind: 'delivered' });
      expect(await idsIn(lake, format)).toEqual(['m1', 'm2', 'm3']);
    } finally {
      await destination.close?.();
      disk.remove();
    }
  },
);
