// A modern ClickHouse for tests where only Debian's old one can be installed: its engine as a library, behind HTTP.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startClickHouse } from './clickhouse.mjs';

/** A folder with dependencies of its own. */
export const chdbFolder = fileURLToPath(new URL('../tests/warehouse/chdb', import.meta.url));

/** In the lockfile there is a binary for this platform alone. */
export const isForChdb = process.platform === 'linux' && process.arch === 'x64';

/** Is it installed, in the version that is asked for? */
function hasChdb() {
  const installed = manifest('node_modules/chdb/package.json')?.version;
  return installed !== undefined && installed === manifest('package.json')?.dependencies?.chdb;
}

/** Is there a ClickHouse of 24.3 or later to test with? */
export function hasModernClickHouse() {
  return Boolean(process.env.TRACK_CLICKHOUSE_URL) || hasChdb();
}

/** For people who have none. */
export const howToGetModernClickHouse =
  'let npm test install chdb (on Linux on x64), or start the one in compose.yaml and set TRACK_CLICKHOUSE_URL';

/**
 * The server at `TRACK_CLICKHOUSE_URL`, else a new one of chdb's.
 *
 * @returns {Promise<{ url: string, remove(): Promise<void> }>}
 */
export function startModernClickHouse() {
  return process.env.TRACK_CLICKHOUSE_URL ? startClickHouse() : startChdb();
}

async function startChdb() {
  const started = spawn(process.execPath, ['serve.mjs'], { cwd: chdbFolder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(started, 'exit');
  const port = await Promise.race([
    once(createInterface(started.stdout), 'line').then(([line]) => Number(line)),
    ended.then(() => Promise.reject(new Error('chdb did not start'))),
  ]);
  return {
    url: `http://default:not-asked-for-nothing@127.0.0.1:${port}`,
    async remove() {
      started.stdin.end();
      await ended;
    },
  };
}

/**
 * @param {string} path
 * @returns {{ version?: string, dependencies?: Record<string, string> } | undefined}
 */
function manifest(path) {
  const file = join(chdbFolder, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
