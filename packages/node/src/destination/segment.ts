import type { DeliveryVerdict } from '@org/track-core';
import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
import { jsonOf, outcomeOfStatus } from './http-exchange.ts';
import { present, renamed, valueAt } from './mapping.ts';
import { basicAuthorization } from './stable-ids.ts';

export interface SegmentOptions extends DestinationOptions {
  readonly writeKey: string;
  /** Where the workspace is. A US host loses what belongs to the EU without a word. Default `us`. */
  readonly region?: 'us' | 'eu';
}

// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api (read 2025-11)
const hosts = { us: 'https://api.segment.io/v1/batch', eu: 'https://events.eu1.segmentapis.com/v1/batch' };
const maxBodyBytes = 500_000;
const envelopeBytes = 200;
const maxItemBytes = 32 * 1024;
const maxEvents = 2_500;

/** What the collector adds for itself. */
const ownFields: ReadonlySet<string> = new Set(['receivedAt', 'sentAt', 'source', 'originalTimestamp']);

/** Segment, and what speaks its language: RudderStack and Jitsu by `endpoint`. */
export const segment: DestinationFactory<SegmentOptions> = defineDestination<SegmentOptions>({
  name: 'segment',
  title: 'Segment, RudderStack, Jitsu (Segment HTTP API)',
  docs: 'https://segment.com/docs/connections/sources/catalog/libraries/server/http-api',
  requires: [],
  idempotency: 'native',
  deduplication: 'by `messageId`, for about a day; warehouses for longer',
  order: 'person',
  limits: { maxEvents, maxBytes: maxBodyBytes - envelopeBytes, concurrency: 4 },
  maxItemBytes,
  sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  settings: {
    writeKey: { kind: 'secret', isRequired: true, text: "The source's" },
    region: { kind: 'choice', choices: ['us', 'eu'], standard: '`us`', text: 'Where the workspace is' },
  },
  mapping: { events: {}, fields: {}, products: {} },
  connect({ writeKey, region = 'us', endpoint = hosts[region] }, words) {
    const headers = { 'content-type': 'application/json', authorization: basicAuthorization(writeKey) };
    return {
      map(event) {
        const named = renamed(event, words);
        if (named === null) return { kind: 'dropped', reason: 'filtered' };
        const own = Object.fromEntries(Object.entries(named).filter(([field]) => !ownFields.has(field)));
        return { kind: 'mapped', items: [JSON.stringify(present(own))] };
      },
      request: ({ items }) => ({ url: endpoint, headers, body: `{"batch":[${items.join()}]}`, isGzip: true }),
      outcomeOf(reply, { events }) {
        // Jitsu takes what is good and names the others by their ids, in sentences.
        const errors = valueAt(jsonOf(reply), 'errors');
        if (reply.status !== 200 || !Array.isArray(errors)) return outcomeOfStatus(reply, 'split');
        const said = errors.map(String);
        const refused = events.filter(({ messageId }) => said.some((error) => error.includes(messageId)));
        const verdict: DeliveryVerdict = { kind: 'dead', reason: 'refused' };
        return { kind: 'delivered', verdicts: new Map(refused.map(({ messageId }) => [messageId, verdict])) };
      },
    };
  },
});
