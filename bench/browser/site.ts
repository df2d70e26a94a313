import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../tests/faults/until.ts';
import type { ClientUnderTest } from './clients.ts';

/** A site whose pages use one tracker, and the tracker's far end. */
export interface Site {
  readonly origin: string;
  /** How many events each request brought, of those that brought any. */
  readonly requests: readonly number[];
  /** Waits until all of these events are here; tells how many are. */
  arrival(markers: readonly string[], patienceMs: number): Promise<number>;
  /** Closes the port and every connection. */
  goDown(): Promise<void>;
  /** Listens on the same port again. */
  comeBack(): Promise<void>;
}

/** Isolated from other origins, a page gets a clock of 5 µs instead of 100. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shop</title>
<script src="/harness.js"></script><p>Shop</p></html>`;

export async function openSite(client: ClientUnderTest): Promise<Site> {
  const files = new Map([
    ['/', { type: 'text/html', text: html }],
    ['/harness.js', { type: 'text/javascript', text: await readFile(new URL('page/harness.js', import.meta.url)) }],
    ['/bundle.js', { type: 'text/javascript', text: await client.bundle() }],
  ]);
  const arrived = new Set<string>();
  const requests: number[] = [];
  let port = 0;

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? 'GET';
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
    const file = method === 'GET' ? files.get(url.pathname) : undefined;
    if (file !== undefined) {
      response.writeHead(200, { ...isolation, 'content-type': file.type }).end(file.text);
      return;
    }
    const request = { method, url, headers: new Headers(), body: await bodyOf(incoming) };
    const events = client.decode(request);
    for (const { id } of events) arrived.add(id);
    if (events.length > 0) requests.push(events.length);
    const reply = client.answer?.(request) ?? Response.json({ success: true });
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text());
  }

  async function listen(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  await listen();
  const present = (markers: readonly string[]): number => markers.filter((marker) => arrived.has(marker)).length;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    async arrival(markers, patienceMs) {
      await until(() => present(markers) === markers.length, patienceMs);
      return present(markers);
    },
    async goDown() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    comeBack: listen,
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
