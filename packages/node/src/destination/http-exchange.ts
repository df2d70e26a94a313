import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type DeliveryOutcome, maxRetryAfterMs } from '@org/track-core';

/** One request of a delivery. Its URL and headers hold secrets: they are in no error. */
export interface HttpRequest {
  readonly url: string;
  /** Default POST. */
  readonly method?: 'POST' | 'PUT' | 'GET' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The far end takes bodies that are compressed. */
  readonly isGzip?: boolean;
  /** Resolves host names in place of the system, and may refuse what it finds. */
  readonly lookup?: LookupFunction;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Something broke before a whole answer was there; `code` says what, and no more. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A reply is read up to this size, bytes; no honest one comes near it. */
const maxReplyBytes = 1024 * 1024;

/** Bodies below this many characters are sent as they are: compressing them costs more than it saves. */
const gzipFromLength = 1_024;

const compress = promisify(gzip);

/**
 * Sends one request and follows no redirect. Rejects with `ExchangeError` if no whole answer came. Node's own client:
 * `fetch` costs about twice the CPU per request.
 */
export async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
  const { body, isGzip = false } = request;
  try {
    const isPacked = isGzip && body !== undefined && body.length >= gzipFromLength;
    return await send(request, isPacked ? await compress(body) : Buffer.from(body ?? ''), isPacked, signal);
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    throw new ExchangeError(typeof code === 'string' ? code : name === 'AbortError' ? 'ABORT_ERR' : 'FAILED');
  }
}

function send(
  { url, method = 'POST', headers, lookup }: HttpRequest,
  body: Uint8Array,
  isPacked: boolean,
  signal: AbortSignal,
): Promise<HttpReply> {
  const target = new URL(url);
  const client = target.protocol === 'https:' ? https : http;
  const sent = {
    ...headers,
    'content-length': body.length,
    ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
  };
  return new Promise((resolve, reject) => {
    const options = { method, headers: sent, signal, ...(lookup === undefined ? {} : { lookup }) };
    const request = client.request(target, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxReplyBytes) response.destroy(Object.assign(new Error(), { code: 'REPLY_TOO_LARGE' }));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Statuses that speak of us and not of what we sent: not our key, not our right, not this address. Someone must act. */
const configStatuses: readonly number[] = [401, 402, 403, 404, 405, 410];

/**
 * What a status means where the vendor says nothing else: refused for good, later, not us, or less at once.
 *
 * @param onRefused - `split` where one bad event has a whole request refused
 */
export function outcomeOfStatus({ status, headers }: HttpReply, onRefused: 'dead' | 'split' = 'dead'): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = `http-${status}` as const;
  if (status === 413) return { kind: 'dead', reason: 'too-large' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'retry', reason, retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()) };
  }
  return status < 400 || configStatuses.includes(status) ? { kind: 'config', reason } : { kind: onRefused, reason };
}

/** Whole seconds or an HTTP date; 0 for anything else. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  const ms = /^\d+$/.test(header ?? '') ? Number(header) * 1_000 : Date.parse(header ?? '') - nowMs;
  return ms > 0 ? Math.min(ms, maxRetryAfterMs) : 0;
}

/** The reply's body as JSON; `undefined` for what is none. */
export function jsonOf({ body }: HttpReply): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
