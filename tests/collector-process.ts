// A shop's backend in a process of its own, so that it can be killed: one page, a collector, SQLite, DuckDB.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { duckdb } from '@org/track-node/duckdb';

const [port = '0', folder = '.', logOptions = '{}'] = process.argv.slice(2);
const browserPackage = dirname(createRequire(import.meta.url).resolve('@org/track-browser/package.json'));
const script = readFileSync(join(browserPackage, 'dist/track-browser.iife.js'));
const page = `<!doctype html><title>Shop</title><script src="/app.js"></script><script>
  window.tracker = orgTrack.createTracker({ endpoint: '/api/j', capture: [orgTrack.pageViews()] });
</script><a href="/next">Next</a>`;

const collector = createCollector({
  log: sqliteLog(join(folder, 'log.db'), JSON.parse(logOptions)),
  destinations: [duckdb(join(folder, 'events.duckdb'))],
  keys: { 'secret-of-the-shop': { source: 'server', name: 'shop', consent: { analytics: true } } },
});

const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/j') || request.url?.startsWith('/v1/')) collector.node(request, response);
  else if (request.url === '/app.js') response.setHeader('content-type', 'text/javascript').end(script);
  else response.setHeader('content-type', 'text/html').end(page);
});
server.listen(Number(port), '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));

process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await collector.flush({ deadlineMs: 20_000 });
  await collector.close();
  process.exit(0);
});
