// The measure, measured: half of the visitors have a content blocker, once where block lists know the shop's path and once
// where they do not. Each time the driver compares what /insights says with what it did. Exit code 1 if one run is wrong.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const paths = ['/analytics/events', '/api/j'];
let isWrong = false;

for (const path of paths) {
  console.log(`\nTRACK_PATH=${path}`);
  const folder = await mkdtemp(join(tmpdir(), 'shop-'));
  const env = { ...process.env, TRACK_PATH: path, TRACK_DIR: folder, PORT: '0' };
  const shop = spawn(process.execPath, ['server.ts'], { cwd: here, env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await addressOf(shop);
    const args = ['drive.ts', '--url', url, '--blockers', '0.5', ...process.argv.slice(2)];
    const [code] = await once(spawn(process.execPath, args, { cwd: here, stdio: 'inherit' }), 'exit');
    isWrong ||= code !== 0;
  } finally {
    if (shop.exitCode === null && shop.kill()) await once(shop, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}
process.exit(isWrong ? 1 : 0);

/** Where it listens, as it says itself. */
function addressOf(shop: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    shop.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
      const [address] = /http:\/\/localhost:\d+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    shop.on('exit', () => reject(new Error(`The shop ended: ${said}`)));
  });
}
