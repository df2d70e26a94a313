import { setTimeout as pause } from 'node:timers/promises';
import type { Destination } from '@org/track-core';
import { expect, test } from 'vitest';
import { erasurePatienceMs } from '../erasure/create-erasures.ts';
import { useLogFile } from '../log/log-file-scene.ts';
import { sqliteLog } from '../log/sqlite-log.ts';
import { openDesk } from './desk.ts';

const place = useLogFile();

test('an old erasure keeps its last try for the server, whose destinations these are', async () => {
  const { path } = place;
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
  const desk = await openDesk({ file: `${place.folder}/track.config.ts`, config });
  try {
    await pause(50); // for whatever a desk might do by itself
    expect(await desk.operations.receipts({ id })).toMatchObject([
      { stage: 'destinations', destinations: [{ destination: 'file', state: 'waiting', tries: 0 }] },
    ]);
  } finally {
    await desk.close();
  }
});
