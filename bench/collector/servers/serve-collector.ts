import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollector, type Log } from '@org/track-node';
import { writeKey } from '../load.ts';
import { serveBench } from '../server.ts';

/** Our collector, each answer after its commit, and nobody who reads the log. */
export function serveCollector(openLog: (path: string) => Log): void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-collector-'));
  const collector = createCollector({
    log: openLog(join(folder, 'log.db')),
    keys: { [writeKey]: { source: 'server', name: 'bench', consent: { analytics: true } } },
    limits: { keyEventsPerSecond: Number.POSITIVE_INFINITY, addressEventsPerSecond: Number.POSITIVE_INFINITY },
  });
  const server = createServer(collector.node);
  server.listen(0, '127.0.0.1', () => {
    serveBench((server.address() as AddressInfo).port, {
      kept: () => collector.stats().log.events,
      async close() {
        server.closeAllConnections();
        await collector.close();
        rmSync(folder, { recursive: true });
      },
    });
  });
}
