// An example as its reader starts it: a process of its own, on a free port, with a folder for its data.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdb } from '@org/track-node/duckdb';
import { type Browser, type Page, chromium as playwright } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';

/** An event as the example's warehouse has it. */
export interface StoredEvent {
  readonly event: string | null;
  readonly type: string;
  readonly source: string;
  readonly message_id: string;
  readonly anonymous_id: string;
  readonly session_id: string | null;
  readonly ip: string | null;
  readonly page_path: string | null;
  readonly user_agent: string | null;
  readonly consented: boolean;
  readonly browser_id: string | null;
  readonly page_view_id: string | null;
}

export interface Example {
  /** The first address it printed. */
  readonly url: string;
  /** All it printed. */
  output(): string;
  /** Stops it as a deployment does, and asks its warehouse. Oldest first. */
  stopAndRead(): Promise<readonly StoredEvent[]>;
  remove(): Promise<void>;
}

const sql = `SELECT event, type, source, message_id, anonymous_id, session_id, ip, page_path, user_agent,
  coalesce((context->'$.consent.categoryPreferences.analytics')::BOOLEAN, false) AS consented,
  context->>'$.identity.browserId' AS browser_id, properties->>'$.page_view_id' AS page_view_id
  FROM events ORDER BY received_at, message_id`;

/** How long an example may take to end when it is told to, milliseconds. */
const patienceMs = 20_000;

/**
 * @param command - what Node runs, in the example's folder
 * @param more - what it finds in its environment besides
 */
export async function startExample(
  name: string,
  command: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Example> {
  const cwd = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), `example-${name}-`));
  const env = { ...process.env, PORT: '0', TRACK_DIR: folder, ...more };
  const child = spawn(process.execPath, command, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  try {
    return { url: await printedAddress(), output: () => output, stopAndRead, remove };
  } catch (error) {
    await remove();
    throw error;
  }

  function printedAddress(): Promise<string> {
    return new Promise((resolve, reject) => {
      child.stdout.on('data', () => {
        const [address] = /http:\/\/localhost:\d+(?=\D)/.exec(output) ?? [];
        if (address !== undefined) resolve(address);
      });
      child.on('close', () => reject(new Error(`The example ended:\n${output}`)));
    });
  }

  /** As a deployment does; what started it may have processes of its own, which it ends itself. */
  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(timer);
  }

  async function stopAndRead(): Promise<readonly StoredEvent[]> {
    await end();
    const warehouse = duckdb(join(folder, 'events.duckdb'));
    const rows = await warehouse.query<StoredEvent>(sql);
    await warehouse.close?.();
    return rows;
  }

  async function remove(): Promise<void> {
    await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  return playwright.launch({
    args: [...chromiumArgs, ...args],
    ...(executablePath === undefined ? {} : { executablePath }),
  });
}

/** The names of the events that a page's collector has acknowledged, as they come. */
export function acknowledged(page: Page): readonly string[] {
  const names: string[] = [];
  page.on('response', (response) => {
    if (!response.url().endsWith('/api/j') || !response.ok()) return;
    const { batch } = response.request().postDataJSON() as { batch: readonly { event?: string; type: string }[] };
    names.push(...batch.map(({ event, type }) => event ?? type));
  });
  return names;
}
