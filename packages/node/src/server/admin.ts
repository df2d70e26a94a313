import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Registry } from 'prom-client';
import type { NotReady } from './readiness.ts';

/** Answers one admin request; false if the address is none of its. */
export type AdminRoute = (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;

export interface AdminOptions {
  readonly ready: () => Promise<NotReady[]>;
  readonly metrics: Registry;
  /** Is it open to this machine alone? Then a page somewhere must not reach it under a name of its own. */
  readonly isLocal: boolean;
  readonly token: string;
  /** For whoever brings the token. */
  readonly operations: AdminRoute;
  /** For apps that have its key; `undefined` where the config has none. */
  readonly privacy: AdminRoute | undefined;
  /** For everybody who reaches the port: only in test mode. */
  readonly tests: AdminRoute | undefined;
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The operators' port: health, metrics, what the command line asks for. Nothing here is for browsers. */
export function createAdmin({ ready, metrics, isLocal, token, operations, privacy, tests }: AdminOptions): Listener {
  const answerHealth = createHealth(ready);
  const expected = Buffer.from(`Bearer ${token}`);

  function hasToken({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(headers.authorization ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  return (request, response) => {
    const url = urlOf(request);
    if (request.headers.origin !== undefined || (isLocal && !isLocalName(request.headers.host))) {
      return answerJson(response, 403, {
        error: 'not-for-browsers',
        message: 'This port is for operators, not pages.',
      });
    }
    if (answerHealth(request, response, url)) return;
    if (url.pathname === '/metrics') return void answerMetrics(metrics, response);
    if (url.pathname.startsWith('/ops/')) {
      if (!hasToken(request)) {
        return answerJson(response, 401, { error: 'no-token', message: 'The token is in the file beside the log.' });
      }
      if (operations(request, response, url)) return;
    }
    if (privacy?.(request, response, url)) return;
    if (tests?.(request, response, url)) return;
    answerJson(response, 404, { error: 'unknown-address', message: 'There is nothing at this address.' });
  };
}

/** `/health/live`: the process answers. `/health/ready`: requests should come here; 503 with every reason why not. */
export function createHealth(ready: () => Promise<NotReady[]>): AdminRoute {
  return (_request, response, { pathname }) => {
    if (pathname === '/health/live') {
      answerJson(response, 200, { live: true });
      return true;
    }
    if (pathname !== '/health/ready') return false;
    void ready().then((reasons) => {
      const isReady = reasons.length === 0;
      answerJson(response, isReady ? 200 : 503, { ready: isReady, reasons });
    });
    return true;
  };
}

async function answerMetrics(metrics: Registry, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.metrics();
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
  } catch (error) {
    answerJson(response, 500, { error: 'failed', message: (error as Error).message });
  }
}

/** Whatever the address is, it is one below ours. */
export function urlOf({ url = '/' }: IncomingMessage): URL {
  const plain = url.startsWith('/') && !url.startsWith('//') ? url : '/';
  return URL.canParse(plain, 'http://admin') ? new URL(plain, 'http://admin') : new URL('http://admin/');
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}

/** A name that somebody else could point at this machine is not local. https://en.wikipedia.org/wiki/DNS_rebinding */
function isLocalName(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}
