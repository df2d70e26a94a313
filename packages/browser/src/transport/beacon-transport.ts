import { envelopeBody, type Transport } from '@org/track-core';
import type { FetchTransportOptions } from './fetch-transport.ts';

/**
 * Carries batches by `sendBeacon`, which never tells whether they arrived: a blocked beacon is "accepted" too.
 * So an accepted batch is `unconfirmed`, never delivered.
 */
export function createBeaconTransport({ endpoint, writeKey, clock }: Omit<FetchTransportOptions, 'fetch'>): Transport {
  return {
    async send(entries) {
      try {
        const accepted = navigator.sendBeacon(endpoint, envelopeBody(entries, clock.now(), writeKey));
        if (accepted) return { kind: 'unconfirmed' };
      } catch {
        // Missing (`beacon.enabled=false`) or replaced by something that throws: the same as a refusal.
      }
      return { kind: 'retryable', reason: 'network' };
    },
  };
}
