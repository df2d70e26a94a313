import type { CollectedEvent, DeliveryOutcome, DeliveryVerdict } from '@org/track-core';
import { currencyOf, productsOf } from './commerce.ts';
import {
  type DeliveryBatch,
  type DestinationFactory,
  type DestinationOptions,
  defineDestination,
  eventIndexOf,
} from './define-destination.ts';
import { type HttpReply, jsonOf, outcomeOfStatus } from './http-exchange.ts';
import {
  fieldsOf,
  isObject,
  type Mapping,
  nameOf,
  numberAt,
  present,
  propertiesOf,
  textAt,
  traitsOf,
  valueAt,
} from './mapping.ts';
import { basicAuthorization, isRealId, sessionStartMs } from './stable-ids.ts';

export interface AmplitudeOptions extends DestinationOptions {
  readonly apiKey: string;
  /** Only to make it forget people. */
  readonly secretKey?: string;
  /** Default `us`. */
  readonly region?: 'us' | 'eu';
  /** Slower to show, larger in what it takes: for much history. Default false. */
  readonly isBulk?: boolean;
  /** What groups are called there. Default `company`. */
  readonly groupType?: string;
}

// https://amplitude.com/docs/apis/analytics/http-v2 (read 2026-11)
const hosts = { us: 'https://api2.amplitude.com', eu: 'https://api.eu.amplitude.com' };
const erasureHosts = { us: 'https://amplitude.com', eu: 'https://analytics.eu.amplitude.com' };
const maxEvents = 2_000;
const maxBodyBytes = 1_000_000;
const envelopeBytes = 500;
const dayMs = 86_400_000;
/** Events are known again for so long: afterwards nothing may be sent twice. */
const deduplicationMs = 7 * dayMs;
/** Who sends too much has to be left alone for so long. */
const throttleMs = 30_000;

const mapping: Mapping = {
  events: { 'page()': '[Amplitude] Page Viewed', 'screen()': '[Amplitude] Screen Viewed' },
  fields: {
    '[Amplitude] Page URL': 'context.page.url',
    '[Amplitude] Page Path': 'context.page.path',
    '[Amplitude] Page Title': 'context.page.title',
    referrer: 'context.page.referrer',
  },
  products: { productId: ['product_id', 'sku'], price: 'price', quantity: 'quantity' },
};

/** Amplitude. */
export const amplitude: DestinationFactory<AmplitudeOptions> = defineDestination<AmplitudeOptions>({
  name: 'amplitude',
  title: 'Amplitude',
  docs: 'https://amplitude.com/docs/apis/analytics/http-v2',
  requires: ['analytics'],
  idempotency: 'keyed',
  deduplication: 'by `insert_id`, the `messageId`, for 7 days',
  order: 'person',
  limits: { maxEvents, maxBytes: maxBodyBytes - envelopeBytes, concurrency: 4, horizonMs: deduplicationMs },
  sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  settings: {
    apiKey: { kind: 'secret', isRequired: true, text: "The project's" },
    secretKey: { kind: 'secret', text: 'Only to make it forget people' },
    region: { kind: 'choice', choices: ['us', 'eu'], standard: '`us`', text: 'Where the project is kept' },
    isBulk: { kind: 'flag', standard: '`false`', text: 'The `/batch` endpoint: slower to show, for much history' },
    groupType: { kind: 'text', standard: '`company`', text: 'What groups are called there' },
  },
  mapping,
  notes: [
    'An order becomes itself and one `Product Purchased` for each line, with its price: revenue is the sum of those.',
  ],
  connect(options, words) {
    const { apiKey, secretKey, region = 'us', isBulk = false, groupType = 'company' } = options;
    const url = options.endpoint ?? `${hosts[region]}${isBulk ? '/batch' : '/2/httpapi'}`;
    const head = `"api_key":${JSON.stringify(apiKey)},"options":{"min_id_length":1}`;
    return {
      map(event) {
        if (event.type === 'alias') return { kind: 'dropped', reason: 'no_such_event' };
        if (realId(event.userId) === undefined && realId(event.anonymousId) === undefined) {
          return { kind: 'dead', reason: 'no_identifier' };
        }
        const called = calledOf(event, words);
        if (called === null) return { kind: 'dropped', reason: 'filtered' };
        return { kind: 'mapped', items: itemsOf(event, called, words, groupType).map((item) => JSON.stringify(item)) };
      },
      request: ({ items }) => ({
        url,
        headers: { 'content-type': 'application/json' },
        body: `{${head},"events":[${items.join()}]}`,
      }),
      outcomeOf,
      ...(secretKey === undefined
        ? {}
        : {
            erase({ userId }) {
              if (userId === undefined) return undefined;
              return {
                // Of an address of the host's own it is the same path: events are taken elsewhere.
                url: new URL('/api/2/deletions/users', options.endpoint ?? erasureHosts[region]).href,
                headers: {
                  'content-type': 'application/json',
                  authorization: basicAuthorization(apiKey, secretKey),
                },
                body: JSON.stringify({ user_ids: [userId], ignore_invalid_id: 'True' }),
              };
            },
          }),
    };
  },
});

