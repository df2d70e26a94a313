import {
  type DestinationOptions,
  defineDestination,
  jsonOf,
  nameOf,
  outcomeOfStatus,
} from '@org/track-node/destination';

export interface AcmeOptions extends DestinationOptions {
  /** Its secret. */
  readonly apiKey: string;
}

export const acme = defineDestination<AcmeOptions>({
  name: 'acme', // names its place in the log: changing it starts anew
  title: 'Acme Analytics',
  docs: 'https://docs.acme.example/ingest',
  requires: ['analytics'], // besides each event's own purpose
  idempotency: 'keyed', // `native`, `keyed`, or `none` where twice is twice
  deduplication: 'by `id`, the `messageId`, for a day',
  limits: { maxEvents: 100, maxBytes: 900_000, concurrency: 4, timeoutMs: 10_000 },
  sends: [], // what of a person leaves as it is
  settings: {
    apiKey: { kind: 'secret', isRequired: true, text: 'Made under Settings, API keys' },
  },
  mapping: {
    events: { 'Order Completed': 'purchase' },
    fields: { amount: ['properties.revenue', 'properties.total'] },
    products: {},
  },
  connect({ apiKey, endpoint = 'https://in.acme.example/v1/events' }, mapping) {
    return {
      // Pure: what it makes is kept, and a retry sends these very bytes.
      map(event) {
        const name = event.type === 'track' ? nameOf(event.event, mapping) : null; // null: the host wants none of it
        if (name === null) return { kind: 'dropped', reason: 'no_such_event' };
        const item = { id: event.messageId, name, at: event.timestamp };
        return { kind: 'mapped', items: [JSON.stringify(item)] };
      },
      request: ({ items }) => ({
        url: endpoint,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
        body: `{"events":[${items.join()}]}`,
      }),
      outcomeOf(reply, { events }) {
        const { refused = [] } = (jsonOf(reply) ?? {}) as { refused?: { index: number; why: string }[] };
        if (reply.status !== 207) return outcomeOfStatus(reply);
        const verdicts = refused.map(
          ({ index, why }) => [events[index]?.messageId ?? '', { kind: 'dead', reason: why }] as const,
        );
        return { kind: 'delivered', verdicts: new Map(verdicts) };
      },
      // Asked again for weeks until it agrees; `undefined` for ids it has no way for.
      erase: ({ userId }) =>
        userId === undefined
          ? undefined
          : {
              url: `${endpoint}/forget`,
              headers: { authorization: `Bearer ${apiKey}` },
              body: JSON.stringify({ userId }),
            },
    };
  },
});
