import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CollectedEvent, Destination, EventResult } from '@org/track-core';
import type { AcceptedBatch } from '../log/accepted-batch.ts';
import { type Log, LogUnavailableError } from '../log/log.ts';
import { memoryLog } from '../log/memory-log.ts';
import type { CollectorOptions } from './collector-options.ts';
import { type Collector, createCollector } from './create-collector.ts';
import type { Arrival } from './store-events.ts';

const closers: (() => Promise<unknown>)[] = [];

/** Closes what the tests of a file opened: `afterEach(closeAll)`. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

/** Runs before everything that was opened earlier is closed. */
export function closeFirst(close: () => Promise<unknown>): void {
  closers.unshift(close);
}

/** Remembers what was appended; its disk can be full. */
export function aLog(): Log & { readonly appended: AcceptedBatch[]; isFull: boolean } {
  const inner = memoryLog();
  const watched = {
    ...inner,
    appended: [] as AcceptedBatch[],
    isFull: false,
    async append(batch: AcceptedBatch) {
      if (watched.isFull) throw new LogUnavailableError('The disk is full.');
      watched.appended.push(batch);
      return inner.append(batch);
    },
  };
  return watched;
}

export function aDestination(): Destination & { readonly received: CollectedEvent[] } {
  const received: CollectedEvent[] = [];
  return {
    name: 'sink',
    requires: [],
    idempotency: 'native',
    limits: { maxWaitMs: 10 },
    received,
    deliver: async (events) => {
      received.push(...events);
      return { kind: 'delivered' };
    },
  };
}

export async function listen(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.unshift(() => new Promise((resolve) => server.closeAllConnections() ?? server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface Running {
  readonly url: string;
  readonly collector: Collector;
  readonly log: ReturnType<typeof aLog>;
  readonly sink: ReturnType<typeof aDestination>;
  readonly arrivals: Arrival[];
  post(body: unknown, init?: { path?: string; headers?: Record<string, string> }): Promise<Reply>;
  /** Everything a destination gets, once it has caught up. */
  delivered(): Promise<readonly CollectedEvent[]>;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly success?: boolean;
    readonly error?: string;
    readonly results?: Readonly<Record<string, EventResult & { readonly reason?: string }>>;
  };
}

/** A collector with a server in front of it, as its clients meet it. */
export async function run(options: Partial<CollectorOptions> = {}): Promise<Running> {
  const log = aLog();
  const sink = aDestination();
  const collector = createCollector({ log, destinations: [sink], ...options });
  closers.push(() => collector.close({ deadlineMs: 1_000 }));
  const arrivals: Arrival[] = [];
  collector.watch((arrival) => arrivals.push(arrival));
  const url = await listen(collector.node);
  return {
    url,
    collector,
    log,
    sink,
    arrivals,
    async post(body, { path = '/', headers = {} } = {}) {
      const payload = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const response = await fetch(url + path, {
        method: 'POST',
        body: payload as NonNullable<RequestInit['body']>,
        headers,
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
    },
    async delivered() {
      await collector.flush({ deadlineMs: 5_000 });
      return sink.received;
    },
  };
}

export const batchOf = (...events: readonly unknown[]): object => ({
  sentAt: new Date().toISOString(),
  batch: events,
});

export const idsOf = (events: readonly { readonly messageId: string }[]): readonly string[] =>
  events.map(({ messageId }) => messageId);

/** The context of somebody who agreed to analytics. */
export const consented = { consent: { categoryPreferences: { analytics: true } } };
