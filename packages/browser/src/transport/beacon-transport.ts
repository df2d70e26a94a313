import { attempt, envelopeBody, type Transport } from '@org/track-core';
import type { FetchTransportOptions } from './fetch-transport.ts';

/**
 * Carries batches by `sendBeacon`, which never tells whether they arrived: a blocked beacon is "accepted" too.
 * So an accepted batch is `unconfirmed`, never delivered.
 */
export function createBeaconTransport({ endpoint, writeKey, clock }: FetchTransportOptions): Transport {
  return {
    // Missing (`beacon.enabled=false`) or replaced by something that throws: the same as a refusal.
    send: async (entries) =>
      attempt(() => navigator.sendBeacon(endpoint, envelopeBody(entries, clock.now(), writeKey)))
        ? { kind: 'unconfirmed' }
        : { kind: 'retryable', reason: 'network' },
  };
}
