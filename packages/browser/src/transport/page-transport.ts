import type { Transport } from '@org/track-core';
import { createBeaconTransport } from './beacon-transport.ts';
import { createFetchTransport, type FetchTransportOptions } from './fetch-transport.ts';

/**
 * Fetch, and where it knows no `keepalive` a beacon at the page's end. Fetch comes first because it answers, and because
 * block lists name beacons on whole sites.
 */
export function createPageTransport(options: FetchTransportOptions): Transport {
  const viaFetch = createFetchTransport(options);
  const viaBeacon = createBeaconTransport(options);
  return {
    send: (entries, sending) =>
      (sending.exit && !('keepalive' in Request.prototype) ? viaBeacon : viaFetch).send(entries, sending),
  };
}
