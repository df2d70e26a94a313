import { type Clock, envelopeBody, outcomeOfResponse, type Transport } from '@org/track-core';

export interface FetchTransportOptions {
  /** Where the collector listens. */
  readonly endpoint: string;
  readonly writeKey?: string | undefined;
  readonly clock: Clock;
}

/** Browsers refuse more than 64 KiB of keepalive requests under way; the rest is the host's. */
const maxKeepaliveBytes = 60_000;

/** Bytes of our keepalive requests under way, over all trackers of the page. https://fetch.spec.whatwg.org/#http-network-or-cache-fetch */
let keepaliveBytes = 0;

/**
 * Carries batches by `fetch`, with `keepalive` as long as the page's budget for it lasts, so that a request outlives
 * its page. A text body is `text/plain`: no CORS pre-flight. Cookies travel to the page's own origin only.
 */
export function createFetchTransport({ endpoint, writeKey, clock }: FetchTransportOptions): Transport {
  return {
    async send(entries, { attempt, exit, signal }) {
      const body = envelopeBody(entries, clock.now(), writeKey);
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes - entry.value.length, body.length);
      // Others use up the budget too, and then a keepalive request fails at once: the next try goes without.
      const keepalive = (exit || attempt === 0) && keepaliveBytes + bytes <= maxKeepaliveBytes;
      const reserved = keepalive ? bytes : 0;
      keepaliveBytes += reserved;
      try {
        const response = await fetch(endpoint, { method: 'POST', body, keepalive, signal });
        const { status, headers, ok } = response;
        const reply = { status, retryAfter: headers.get('retry-after'), body: ok ? await response.text() : '' };
        return outcomeOfResponse(reply, clock.now());
      } catch {
        return { kind: 'retryable', reason: 'network' };
      } finally {
        keepaliveBytes -= reserved;
      }
    },
  };
}
