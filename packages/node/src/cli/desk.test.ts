import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Destination } from '@org/track-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { erasurePatienceMs } from '../erasure/create-erasures.ts';
import { sqliteLog } from '../log/sqlite-log.ts';
import { openDesk } from './desk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'desk-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('an old erasure keeps its last try for the server, whose destinations these are', async () => {
  const path = join(folder, 'log.db');
  const log = sqliteLog(path, { now: () => Date.now() - erasurePatienceMs - 1 });
  const id = await log.erasures.begin({ userId: 'u1' }, ['file']);
  await log.erasures.purge(id);
  await log.close();

  const file: Destination = {
    name: 'file',
    requires: [],
    idempotency: 'native',
    deliver: async () => ({ kind: 'delivered' }),
  };
  const config = { endpoint: '/api/j', log: path, destinations: [file] };
  const desk = await openDesk({ file: join(folder, 'track.config.ts'), config });
  try {
    await pause(50); // for whatever a desk might do by itself
    expect(await desk.operations.receipts({ id })).toMatchObject([
      { stage: 'destinations', destinations: [{ destination: 'file', state: 'waiting', tries: 0 }] },
    ]);
  } finally {
    await desk.close();
  }
});
