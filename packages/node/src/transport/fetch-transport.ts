import { type Clock, envelopeBody, outcomeOfResponse, type Transport } from '@org/track-core';
import { userAgent } from './user-agent.ts';

/** Bodies below this many characters are sent as they are. */
const gzipFromLength = 1_024;

export interface FetchTransportOptions {
  /** Absolute http or https URL of the collector. */
  readonly endpoint: string;
  readonly writeKey: string;
  readonly clock: Clock;
}

/** Posts batches to a collector with what every runtime has, for those that have no Node client. */
export function createFetchTransport({ endpoint, writeKey, clock }: FetchTransportOptions): Transport {
  const user = String.fromCharCode(...new TextEncoder().encode(`${writeKey}:`));
  const headers = {
    'content-type': 'application/json',
    'user-agent': userAgent,
    authorization: `Basic ${btoa(user)}`,
  };

  return {
    async send(entries, { signal }) {
      try {
        const text = envelopeBody(entries, clock.now());
        const packed =
          text.length < gzipFromLength
            ? { body: text, headers }
            : { body: await gzip(text), headers: { ...headers, 'content-encoding': 'gzip' } };
        const response = await fetch(endpoint, {
          method: 'POST',
          redirect: 'manual', // a redirect would be followed as GET, without the events
          signal: signal as AbortSignal & globalThis.AbortSignal,
          ...packed,
        });
        const retryAfter = response.headers.get('retry-after');
        return outcomeOfResponse(response.status, retryAfter, await response.text(), clock.now());
      } catch {
        return { kind: 'retry', reason: signal.aborted ? 'timeout' : 'network' };
      }
    },
  };
}

function gzip(text: string): Promise<ArrayBuffer> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(packed).arrayBuffer();
}
