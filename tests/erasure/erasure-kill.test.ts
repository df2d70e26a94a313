import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Log, sqliteLog } from '@org/track-node';
import { afterEach, beforeEach, expect, test } from 'vitest';

let path: string;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'erasure-kill-'));
  path = join(folder, 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batches = 400;
const timestamp = new Date().toISOString();

/** Only the oldest batches tell that she had these devices: once they are erased, nothing in the log does. */
const telling = 64;

/** Events of a device that was hers alone, and of one that Bob had too; who she is shows in the oldest of them. */
async function fill(log: Log): Promise<void> {
  const event = { type: 'track', event: 'Viewed', timestamp };
  for (let at = 0; at < batches; at++) {
    const shared = at < telling ? 'ada-1' : 'bob';
    const batch = [
      ...(at < telling ? [{ ...event, messageId: `hers-${at}`, userId: 'ada-1', anonymousId: 'phone-1' }] : []),
      { ...event, messageId: `before-${at}`, anonymousId: 'phone-1' },
      { ...event, messageId: `shared-${at}`, userId: shared, anonymousId: 'tablet-1' },
      { ...event, messageId: `nobody-${at}`, anonymousId: 'tablet-1' },
    ];
    await log.append({
      body: JSON.stringify({ batch }),
      ids: batch.map(({ messageId }) => messageId),
      facts: { receivedAt: Date.now(), source: 'server' },
      quarantined: [{ messageId: `bad-${at}`, issues: [], event: JSON.stringify({ userId: 'ada-1' }) }],
    });
  }
}

async function run(turns: number | 'never'): Promise<{ readonly signal: string | null; readonly said: string }> {
  const script = fileURLToPath(new URL('erase-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path, String(turns)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { signal, said };
}

test('killed between any two steps, an erasure is gone on with: all of it goes, each event is counted once', async () => {
  const log = sqliteLog(path);
  await fill(log);
  await log.close();
  // Each process gets a little further than the one before it, and some are killed in the middle of the same step.
  let kills = 0;
  for (let turns = 0; ; turns += 4) {
    const { signal, said } = await run(turns);
    if (signal === 'SIGKILL') {
      kills++;
      continue;
    }
    const counts = { events: telling * 2 + batches * 2, quarantined: batches, deadLetters: 0 };
    expect(JSON.parse(said)).toMatchObject({ stage: 'done', ...counts });
    break;
  }
  expect(kills).toBeGreaterThan(3);
  const text = readFileSync(path, 'latin1');
  expect(['ada-1', 'phone-1', 'nobody-', 'before-'].filter((trace) => text.includes(trace))).toEqual([]);
  const after = sqliteLog(path);
  const left: string[] = [];
  for await (const { event } of after.records.events({})) left.push(event.messageId);
  expect(left).toHaveLength(batches - telling);
  expect(after.suppression.has({ anonymousId: 'phone-1' })).toBe(true);
  await after.close();
});
