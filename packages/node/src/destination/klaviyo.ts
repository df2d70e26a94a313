import type { CollectedEvent, DeliveryOutcome, DeliveryVerdict, Mapped } from '@org/track-core';
import { currencyOf, orderValue, productsOf, productValue } from './commerce.ts';
import {
  type DeliveryBatch,
  type DestinationFactory,
  type DestinationOptions,
  defineDestination,
  eventIndexOf,
} from './define-destination.ts';
import { type HttpReply, jsonOf, outcomeOfStatus } from './http-exchange.ts';
import { fieldsOf, type Mapping, nameOf, present, propertiesOf, textAt, traitsOf, valueAt } from './mapping.ts';

export interface KlaviyoOptions extends DestinationOptions {
  /** A private key, `pk_…`. */
  readonly privateKey: string;
  /** Of the API. Default `2026-04-15`; each is supported for two years. */
  readonly revision?: string;
}

// https://developers.klaviyo.com/en/reference/bulk_create_events (read 2026-08)
const base = 'https://a.klaviyo.com/api';
const defaultRevision = '2026-04-15';
const maxEvents = 1_000;
const maxBodyBytes = 5_000_000;
const envelopeBytes = 1_000;
const maxIdLength = 255;

/** Profiles and events go to jobs of their own. */
const jobs = {
  events: { path: '/event-bulk-create-jobs', type: 'event-bulk-create-job', list: 'events-bulk-create' },
  profiles: { path: '/profile-bulk-import-jobs', type: 'profile-bulk-import-job', list: 'profiles' },
} as const;

const mapping: Mapping = {
  events: {
    'page()': 'Viewed Page',
    'Product Viewed': 'Viewed Product',
    'Product Clicked': 'Viewed Product',
    'Product Added': 'Added to Cart',
    'Checkout Started': 'Started Checkout',
    'Order Completed': 'Placed Order',
    'Order Refunded': 'Refunded Order',
    'Order Cancelled': 'Cancelled Order',
  },
  fields: { URL: 'context.page.url', Title: 'context.page.title', OrderId: 'properties.order_id' },
  products: {
    ProductID: 'product_id',
    SKU: 'sku',
    ProductName: 'name',
    Brand: 'brand',
    Categories: 'category',
    ItemPrice: 'price',
    Quantity: 'quantity',
  },
};

/** What each line of an order is called. */
const lineMetric = 'Ordered Product';

/** Klaviyo. Nothing here says that somebody wants mail: subscriptions are asked for elsewhere. */
export const klaviyo: DestinationFactory<KlaviyoOptions> = defineDestination<KlaviyoOptions>({
  name: 'klaviyo',
  title: 'Klaviyo',
  docs: 'https://developers.klaviyo.com/en/reference/bulk_create_events',
  requires: ['advertising'],
  idempotency: 'native',
  deduplication: 'by `unique_id`, the order or the `messageId`, for each metric and profile',
  order: 'person',
  limits: { maxEvents, maxBytes: maxBodyBytes - envelopeBytes, concurrency: 4 },
  sends: ['email', 'phone', 'name', 'traits'],
  settings: {
    privateKey: { kind: 'secret', isRequired: true, text: 'A private key, `pk_…`, that may write events and profiles' },
    revision: {
      kind: 'text',
      pattern: [/^\d{4}-\d{2}-\d{2}$/, 'a date'],
      standard: `\`${defaultRevision}\``,
      text: 'Of the API',
    },
  },
  mapping,
  notes: [
    'An order becomes `Placed Order` and one `Ordered Product` for each line, with ids of the order, so that a repeated one counts once. Nothing here subscribes anybody to anything.',
  ],
  connect({ privateKey, revision = defaultRevision, endpoint = base }, words) {
    const headers = {
      'content-type': 'application/vnd.api+json',
      accept: 'application/vnd.api+json',
      authorization: `Klaviyo-API-Key ${privateKey}`,
      revision,
    };
    return {
      map(event) {
        const profile = profileOf(event);
        if (profile === undefined) return { kind: 'dead', reason: 'no_identifier' };
        if (event.type === 'identify') return { kind: 'mapped', group: 'profiles', items: [JSON.stringify(profile)] };
        if (event.type === 'group' || event.type === 'alias' || event.type === 'screen') {
          return { kind: 'dropped', reason: 'no_such_event' };
        }
        return eventOf(event, profile, words);
      },
      request({ items, group = 'events' }) {
        const { path, type, list } = jobs[group as keyof typeof jobs];
        const body = `{"data":{"type":"${type}","attributes":{"${list}":{"data":[${items.join()}]}}}}`;
        return { url: `${endpoint}${path}`, headers, body };
      },
      outcomeOf,
    };
  },
});

