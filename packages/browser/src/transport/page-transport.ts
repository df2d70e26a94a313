import {
  type Clock,
  type Entry,
  envelopeBody,
  outcomeOfResponse,
  type SendOptions,
  type SendOutcome,
  utf8Length,
} from '@org/track-core';

export interface PageTransportOptions {
  /** Where the collector listens. */
  readonly endpoint: string;
  readonly writeKey?: string | undefined;
  readonly clock: Clock;
}

export interface PageSendOptions extends SendOptions {
  /** What goes on the wire in the place of the plain envelope, and how many bytes that is. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly bytes?: number;
}

/** A transport whose body a part in front of it may have made already. */
export interface PageTransport {
  send(entries: readonly Entry[], options: PageSendOptions): Promise<SendOutcome>;
}

/**
 * Bytes that our keepalive requests may still take, over all trackers of the page. Browsers refuse more than 64 KiB of
 * them under way; the rest is the host's. https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
 */
export let keepaliveRoom = 60_000;

/**
 * Carries batches by `fetch`, with `keepalive` as long as the page's budget for it lasts, so that a request outlives
 * its page. A text body is `text/plain`: no CORS pre-flight. Cookies travel to the page's own origin only. No `Referer`:
 * it would tell the page's whole address, also what consent and redaction took out of the events.
 *
 * Never a beacon where `fetch` will do: block lists name beacons on whole sites, and a blocked one looks like any other.
 */
export function createPageTransport({ endpoint, writeKey, clock }: PageTransportOptions): PageTransport {
  return {
    async send(
      entries,
      {
        body = envelopeBody(entries, clock.now(), writeKey),
        bytes = utf8Length(body as string),
        exit,
        attempt,
        signal,
      },
    ) {
      // Others use up the budget too, and then a keepalive request fails at once: the next try goes without.
      const reserved = (exit || !attempt) && keepaliveRoom >= bytes ? bytes : 0;
      keepaliveRoom -= reserved;
      try {
        const response = await fetch(endpoint, { method: 'POST', body, keepalive: !!reserved, referrer: '', signal });
        return outcomeOfResponse(
          response.status,
          response.headers.get('retry-after'),
          await response.text(),
          clock.now(),
        );
      } finally {
        keepaliveRoom += reserved;
      }
    },
  };
}
