import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { aConsumer, pullIds } from './contract-scene.ts';
import { useLogFile } from './log-file-scene.ts';
import { sqliteLog } from './sqlite-log.ts';

const place = useLogFile();

describe('kill -9', () => {
  const source = (file: string): string => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));

  /** Appends and settles without rest; says what was acknowledged and what was settled, in lines. */
  const program = (): string => `
    import { sqliteLog } from ${source('./sqlite-log.ts')};
    const log = sqliteLog(process.argv[2]);
    const say = (line) => process.stdout.write(line + '\\n'); // synchronous on a pipe
    const outbox = log.consumer('a', { purposeOf: () => 'analytics' });
    outbox.open({ onArrived() {}, onDropped() {} });
    let next = Number(process.argv[3]);
    async function produce() {
      for (;;) {
        const ids = Array.from({ length: 1 + (next % 7) }, () => String(next++));
        const batch = ids.map((messageId) => ({ type: 'track', event: 'e', messageId, userId: 'u', timestamp: '2026-01-01T00:00:00.000Z' }));
        await log.append({ ids, body: JSON.stringify({ batch }), facts: { receivedAt: Date.now(), source: 'server' } });
        say('acknowledged ' + ids.join(' '));
      }
    }
    async function consume() {
      for (;;) {
        const pulled = outbox.pull({ maxEvents: 5, maxBytes: 1e6 });
        // Every third stays undecided until the process is gone.
        const done = pulled.map(({ id }) => id).filter((id) => Number(id) % 3 > 0);
        await Promise.all(done.map((id) => outbox.settle(id, { kind: 'delivered' })));
        if (done.length > 0) say('settled ' + done.join(' '));
        await new Promise(setImmediate);
      }
    }
    void produce(); void produce(); void produce(); void consume();
  `;

  test('ten times: what was acknowledged is there once, what was settled never comes again', async () => {
    const file = join(place.folder, 'program.ts');
    writeFileSync(file, program());
    const acknowledged = new Set<string>();
    const settled: string[] = [];
    for (let run = 1; run <= 10; run++) {
      // Ids that were perhaps stored and never acknowledged are sent again, as a client would.
      const from = Math.max(-1, ...[...acknowledged].map(Number)) + 1 - (acknowledged.size > 0 ? 20 : 0);
      const child = spawn(process.execPath, [file, place.path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout });
      let heard = 0;
      for await (const line of lines) {
        const [what, ...ids] = line.split(' ');
        if (what === 'acknowledged') for (const id of ids) acknowledged.add(id);
        else settled.push(...ids);
        if (++heard === 20 + run * 17) child.kill('SIGKILL');
      }
    }
    const log = sqliteLog(place.path);
    const everything = await pullIds(aConsumer(log, 'b').outbox, Number.POSITIVE_INFINITY);
    const left = await pullIds(aConsumer(log, 'a').outbox, Number.POSITIVE_INFINITY);
    await log.close();

    expect(new Set(everything).size).toBe(everything.length);
    expect([...acknowledged].filter((id) => !everything.includes(id))).toEqual([]);
    expect(new Set(settled).size).toBe(settled.length);
    expect(settled.length).toBeGreaterThan(100);
    expect(left.filter((id) => settled.includes(id))).toEqual([]);
    // What is neither settled as we heard nor left was settled in the last moment before a kill.
    const unheard = everything.filter((id) => !settled.includes(id) && !left.includes(id));
    expect(unheard.every((id) => Number(id) % 3 > 0)).toBe(true);
  }, 60_000);
});
