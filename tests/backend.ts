import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdb } from '@org/track-node/duckdb';

/** A backend that can be killed and started again on the same data and port. */
export interface Backend {
  readonly url: string;
  start(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Stops it as a deployment does, all destinations caught up, and asks its warehouse. */
  stopAndAsk<Row>(sql: string): Promise<readonly Row[]>;
  remove(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Makes a backend with empty data; it does not run yet. */
export async function createBackend(): Promise<Backend> {
  const folder = mkdtempSync(join(tmpdir(), 'track-journey-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    async start() {
      child = fork(new URL('./collector-process.ts', import.meta.url), [String(port), folder]);
      const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
      if (message?.port !== port) throw new Error(`The backend did not start: ${message}`);
    },
    kill: () => end('SIGKILL'),
    async stopAndAsk<Row>(sql: string) {
      await end('SIGTERM');
      const warehouse = duckdb(join(folder, 'events.duckdb'));
      const rows = await warehouse.query<Row>(sql);
      await warehouse.close?.();
      return rows;
    },
    async remove() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}
