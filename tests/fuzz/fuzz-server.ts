// A collector in a process of its own, on a real log, that can be asked what it holds of memory. What comes out of its log
// is written to a file, so that nothing here grows with the number of events.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createCollector, sqliteLog } from '@org/track-node';
import { browserKey, serverKey } from './request.ts';

const [folder = '.', overrides = '{}'] = process.argv.slice(2);

const collector = createCollector({
  log: sqliteLog(join(folder, 'log.db')),
  destinations: [
    {
      name: 'file',
      requires: [],
      idempotency: 'native',
      async deliver(events) {
        appendFileSync(join(folder, 'ids'), events.map(({ messageId }) => `${JSON.stringify(messageId)}\n`).join(''));
        return { kind: 'delivered' };
      },
    },
  ],
  keys: {
    [serverKey]: { source: 'server', name: 'server', consent: { analytics: true } },
    [browserKey]: { source: 'browser', name: 'browser', consent: { analytics: true } },
  },
  trustedProxies: 1,
  limits: {
    keyEventsPerSecond: Number.POSITIVE_INFINITY,
    addressEventsPerSecond: Number.POSITIVE_INFINITY,
    ...JSON.parse(overrides),
  },
});

export interface Memory {
  /** After a garbage collection. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly events: ReturnType<typeof collector.stats>['events'];
}

const server = createServer(collector.node);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});

process.on('message', (order: 'memory' | 'close') => {
  if (order === 'memory') {
    // What was let go in this turn is garbage in the next.
    setTimeout(() => {
      globalThis.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      process.send?.({
        heapBytes: heapUsed + external,
        rssBytes: rss,
        events: collector.stats().events,
      } satisfies Memory);
    }, 50);
  } else {
    server.close();
    server.closeAllConnections();
    void collector
      .flush({ deadlineMs: 60_000 })
      .then(() => collector.close())
      .then(() => process.exit(0));
  }
});
