import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@org/track-core';
import {
  type CollectedEvent,
  type Collector,
  type CollectorOptions,
  createCollector,
  type Log,
  LogUnavailableError,
  memoryLog,
} from '@org/track-node';

/** A collector that other people's clients write to, and what it made of them. */
export interface Served {
  readonly url: string;
  readonly collector: Collector;
  /** Answers to posted requests, in their order. */
  readonly statuses: readonly number[];
  /** When they were given, `performance.now()`. */
  readonly answeredAt: readonly number[];
  /** What a destination got, once it has caught up. */
  delivered(): Promise<readonly CollectedEvent[]>;
  close(): Promise<void>;
}

export const keys = {
  'secret-of-the-shop': { source: 'server', name: 'shop', consent: { analytics: true } },
  'key-of-the-site': { source: 'browser', name: 'site', consent: { analytics: true } },
} as const;

export interface Setting extends Partial<CollectorOptions> {
  /** As many times the log cannot store: the disk is full. */
  readonly failures?: number;
  /** Time stands still until somebody sent too much: how fast the machine is does not matter. Default: it never does. */
  readonly standsStill?: boolean;
  /** What else the server has to show. */
  readonly page?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export async function serve({ failures = 0, standsStill, page, ...options }: Setting = {}): Promise<Served> {
  const received: CollectedEvent[] = [];
  const statuses: number[] = [];
  const answeredAt: number[] = [];
  const clock: Clock = {
    now: Date.now,
    elapsed: () => (standsStill && !statuses.includes(429) ? 0 : performance.now()),
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const collector = createCollector({
    clock,
    log: failing(memoryLog(), failures),
    keys,
    destinations: [
      {
        name: 'sink',
        requires: [],
        idempotency: 'native',
        limits: { maxWaitMs: 10 },
        async deliver(events) {
          received.push(...events);
          return { kind: 'delivered' };
        },
      },
    ],
    ...options,
  });
  const server = createServer((request, response) => {
    if (page?.(request, response)) return;
    if (request.method === 'POST') {
      response.on('finish', () => {
        statuses.push(response.statusCode);
        answeredAt.push(performance.now());
      });
    }
    collector.node(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collector,
    statuses,
    answeredAt,
    async delivered() {
      await collector.flush({ deadlineMs: 5_000 });
      return received;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await collector.close({ deadlineMs: 1_000 });
    },
  };
}

function failing(log: Log, failures: number): Log {
  let left = failures;
  return {
    ...log,
    append: (batch) => (left-- > 0 ? Promise.reject(new LogUnavailableError('The disk is full.')) : log.append(batch)),
  };
}

/** How often each type came, by its name. */
export function countTypes(events: readonly CollectedEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
