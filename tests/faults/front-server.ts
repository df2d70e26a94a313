import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.mjs';
import type { ClientUnderTest, WireEvent, WireRequest } from './client.ts';
import type { Sink } from './sink.ts';
import { bystanderPage, serviceWorker, trackedPage } from './visit.ts';

/**
 * What befalls a request that carries events: an answer in the collector's place, or … What is not `hang` reaches the
 * collector, and its answer is lost, cut off, or late.
 */
export type Mishap = Response | 'hang' | 'reset-after-stored' | 'half-an-answer' | 'slow';

/** Decides what befalls a request; undefined: nothing, it reaches the collector. */
export type Fault = (request: WireRequest) => Mishap | undefined;

/** One copy of an event that came over the wire. */
export interface Sighting extends WireEvent {
  /** When its request had been read, `performance.now()`. */
  readonly atMs: number;
  /** Which of the requests with events it came in, from 0. */
  readonly request: number;
  /** Did the collector get it? */
  readonly isTaken: boolean;
}

/** The site and its collector, with faults in between. */
export interface FrontServer {
  readonly origin: string;
  readonly sightings: readonly Sighting[];
  /** Answers given to requests that carry events, in their order; undefined where none was. */
  readonly statuses: readonly (number | undefined)[];
  /** Paths of the pages and files asked for, in their order. */
  readonly visited: readonly string[];
  /** The page at this path runs `code` after the client's script. */
  addPage(path: string, code: string): void;
  /** From now on this befalls every request for the collector; undefined: nothing. */
  inject(fault: Fault | undefined): void;
  /** Closes the port and every connection. */
  goDown(): Promise<void>;
  /** Listens on the same port again. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** The first `times` requests get this answer. */
export function answerWith(status: number, headers: Record<string, string> = {}, times = Infinity): Fault {
  let left = times;
  return () => (left-- > 0 ? new Response(null, { status, headers }) : undefined);
}

/** The first `times` requests meet this mishap. */
export function meet(mishap: Exclude<Mishap, Response>, times = Infinity): Fault {
  let left = times;
  return () => (left-- > 0 ? mishap : undefined);
}

/** Bodies above `maxBytes` are refused as too large. */
export function refuseAbove(maxBytes: number): Fault {
  return ({ body }) => (body.length > maxBytes ? new Response(null, { status: 413 }) : undefined);
}

/** How late a slow answer is. */
const slowMs = 3_000;

/** Serves the page and the bundle of `client`, and passes everything else to `sink` unless a fault is injected. */
export async function createFrontServer(client: ClientUnderTest, sink: Sink): Promise<FrontServer> {
  const bundle = await client.bundle();
  const sightings: Sighting[] = [];
  const statuses: (number | undefined)[] = [];
  const visited: string[] = [];
  const scripts = new Map<string, string>();
  let fault: Fault | undefined;
  const port = await freePort(); // it goes down and comes back

  const files: { readonly [path: string]: readonly [type: string, text: () => string] } = {
    '/bundle.js': ['text/javascript', () => bundle],
    '/worker.js': ['text/javascript', () => serviceWorker],
    '/elsewhere': ['text/html', () => bystanderPage],
    // A page without DevTools says this way that something happened in it.
    '/hidden': ['text/plain', () => ''],
    '/activated': ['text/plain', () => ''],
    '/favicon.ico': ['image/x-icon', () => ''],
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
    const file = files[url.pathname];
    const isDocument = incoming.headers.accept?.includes('text/html');
    if (incoming.method === 'GET' && (file !== undefined || isDocument === true)) {
      visited.push(url.pathname);
      const [type, text] = file ?? ['text/html', () => trackedPage(scripts.get(url.pathname))];
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(text());
      return;
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
    const request = { method: incoming.method ?? 'GET', url, headers, body: await bodyOf(incoming) };
    await carry(request, response);
  }

  async function carry(request: WireRequest, response: ServerResponse): Promise<void> {
    const events = client.decode(request);
    const mishap = fault?.(request);
    const isTaken = !(mishap instanceof Response) && mishap !== 'hang';
    const atMs = performance.now();
    const index = statuses.length;
    if (events.length > 0) {
      for (const event of events) sightings.push({ ...event, atMs, request: index, isTaken });
      statuses.push(undefined);
    }
    if (mishap === 'hang') return;
    const reply = mishap instanceof Response ? mishap : await sink.answer(request);
    if (mishap === 'reset-after-stored') {
      response.socket?.resetAndDestroy();
      return;
    }
    const text = await reply.text();
    if (mishap === 'half-an-answer') {
      response.writeHead(reply.status, { ...Object.fromEntries(reply.headers), 'content-length': text.length });
      response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
      return;
    }
    if (mishap === 'slow') await pause(slowMs);
    if (events.length > 0) statuses[index] = reply.status;
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(text);
  }

  async function listen(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }

  async function goDown(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  await listen();
  return {
    origin: `http://127.0.0.1:${port}`,
    sightings,
    statuses,
    visited,
    addPage: (path, code) => void scripts.set(path, code),
    inject(next) {
      fault = next;
    },
    goDown,
    comeBack: listen,
    close: goDown,
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
