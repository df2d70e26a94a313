// `track` as an operator runs it: a process of its own in a folder of its own, with a config written in TypeScript.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const nodePackage = dirname(createRequire(import.meta.url).resolve('@org/track-node/package.json'));
const { bin } = JSON.parse(readFileSync(join(nodePackage, 'package.json'), 'utf8')) as { bin: { track: string } };
const command = join(nodePackage, bin.track);

/** The machine may be busy. */
const patienceMs = 20_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Served {
  /** Where events are posted to. */
  readonly url: string;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  /** Waits for what it writes. */
  says(text: string): Promise<void>;
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>;
  post(events: readonly object[], writeKey?: string): Promise<Response>;
  admin(path: string, init?: RequestInit): Promise<Response>;
}

export interface Workplace {
  readonly folder: string;
  /** The script that `track` is. */
  readonly command: string;
  path(name: string): string;
  write(name: string, text: string | Uint8Array): string;
  /** What the destination `file` of `aConfig` received. */
  received(): readonly { readonly messageId: string; readonly [field: string]: unknown }[];
  run(...args: readonly string[]): Promise<Ended>;
  serve(...args: readonly string[]): Promise<Served>;
  remove(): Promise<void>;
}

/** A key that nobody should ever see in an output. */
export const secretKey = 'secret-of-the-shop';

/** A config with one destination, which writes what it gets to a file. `mode.txt` says how it behaves. */
export function aConfig(more = ''): string {
  return `
    import { appendFileSync, existsSync, readFileSync } from 'node:fs';
    import { defineConfig } from '@org/track-node/config';
    const mode = (): string => (existsSync('mode.txt') ? readFileSync('mode.txt', 'utf8').trim() : 'take');
    export default defineConfig({
      endpoint: '/api/j',
      log: '.track/log.db',
      keys: { '${secretKey}': { source: 'server', name: 'shop', consent: { analytics: true } } },
      destinations: [{
        name: 'file',
        requires: [],
        idempotency: 'keyed',
        limits: { maxWaitMs: 10 },
        async deliver(events) {
          const [how, reason = ''] = mode().split(' ');
          if (how === 'hang') await new Promise(() => setTimeout(() => {}, 600_000));
          if (how === 'throw') throw new Error('refused with ${secretKey}');
          if (how === 'dead' || how === 'config') return { kind: how, reason };
          appendFileSync('received.ndjson', events.map((event) => JSON.stringify(event) + '\\n').join(''));
          return { kind: 'delivered' };
        },
        async erase(person) {
          if (mode() === 'keep') throw new Error('not today');
          appendFileSync('erased.ndjson', JSON.stringify(person) + '\\n');
        },
      }],
      server: { host: '127.0.0.1', port: 0, stopDeadlineMs: 5_000 },
      admin: { port: 0 },
      ${more}
    });`;
}

export function anEvent(messageId: string, more: object = {}): object {
  return { type: 'track', event: 'Viewed', messageId, userId: 'u1', timestamp: new Date().toISOString(), ...more };
}

/** Polls until `check` passes. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`This never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** @param env - for every process that is started there */
export function createWorkplace(config: string = aConfig(), env: Readonly<Record<string, string>> = {}): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'track-cli-'));
  mkdirSync(join(folder, 'node_modules/@org'), { recursive: true });
  symlinkSync(nodePackage, join(folder, 'node_modules/@org/track-node'));
  // As if the project had installed OpenTelemetry too.
  symlinkSync(join(nodePackage, 'node_modules/@opentelemetry'), join(folder, 'node_modules/@opentelemetry'));
  const running = new Set<ChildProcess>();
  const path = (name: string): string => join(folder, name);

  function write(name: string, text: string | Uint8Array): string {
    writeFileSync(path(name), text);
    return path(name);
  }
  write('track.config.ts', config);

  function start(args: readonly string[]): { child: ChildProcess; out: { stdout: string; stderr: string } } {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: folder,
      stdio: 'pipe',
      env: { ...process.env, ...env },
    });
    running.add(child);
    const out = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => (out.stdout += chunk));
    child.stderr?.on('data', (chunk) => (out.stderr += chunk));
    child.on('close', () => running.delete(child));
    return { child, out };
  }

  return {
    folder,
    command,
    path,
    write,
    received() {
      try {
        const lines = readFileSync(path('received.ndjson'), 'utf8').trim().split('\n');
        return lines.map((line) => JSON.parse(line));
      } catch {
        return [];
      }
    },
    async run(...args) {
      const { child, out } = start(args);
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, ...out };
    },
    async serve(...args) {
      const { child, out } = start(['serve', ...args]);
      const output = (): string => out.stdout + out.stderr;
      await until('a server that listens', () => {
        if (child.exitCode !== null) throw new Error(`The server did not start: ${output()}`);
        return out.stdout.includes('\n');
      });
      const { url, admin } = JSON.parse(out.stdout.split('\n')[0] ?? '') as { url: string; admin: string };
      return {
        url,
        adminUrl: admin,
        child,
        output,
        says: (text) => until(text, () => output().includes(text)),
        async end(signal) {
          if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
          const ended = once(child, 'close');
          child.kill(signal);
          const [code] = (await ended) as [number | null];
          return code;
        },
        post: (events, writeKey = secretKey) =>
          fetch(url, { method: 'POST', body: JSON.stringify({ writeKey, batch: events }) }),
        admin: (where, init) => fetch(admin + where, init),
      };
    },
    async remove() {
      for (const child of running) {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true });
    },
  };
}
