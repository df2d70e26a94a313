import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '@org/track-core/testing';
import { sqliteOutbox } from '@org/track-node';
import { expect, test } from 'vitest';
import { answerWith } from '../../faults/front-server.ts';
import { closeAfterEach, farEnd, takenBy, trackerTo } from './far-end.ts';

closeAfterEach();

const script = fileURLToPath(new URL('durable-process.ts', import.meta.url));
const kills = 6;

// The collector's own: `npm run crash`.
test('T11 killed again and again while it writes: opened without repair, and all that was said to be durable arrives', async () => {
  const random = createSeededRandom(11);
  const folder = mkdtempSync(join(tmpdir(), 'track-killed-'));
  const file = join(folder, 'outbox.db');
  const front = await farEnd();
  const durable: string[] = [];
  for (let run = 0; run < kills; run++) {
    // Sometimes batches are settled as well, sometimes all of it piles up.
    front.inject(run % 2 === 0 ? answerWith(503) : undefined);
    const child = spawn(process.execPath, [script, `${front.origin}/v1/batch`, file, `run${run}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [said, failed] = ['', ''];
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      failed += chunk;
    });
    const ended = once(child, 'close');
    await expect.poll(() => said + failed, { timeout: 30_000 }).not.toBe('');
    await pause(random() * 150);
    child.kill('SIGKILL');
    await ended;
    expect(failed).toBe('');
    durable.push(...said.split('\n').slice(0, -1));
  }

  front.inject(undefined);
  const tracker = trackerTo(front, { outbox: sqliteOutbox(file) });
  await tracker.flush({ deadlineMs: 30_000 });
  const taken = new Set(takenBy(front));
  expect(durable.length).toBeGreaterThan(kills); // how far each got is the machine’s affair
  expect(durable.filter((marker) => !taken.has(marker))).toEqual([]);
  await tracker.shutdown();
  rmSync(folder, { recursive: true });
});
