// The Worker in workerd, as Cloudflare runs it, and a collector beside it in Node.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const folder = process.env.TRACK_DIR ?? '.track';
mkdirSync(folder, { recursive: true });
const collector = createCollector({
  log: sqliteLog(join(folder, 'log.db')),
  destinations: [duckdb(join(folder, 'events.duckdb'))],
  keys: { 'secret-of-the-worker': { source: 'server', name: 'worker' } },
});
collector.watch(({ event, status }) => {
  const { type, event: name = type } = event as { readonly type?: string; readonly event?: string };
  console.log(`${status} ${name}`);
});
const server = createServer(collector.node).listen(0, '127.0.0.1');
await once(server, 'listening');

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  external: ['node:*', 'cloudflare:*'],
  write: false,
});
const worker = new Miniflare({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8787),
  modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
  compatibilityDate: '2026-01-01',
  compatibilityFlags: ['nodejs_compat'],
  unsafeTriggerHandlers: true,
  bindings: {
    TRACK_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/j`,
    TRACK_KEY: 'secret-of-the-worker',
  },
});
console.log(`http://localhost:${(await worker.ready).port}`);

// Miniflare's own listener ends the process at once; the collector wants to finish what it has.
process.removeAllListeners('SIGTERM');
process.on('SIGTERM', async () => {
  await worker.dispose();
  server.close();
  server.closeAllConnections();
  await collector.close({ deadlineMs: 10_000 });
});
