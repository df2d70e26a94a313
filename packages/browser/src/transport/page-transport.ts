import { type Clock, envelopeBody, outcomeOfResponse, type Transport, utf8Length } from '@org/track-core';

export interface PageTransportOptions {
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
 *
 * Never a beacon where `fetch` will do: block lists name beacons on whole sites, and a blocked one looks like any other.
 */
export function createPageTransport({ endpoint, writeKey, clock }: PageTransportOptions): Transport {
  return {
    async send(entries, { attempt, exit, signal }) {
      const body = envelopeBody(entries, clock.now(), writeKey);
      const bytes = utf8Length(body);
      // Others use up the budget too, and then a keepalive request fails at once: the next try goes without.
      const reserved = (exit || !attempt) && keepaliveBytes + bytes <= maxKeepaliveBytes ? bytes : 0;
      keepaliveBytes += reserved;
      try {
        const response = await fetch(endpoint, { method: 'POST', body, keepalive: reserved > 0, signal });
        return outcomeOfResponse(
          response.status,
          response.headers.get('retry-after'),
          await response.text(),
          clock.now(),
        );
      } finally {
        keepaliveBytes -= reserved;
      }
    },
  };
}
