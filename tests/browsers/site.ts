import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { CollectedEvent } from '@org/track-core';
import { createCollector, memoryLog } from '@org/track-node';
import { bundle } from './bundle.ts';
import type { PageOptions } from './page/entry.ts';

/** A request as it came over the wire, its body unpacked. */
export interface WireRequest {
  readonly method: string;
  /** Path, query and fragment. */
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export interface SiteOptions {
  /** What the pages' tracker is made with. */
  readonly tracker?: PageOptions;
  /** Whether the script has React, for lists made with it. Default: yes. */
  readonly hasReact?: boolean;
  /** Headers of every page. */
  readonly pageHeaders?: Readonly<Record<string, string>>;
  /** Replaces `{{name}}` in every page. */
  readonly words?: Readonly<Record<string, string>>;
  /** More pages and files, by path. */
  readonly files?: Readonly<Record<string, SiteFile>>;
}

export interface SiteFile {
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** A site on a port of its own: the pages of `pages/`, each at its name, the tracker's script and the real collector. */
export interface Site {
  readonly origin: string;
  /** The same server as another site. */
  readonly elsewhere: string;
  /** What came for the collector. */
  readonly requests: readonly WireRequest[];
  /** Everything else that was asked for, in its order. */
  readonly visited: readonly WireRequest[];
  /** What the collector accepted and handed on, in its order. */
  readonly events: readonly CollectedEvent[];
  /** From now on the collector answers with this status instead; `undefined`: as ever. */
  answerWith(status: number | undefined): void;
  /** From now on the collector's answers take so long. */
  answerAfter(delayMs: number): void;
  close(): Promise<void>;
}

const endpoint = '/api/j';

export async function createSite(options: SiteOptions = {}): Promise<Site> {
  const requests: WireRequest[] = [];
  const visited: WireRequest[] = [];
  const events: CollectedEvent[] = [];
  const script = `${await bundle(options.hasReact === false ? 'entry' : 'entry-with-react')}\nbrowserTest.begin(${JSON.stringify(options.tracker ?? {})});`;
  let status: number | undefined;
  let delayMs = 0;

  const collector = createCollector({
    log: memoryLog(),
    destinations: [
      {
        name: 'far-end',
        requires: [],
        idempotency: 'native',
        limits: { maxWaitMs: 0 },
        async deliver(delivered) {
          events.push(...delivered);
          return { kind: 'delivered' };
        },
      },
    ],
  });

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', rawHeaders } = incoming;
    const bytes = await bodyOf(incoming);
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const body = (isPacked ? gunzipSync(bytes) : bytes).toString();
    const { pathname } = new URL(url, origin());
    (pathname === endpoint ? requests : visited).push({ method, url, headers: rawHeaders, body });
    if (pathname === endpoint) return collect(incoming, bytes, response);
    const file = await fileAt(pathname);
    if (!file) return void response.writeHead(404).end();
    sendFile(file, incoming.headers.range, response);
  }

  async function collect(
    { method = 'GET', url = '/', headers }: IncomingMessage,
    bytes: Buffer,
    response: ServerResponse,
  ) {
    const wire = new Headers();
    for (const [name, value] of Object.entries(headers)) wire.set(name, String(value));
    const request = new Request(new URL(url, origin()), {
      method,
      headers: wire,
      ...(method === 'POST' && { body: new Uint8Array(bytes) }),
    });
    // Taken before that: what a page never hears of has arrived all the same.
    const reply = status === undefined ? await collector.fetch(request) : new Response(null, { status });
    await pause(delayMs);
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text());
  }

  async function fileAt(path: string): Promise<SiteFile | undefined> {
    const own = options.files?.[path];
    if (own) return own;
    if (path === '/tracker.js') return { type: 'text/javascript', content: script };
    const [, name = 'home'] = /^\/([a-z-]+)(?:\/|$)/.exec(path) ?? [];
    const page = await readFile(new URL(`pages/${name}.html`, import.meta.url), 'utf8').catch(() => undefined);
    const words: Record<string, string> = {
      elsewhere: elsewhere(),
      elsewhereHost: new URL(elsewhere()).host,
      ...options.words,
    };
    return page === undefined
      ? undefined
      : { type: 'text/html; charset=utf-8', content: page.replace(/\{\{(\w+)\}\}/g, (_, word) => words[word] ?? '') };
  }

  /** Media are asked for in parts. */
  function sendFile({ type, content }: SiteFile, range: string | undefined, response: ServerResponse): void {
    const bytes = Buffer.from(content);
    const headers = {
      'content-type': type,
      'accept-ranges': 'bytes',
      ...(type.startsWith('text/html') && options.pageHeaders),
    };
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    if (from === undefined)
      return void response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
    const last = to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1;
    const part = bytes.subarray(Number(from), last + 1);
    const place = { 'content-range': `bytes ${from}-${last}/${bytes.length}`, 'content-length': part.length };
    response.writeHead(206, { ...headers, ...place }).end(part);
  }

  const port = (): number => (server.address() as AddressInfo).port;
  const origin = (): string => `http://127.0.0.1:${port()}`;
  const elsewhere = (): string => `http://localhost:${port()}`;

  server.listen(0);
  await once(server, 'listening');
  return {
    origin: origin(),
    elsewhere: elsewhere(),
    requests,
    visited,
    events,
    answerWith(next) {
      status = next;
    },
    answerAfter(next) {
      delayMs = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await collector.close();
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
