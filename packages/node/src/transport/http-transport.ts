import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Clock, envelopeBody, outcomeOfResponse, type Transport } from '@org/track-core';
import { userAgent } from './user-agent.ts';

/** Bodies below this many characters are sent as they are: compressing them costs more than it saves. */
export const gzipFromLength = 1_024;

/** A collector's answer is read up to this size, bytes; no honest one comes near it. */
const maxReplyBytes = 1024 * 1024;

const gzip = promisify(zlib.gzip);

export interface HttpTransportOptions {
  /** Absolute http or https URL of the collector. */
  readonly endpoint: string;
  readonly writeKey?: string;
  readonly clock: Clock;
}

/** What a collector answered: its status, the `Retry-After` header, the body's text. */
type Answer = readonly [status: number, retryAfter: string, body: string];

/** A transport that holds connections open between batches. */
export interface HttpTransport extends Transport {
  /** Lets go of the connections. */
  close(): void;
}

/**
 * Posts batches to a collector over kept connections. Node's own client: `fetch` costs about twice the CPU per request.
 * Idle connections do not keep the process alive; a request under way does.
 */
export function createHttpTransport({ endpoint, writeKey, clock }: HttpTransportOptions): HttpTransport {
  const url = new URL(endpoint);
  const client = url.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true });
  const credentials =
    writeKey === undefined ? {} : { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` };

  function exchange(body: Buffer, isGzip: boolean, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'user-agent': userAgent,
        'content-length': body.length,
        ...(isGzip ? { 'content-encoding': 'gzip' } : {}),
        ...credentials,
      };
      const request = client.request(url, { method: 'POST', agent, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxReplyBytes) response.destroy(new Error('The reply is too large.'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve([status, answered['retry-after'] ?? '', Buffer.concat(chunks).toString()]);
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  return {
    async send(entries, { signal }) {
      try {
        const text = envelopeBody(entries, clock.now());
        const isGzip = text.length >= gzipFromLength;
        const body = isGzip ? await gzip(text, { level: 1 }) : Buffer.from(text);
        return outcomeOfResponse(...(await exchange(body, isGzip, signal)), clock.now());
      } catch {
        return { kind: 'retry', reason: signal.aborted ? 'timeout' : 'network' };
      }
    },
    close: () => agent.destroy(),
  };
}