/** The other one is left out: taken for an id it would be that of many, or have the event refused. */
const realId = (id: string | undefined): string | undefined => (id !== undefined && isRealId(id) ? id : undefined);

function calledOf(event: CollectedEvent, words: Mapping): string | null {
  switch (event.type) {
    case 'track':
      return nameOf(event.event, words);
    case 'identify':
      return '$identify';
    case 'group':
      return '$groupidentify';
    default:
      return nameOf(`${event.type}()`, words);
  }
}

/** The event, and for an order one more of each product: revenue is counted by those. */
function itemsOf(event: CollectedEvent, called: string, words: Mapping, groupType: string): readonly object[] {
  const isCall = event.type === 'identify' || event.type === 'group';
  const groupId = event.type === 'group' ? event.groupId : textAt(event, 'context.groupId');
  const properties = isCall ? {} : propertiesOf(event);
  const traits = traitsOf(event);
  const item = present({
    event_type: called,
    user_id: realId(event.userId),
    device_id: realId(event.anonymousId),
    time: Date.parse(event.timestamp),
    session_id: sessionStartMs(textAt(event, 'context.session.id')) ?? -1,
    insert_id: event.messageId,
    ip: textAt(event, 'context.ip'),
    language: textAt(event, 'context.locale'),
    user_agent: textAt(event, 'context.userAgent'),
    platform: event.source === 'browser' ? 'Web' : undefined,
    event_properties: isCall ? undefined : { ...properties, ...fieldsOf(event, words.fields) },
    user_properties: event.type === 'identify' ? { $set: traits } : undefined,
    groups: groupId === undefined ? undefined : { [groupType]: groupId },
    group_properties: event.type === 'group' ? { $set: event.traits ?? {} } : undefined,
  });
  if (event.type !== 'track' || event.event !== 'Order Completed') return [item];
  const { event_properties: _, ...common } = item;
  const lines = productsOf(properties).map((product, index) =>
    present({
      ...common,
      event_type: 'Product Purchased',
      insert_id: `${event.messageId}-${index + 1}`,
      ...fieldsOf(product, words.products),
      revenueType: 'purchase',
      currency: currencyOf(properties, undefined),
      event_properties: { ...product, order_id: textAt(properties, 'order_id') },
    }),
  );
  return [item, ...lines];
}

const listsOfInvalid = ['events_with_invalid_fields', 'events_with_missing_fields', 'events_with_invalid_id_lengths'];

function outcomeOf(reply: HttpReply, batch: DeliveryBatch): DeliveryOutcome {
  const said = jsonOf(reply);
  if (reply.status === 400 && /api_key|api key/i.test(`${valueAt(said, 'missing_field')} ${valueAt(said, 'error')}`)) {
    return { kind: 'config', reason: 'invalid_api_key' };
  }
  if (reply.status === 400) {
    const invalid = [
      ...listsOfInvalid.flatMap((list) => Object.values((valueAt(said, list) ?? {}) as object).flat()),
      ...listAt(said, 'silenced_events'),
    ];
    if (invalid.length === 0) return { kind: 'split', reason: 'http-400' };
    // Nothing of it is in: the others go again.
    return perEvent(batch, new Set(invalid), { kind: 'dead', reason: 'invalid' }, 1);
  }
  if (reply.status === 429 && listAt(said, 'throttled_events').length > 0) {
    const wait: DeliveryVerdict = { kind: 'retry', reason: 'throttled', retryAfterMs: throttleMs };
    return perEvent(batch, new Set(listAt(said, 'throttled_events')), wait, 1);
  }
  return outcomeOfStatus(reply, 'split');
}

function listAt(said: unknown, field: string): readonly unknown[] {
  const list = isObject(said) ? said[field] : undefined;
  return Array.isArray(list) ? list : [];
}

/** One verdict for those listed, and for the rest to come again. */
function perEvent(
  batch: DeliveryBatch,
  listed: ReadonlySet<unknown>,
  verdict: DeliveryVerdict,
  retryAfterMs: number,
): DeliveryOutcome {
  const ids = new Set(
    [...listed].flatMap((index) => batch.events[eventIndexOf(batch, numberAt({ index }, 'index') ?? -1)] ?? []),
  );
  // It names none of ours: all of it again would be refused again.
  if (ids.size === 0) return { kind: 'split', reason: 'batch_refused' };
  const again: DeliveryVerdict = { kind: 'retry', reason: 'batch_refused', retryAfterMs };
  return {
    kind: 'delivered',
    verdicts: new Map(batch.events.map((event) => [event.messageId, ids.has(event) ? verdict : again])),
  };
}
