import { envelopeBody } from '@org/track-core';
import type { CarryFirst, DeliveryPart } from './delivery-part.ts';

/**
 * A batch that is sent again says how often it was tried before, as `retryCount` in its envelope; the collector counts
 * those that arrive at last (`stats().retried`, `track_retried_total`). First tries are as ever.
 *
 * A try that was answered with a time to come back is none of those, and the next visit begins anew.
 */
export const numbered = (): DeliveryPart =>
  ((next, { clock, writeKey }) => ({
    send(entries, options) {
      const { attempt } = options;
      if (!attempt) return next.send(entries, options);
      // No part in front has made a body: only first tries are packed.
      const plain = envelopeBody(entries, clock.now(), writeKey);
      return next.send(entries, { ...options, body: `{"retryCount":${attempt},${plain.slice(1)}` });
    },
  })) satisfies CarryFirst as DeliveryPart;
