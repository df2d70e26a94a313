// A process with nothing else to do, which awaits us: our timers alone would not keep it alive.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('.', import.meta.url));

/** What a module prints that awaits `call` while a destination asks to be tried again, once. */
async function awaiting(call: string): Promise<readonly string[]> {
  const script = `
    import { createCollector, memoryLog } from '@org/track-node';
    let tries = 0;
    const sink = {
      name: 'sink',
      requires: [],
      idempotency: 'none',
      limits: { maxWaitMs: 5 },
      async deliver(events) {
        if (tries++ === 0) return { kind: 'retry', reason: 'server' };
        console.log('delivered', events.length);
        return { kind: 'delivered' };
      },
      close: () => console.log('closed'),
    };
    const collector = createCollector({ log: memoryLog(), destinations: [sink] });
    collector.tracker.with({ userId: 'u1', consent: { analytics: true } }).track('Seen');
    await collector.${call};
    console.log('awaited');
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd });
  return stdout.trim().split('\n');
}

test.each([
  { call: 'flush({ deadlineMs: 60_000 })', expected: ['delivered 1', 'awaited'] },
  { call: 'close({ deadlineMs: 60_000 })', expected: ['delivered 1', 'closed', 'awaited'] },
])('a collector whose $call is awaited gets it done', async ({ call, expected }) => {
  expect(await awaiting(call)).toEqual(expected);
});