function profileOf(event: CollectedEvent): { type: 'profile'; attributes: object } | undefined {
  const traits = traitsOf(event);
  const phone = textAt(traits, 'phone')?.replace(/[^\d+]/g, '');
  const identifiers = present({
    external_id: event.userId?.slice(0, maxIdLength),
    anonymous_id: event.anonymousId,
    email: textAt(traits, 'email')?.trim(),
    // E.164 or nothing: another number has the whole request refused.
    phone_number: phone !== undefined && /^\+\d{8,15}$/.test(phone) ? phone : undefined,
  });
  if (Object.keys(identifiers).length === 0) return undefined;
  if (event.type !== 'identify') return { type: 'profile', attributes: identifiers };
  const known = { first_name: textAt(traits, 'firstName')?.trim(), last_name: textAt(traits, 'lastName')?.trim() };
  const { email: _email, phone: _phone, firstName: _first, lastName: _last, ...properties } = traits;
  return { type: 'profile', attributes: present({ ...identifiers, ...known, properties }) };
}

function eventOf(
  event: Extract<CollectedEvent, { type: 'track' | 'page' | 'screen' }>,
  profile: object,
  words: Mapping,
): Mapped {
  const called = nameOf(event.type === 'track' ? event.event : 'page()', words);
  if (called === null) return { kind: 'dropped', reason: 'filtered' };
  const properties = propertiesOf(event);
  const orderId = textAt(properties, 'order_id');
  const isOrder = event.type === 'track' && event.event === 'Order Completed';
  const value = orderId === undefined ? productValue(properties) : orderValue(properties);
  const currency = currencyOf(properties, undefined);
  const products = productsOf(properties);
  // Seconds, and no more: what is smaller is cut there.
  const time = `${new Date(event.timestamp).toISOString().slice(0, 19)}+00:00`;
  const item = (metric: string, uniqueId: string, fields: object, worth: number | undefined): string =>
    JSON.stringify({
      type: 'event-bulk-create',
      attributes: {
        profile: { data: profile },
        events: {
          data: [
            {
              type: 'event',
              attributes: present({
                metric: { data: { type: 'metric', attributes: { name: metric } } },
                properties: fields,
                time,
                unique_id: uniqueId,
                value: currency === undefined ? undefined : worth,
                value_currency: worth === undefined ? undefined : currency,
              }),
            },
          ],
        },
      },
    });
  const names = products.flatMap((product) => textAt(product, 'name') ?? []);
  const fields = { ...properties, ...fieldsOf(event, words.fields), ...(names.length > 0 ? { ItemNames: names } : {}) };
  const whole = item(called, isOrder ? (orderId ?? event.messageId) : event.messageId, fields, value);
  if (!isOrder) return { kind: 'mapped', group: 'events', items: [whole] };
  // The same ids at every try, so that a repeated order has no more lines than before.
  const lines = products.map((product, index) =>
    item(
      lineMetric,
      `${orderId ?? event.messageId}-${index + 1}`,
      { ...fieldsOf(product, words.products), ...(orderId === undefined ? {} : { OrderId: orderId }) },
      productValue(product),
    ),
  );
  return { kind: 'mapped', group: 'events', items: [whole, ...lines] };
}

/** Errors point at the items that are wrong; the job is refused as a whole. */
function outcomeOf(reply: HttpReply, batch: DeliveryBatch): DeliveryOutcome {
  const errors = valueAt(jsonOf(reply), 'errors');
  if ((reply.status !== 400 && reply.status !== 422) || !Array.isArray(errors)) return outcomeOfStatus(reply, 'split');
  const refused = new Map(
    errors.flatMap((error): [string, DeliveryVerdict][] => {
      const index = /\/data\/(\d+)(\/|$)/.exec(textAt(error, 'source.pointer') ?? '')?.[1];
      const event = index === undefined ? undefined : batch.events[eventIndexOf(batch, Number(index))];
      return event === undefined
        ? []
        : [[event.messageId, { kind: 'dead', reason: textAt(error, 'code') ?? 'invalid' }]];
    }),
  );
  if (refused.size === 0) return { kind: 'split', reason: `http-${reply.status}` };
  const again: DeliveryVerdict = { kind: 'retry', reason: 'batch_refused', retryAfterMs: 1 };
  return {
    kind: 'delivered',
    verdicts: new Map(batch.events.map(({ messageId }) => [messageId, refused.get(messageId) ?? again])),
  };
}
