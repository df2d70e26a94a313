import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { CollectorReply, EventResult, TrackEvent } from '@org/track-core';
import { createCollector } from '../collector/create-collector.ts';
import { memoryLog } from '../log/memory-log.ts';

/**
 * What becomes of one request.
 *
 * - `store`: all is well.
 * - `hang`: nothing is stored and nobody answers.
 * - `reset`: the connection breaks before anything is stored.
 * - `reset-after-store`: everything is stored, and the connection breaks before the answer.
 * - a status, with `Retry-After` in seconds: nothing is stored.
 * - verdicts: events for which it returns one are not stored, and the answer says why; all others are.
 */
export type FakeAnswer =
  | 'store'
  | 'hang'
  | 'reset'
  | 'reset-after-store'
  | { readonly status: number; readonly retryAfter?: number }
  | { readonly verdicts: (event: TrackEvent) => EventResult | undefined };

/** One request, as it came. */
export interface FakeRequest {
  /** Counted from 0. */
  readonly index: number;
  readonly events: readonly TrackEvent[];
}

export interface FakeCollector {
  /** Where trackers send: `createTracker({ endpoint: collector.url, writeKey: collector.writeKey })`. */
  readonly url: string;
  readonly writeKey: string;
  readonly requests: readonly FakeRequest[];
  /** What was stored, each event once however often it came, oldest first. */
  readonly events: readonly TrackEvent[];
  /** Resolves when `howMany` events are stored; rejects after `timeoutMs` (5,000). */
  stored(howMany: number, timeoutMs?: number): Promise<readonly TrackEvent[]>;
  close(): Promise<void>;
}

/**
 * A real collector on a port of its own that behaves as badly as it is told.
 *
 * @param script - the answers in turn, then `store`; or a function of the request
 */
export async function createFakeCollector(
  script: readonly FakeAnswer[] | ((request: FakeRequest) => FakeAnswer) = [],
): Promise<FakeCollector> {
  const writeKey = 'test';
  const requests: FakeRequest[] = [];
  const events: TrackEvent[] = [];
  const waiting = new Set<() => void>();
  const collector = createCollector({
    log: memoryLog(),
    keys: { [writeKey]: { source: 'server' } },
    consent: { functional: true, analytics: true, advertising: true },
    limits: { keyEventsPerSecond: Number.POSITIVE_INFINITY, addressEventsPerSecond: Number.POSITIVE_INFINITY },
  });
  collector.watch(({ event, status }) => {
    if (status !== 'stored') return;
    events.push(event as TrackEvent);
    for (const look of waiting) look();
  });

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = Buffer.concat(await incoming.toArray());
    const text = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    const { batch, ...envelope } = JSON.parse(text.toString()) as { readonly batch: readonly TrackEvent[] };
    const request: FakeRequest = { index: requests.length, events: batch };
    requests.push(request);
    const answer = typeof script === 'function' ? script(request) : (script[request.index] ?? 'store');

    const store = async (kept: readonly TrackEvent[]): Promise<Response> =>
      collector.fetch(
        new Request(`${url}/api/j`, {
          method: 'POST',
          headers: { authorization: incoming.headers.authorization ?? '' },
          body: JSON.stringify({ ...envelope, batch: kept }),
        }),
      );

    if (answer === 'hang') return;
    if (answer === 'reset') return void incoming.socket.destroy();
    if (answer === 'reset-after-store') {
      await store(batch);
      return void incoming.socket.destroy();
    }
    if (typeof answer === 'object' && 'status' in answer) {
      const { status, retryAfter } = answer;
      response
        .writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter })
        .end('{"success":false}');
      return;
    }
    const verdicts = new Map<string, EventResult>();
    for (const event of answer === 'store' ? [] : batch) {
      const verdict = (answer as { verdicts(event: TrackEvent): EventResult | undefined }).verdicts(event);
      if (verdict !== undefined) verdicts.set(event.messageId, verdict);
    }
    const reply = await store(batch.filter(({ messageId }) => !verdicts.has(messageId)));
    const said = (await reply.json()) as CollectorReply;
    response.writeHead(reply.status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ ...said, results: { ...said.results, ...Object.fromEntries(verdicts) } }));
  }

  const server = createServer((incoming, response) => {
    take(incoming, response).catch(() => response.writeHead(400).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    writeKey,
    requests,
    events,
    stored: (howMany, timeoutMs = 5_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => end(), timeoutMs);
        function look(): void {
          if (events.length >= howMany) end();
        }
        function end(): void {
          clearTimeout(timer);
          waiting.delete(look);
          if (events.length >= howMany) resolve(events);
          else reject(new Error(`${events.length} of ${howMany} events were stored after ${timeoutMs} ms`));
        }
        waiting.add(look);
        look();
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await collector.close({ deadlineMs: 0 });
    },
  };
}
