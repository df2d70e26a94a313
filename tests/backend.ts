import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SqliteLogOptions } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { freePort } from '../scripts/free-port.mjs';

/** A backend that can be killed and started again on the same data and port. */
export interface Backend {
  readonly url: string;
  /** The data: log and warehouse. */
  readonly folder: string;
  /** Of the process that runs now. */
  pid(): number | undefined;
  /** Resolves when it listens; rejects with what it said if it ends before. */
  start(): Promise<void>;
  /** Starts it, and kills it so long after, whether it listens yet or not. */
  startAndKill(afterMs: number): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Stops it as a deployment does; `kill -9` so long after, if it is still there. */
  stopAndKill(afterMs: number): Promise<void>;
  /** Stops it as a deployment does, all destinations caught up, and asks its warehouse. */
  stopAndAsk<Row>(sql: string): Promise<readonly Row[]>;
  remove(): Promise<void>;
}

export interface BackendOptions {
  /** An empty folder for the data, which stays. Default: one of its own. */
  readonly folder?: string;
  readonly log?: SqliteLogOptions;
}

/** Makes a backend with empty data; it does not run yet. */
export async function createBackend(options: BackendOptions = {}): Promise<Backend> {
  const { folder = mkdtempSync(join(tmpdir(), 'track-journey-')), log = {} } = options;
  const port = await freePort();
  let child: ChildProcess | undefined;

  function fromHere(): ChildProcess {
    const args = [String(port), folder, JSON.stringify(log)];
    child = fork(new URL('./collector-process.ts', import.meta.url), args, {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    return child;
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async function killAfter(ms: number): Promise<void> {
    await pause(ms);
    await end('SIGKILL');
  }

  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    pid: () => child?.pid,
    async start() {
      const starting = fromHere();
      let said = '';
      starting.stderr?.on('data', (chunk) => (said += chunk));
      const [message] = await Promise.race([once(starting, 'message'), once(starting, 'exit')]);
      if (message?.port !== port) throw new Error(`The backend did not start: ${message} ${said}`);
    },
    async startAndKill(afterMs) {
      fromHere().stderr?.resume();
      await killAfter(afterMs);
    },
    kill: () => end('SIGKILL'),
    async stopAndKill(afterMs) {
      child?.kill('SIGTERM');
      await killAfter(afterMs);
    },
    async stopAndAsk<Row>(sql: string) {
      await end('SIGTERM');
      const warehouse = duckdb(join(folder, 'events.duckdb'));
      const rows = await warehouse.query<Row>(sql);
      await warehouse.close?.();
      return rows;
    },
    async remove() {
      await end('SIGKILL');
      if (options.folder === undefined) rmSync(folder, { recursive: true });
    },
  };
}
