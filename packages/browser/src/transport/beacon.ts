import { type Entry, envelopeBody } from '@org/track-core';
import type { CarryFirst, DeliveryPage, DeliveryPart } from './delivery-part.ts';

/**
 * For browsers whose `fetch` knows no `keepalive` (Firefox before 133): beacons carry what the page's end leaves. What
 * cannot go along is on disk anyway, and comes with the next visit; a beacon brings it sooner.
 *
 * A beacon never tells whether it arrived, and a blocked one is "accepted" too: such a batch is `unconfirmed`, sent again
 * by the next visit, and known there by its ids. One that is refused for its size goes in halves.
 */
export const beacon = (): DeliveryPart =>
  ((next, page) => ({
    send: async (entries, options) =>
      options.exit && !('keepalive' in Request.prototype) && sendInHalves(entries, page)
        ? { kind: 'unconfirmed' }
        : next.send(entries, options),
  })) satisfies CarryFirst as DeliveryPart;

/** Whether the browser took any of it. */
function sendInHalves(entries: readonly Entry[], page: DeliveryPage): boolean {
  if (navigator.sendBeacon(page.endpoint, envelopeBody(entries, page.clock.now(), page.writeKey))) return true;
  const half = entries.length >> 1;
  if (!half) return false;
  const isTaken = sendInHalves(entries.slice(0, half), page);
  return sendInHalves(entries.slice(half), page) || isTaken;
}
