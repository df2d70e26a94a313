import type { CollectedEvent } from '@org/track-core';
import { currencyOf, orderValue, productFields, productValue } from './commerce.ts';
import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
import { clientIdOf, sessionIdOf } from './ga4-ids.ts';
import { cut, eventName, type Param, paramName, paramValue } from './ga4-names.ts';
import { hashed, normalise } from './hash-person.ts';
import { outcomeOfStatus } from './http-exchange.ts';
import {
  fieldsOf,
  isObject,
  type Mapping,
  nameOf,
  present,
  propertiesOf,
  textAt,
  traitsOf,
  valueAt,
} from './mapping.ts';

export interface Ga4Options extends DestinationOptions {
  /** `G-…`, of a web stream. */
  readonly measurementId: string;
  /** Made in the stream's settings, under Measurement Protocol. */
  readonly apiSecret: string;
  /** Collect in the EU: `region1.google-analytics.com`. Default false. */
  readonly isEu?: boolean;
  /** For events that name no currency: ISO 4217. Default none: such events carry no value. */
  readonly currency?: string;
}

// Limits and names as of https://developers.google.com/analytics/devguides/collection/protocol/ga4 (read 2026-11).
const maxParams = 25;
const maxBodyBytes = 130_000;
/** What stands around the events of a request at most: ids, consent, user properties. */
const envelopeBytes = 10_000;
const maxUserProperties = 25;
const maxUserPropertyName = 24;
const maxUserPropertyValue = 36;
/** Not in the current reference; known from practice. */
const maxItems = 200;
/** Older events are re-stamped or refused without a word. Sources differ on whose midnight counts; hours are safe. */
const maxAgeMs = 72 * 3_600_000;

const reservedUserProperties: ReadonlySet<string> = new Set([
  'first_open_time',
  'first_visit_time',
  'last_deep_link_referrer',
  'user_id',
  'first_open_after_install',
]);

const mapping: Mapping = {
  events: {
    'Products Searched': 'search',
    'Product List Viewed': 'view_item_list',
    'Product Clicked': 'select_item',
    'Product Viewed': 'view_item',
    'Product Added': 'add_to_cart',
    'Product Removed': 'remove_from_cart',
    'Cart Viewed': 'view_cart',
    'Product Added to Wishlist': 'add_to_wishlist',
    'Checkout Started': 'begin_checkout',
    'Checkout Step Completed': 'add_shipping_info',
    'Payment Info Entered': 'add_payment_info',
    'Order Completed': 'purchase',
    'Order Refunded': 'refund',
    'Promotion Viewed': 'view_promotion',
    'Promotion Clicked': 'select_promotion',
    'Product Shared': 'share',
    'Cart Shared': 'share',
    'Signed Up': 'sign_up',
    'Signed In': 'login',
    'Lead Generated': 'generate_lead',
  },
  fields: {
    transaction_id: 'properties.order_id',
    tax: 'properties.tax',
    shipping: 'properties.shipping',
    coupon: 'properties.coupon',
    affiliation: 'properties.affiliation',
    search_term: 'properties.query',
    item_list_id: 'properties.list_id',
    shipping_tier: 'properties.shipping_method',
    payment_type: 'properties.payment_method',
    promotion_id: 'properties.promotion_id',
    promotion_name: 'properties.name',
    creative_slot: 'properties.position',
    method: 'properties.method',
    page_location: 'context.page.url',
    page_referrer: 'context.page.referrer',
    page_title: 'context.page.title',
  },
  products: {
    item_id: ['product_id', 'sku'],
    item_name: 'name',
    item_brand: 'brand',
    item_category: 'category',
    item_variant: 'variant',
    index: 'position',
    coupon: 'coupon',
    affiliation: 'affiliation',
    price: 'price',
    quantity: 'quantity',
    item_list_id: 'list_id',
  },
};

/** What the mapping of a commerce event has said in Google's words already. */
const saidOtherwise: ReadonlySet<string> = new Set(
  `products order_id query revenue total subtotal discount value currency list_id promotion_id shipping_method
  payment_method product_id sku`.split(/\s+/),
);

/** What stands in `items` where an event speaks of one product. */
const productFieldNames: ReadonlySet<string> = new Set(Object.values(mapping.products).flat());

/** Google Analytics 4, by the Measurement Protocol. */
export const ga4: DestinationFactory<Ga4Options> = defineDestination<Ga4Options>({
  name: 'ga4',
  title: 'Google Analytics 4 (Measurement Protocol)',
  docs: 'https://developers.google.com/analytics/devguides/collection/protocol/ga4',
  requires: ['analytics'],
  withheld: { advertising: ['traits.email', 'traits.phone', 'context.traits.email', 'context.traits.phone'] },
  idempotency: 'none',
  deduplication: 'none; `purchase` by `transaction_id`',
  order: 'person',
  maxAgeMs,
  limits: { maxEvents: 25, maxBytes: maxBodyBytes - envelopeBytes, concurrency: 8, horizonMs: maxAgeMs },
  sends: [],
  settings: {
    measurementId: { kind: 'text', isRequired: true, pattern: [/^G-[A-Z0-9]+$/, 'G-…'], text: 'The web stream' },
    apiSecret: { kind: 'secret', isRequired: true, text: "Made in the stream's settings, under Measurement Protocol" },
    isEu: { kind: 'flag', standard: '`false`', text: 'Collect in the EU' },
    currency: { kind: 'text', pattern: [/^[A-Z]{3}$/, 'ISO 4217, as EUR'], text: 'For events that name none' },
  },
  mapping,
  notes: [
    "Events join the browser's visitors and sessions where it hands its ids over: `integrations: { ga4: { clientId, sessionId } }` on the event, as ids or as the texts of the cookies `_ga` and `_ga_…`. Without them every device gets a client id of our own in Google's look, and its session the second it began at.",
    'Requests hold one person each. Google answers 2xx to what it throws away, so names and values are made to fit before: reserved names get `ev_`, letters outside of A to Z lose their accents or become a hash that keeps names apart, texts are cut, a value goes only with its currency. What left and was not answered is a dead letter, `unconfirmed`, because Google would count it twice.',
  ],
  connect(options, words) {
    const host = options.isEu === true ? 'region1.google-analytics.com' : 'www.google-analytics.com';
    const base = options.endpoint ?? `https://${host}/mp/collect`;
    const query = new URLSearchParams({ measurement_id: options.measurementId, api_secret: options.apiSecret });
    const url = `${base}?${query}`;
    const name = options.name ?? 'ga4';
    return {
      map(event) {
        if (event.type === 'alias' || event.type === 'identify' || event.type === 'screen') {
          return { kind: 'dropped', reason: 'no_such_event' };
        }
        const called = calledOf(event, words);
        if (called === null) return { kind: 'dropped', reason: 'filtered' };
        const params = paramsOf(event, called, words, options.currency, name);
        const timestamp_micros = Date.parse(event.timestamp) * 1_000;
        return {
          kind: 'mapped',
          items: [JSON.stringify({ name: called, timestamp_micros, params })],
          group: JSON.stringify(personOf(event, name)),
        };
      },
      request: ({ items, group = '{}' }) => ({
        url,
        headers: { 'content-type': 'application/json' },
        body: `${group.slice(0, -1)},"events":[${items.join()}]}`,
      }),
      // Google answers 2xx to what it throws away too: this only says that it came.
      outcomeOf: (reply) => outcomeOfStatus(reply),
    };
  },
});

function calledOf(event: CollectedEvent, words: Mapping): string | null {
  if (event.type === 'page') return 'page_view';
  if (event.type === 'group') return 'join_group';
  const called = event.type === 'track' ? nameOf(event.event, words) : null;
  return called === null ? null : eventName(called);
}

function paramsOf(
  event: CollectedEvent,
  called: string,
  words: Mapping,
  configured: string | undefined,
  destination: string,
): Record<string, unknown> {
  const properties = propertiesOf(event);
  const items = itemsOf(properties, words);
  const isOrder = valueAt(properties, ['order_id', 'products']) !== undefined;
  const value = isOrder ? orderValue(properties) : productValue(properties);
  const currency = currencyOf(properties, configured);
  const sessionId = sessionIdOf(event, destination);
  const isPromotion = called.endsWith('_promotion');
  const fields = Object.entries(fieldsOf(event, words.fields)).filter(
    ([field]) => isPromotion || !/^(promotion_|creative_slot)/.test(field),
  );
  const known: [string, unknown][] = [
    ...(sessionId === undefined ? [] : [['session_id', sessionId] as [string, unknown]]),
    // Without it people do not show as active.
    ['engagement_time_msec', 1],
    ...(event.type === 'group' ? [['group_id', event.groupId] as [string, unknown]] : []),
    // A value without its currency is refused without a word.
    ...(value === undefined || currency === undefined
      ? []
      : ([
          ['currency', currency],
          ['value', value],
        ] as [string, unknown][])),
    ...fields,
  ];
  const isCommerce = items.length > 0;
  const isOneProduct = isCommerce && !Array.isArray(properties.products);
  const said = (field: string): boolean => saidOtherwise.has(field) || (isOneProduct && productFieldNames.has(field));
  const own = Object.entries(flat(properties)).filter(([field]) => !isCommerce || !said(field));
  const params: Record<string, unknown> = {};
  for (const [field, found] of [...known, ...own]) {
    const param = paramName(field);
    const clean = paramValue(param, found);
    const isFull = Object.keys(params).length >= maxParams;
    if (clean !== undefined && !isFull && !Object.hasOwn(params, param)) params[param] = clean;
  }
  return isCommerce ? { ...params, items } : params;
}

function itemsOf(properties: object, words: Mapping): readonly Record<string, unknown>[] {
  return productFields(properties, words)
    .filter((item) => item.item_id !== undefined || item.item_name !== undefined)
    .slice(0, maxItems)
    .map((item) => {
      const { item_category: category, ...others } = item;
      const levels = typeof category === 'string' ? category.split('/').slice(0, 5) : [];
      const named = levels.map((level, index) => [`item_category${index === 0 ? '' : index + 1}`, level.trim()]);
      return Object.fromEntries(
        Object.entries({ ...others, ...Object.fromEntries(named) }).flatMap(([field, found]) => {
          const clean = paramValue(field, found);
          return clean === undefined ? [] : [[field, clean]];
        }),
      );
    });
}

/** Nested fields as `outer_inner`. */
function flat(fields: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) =>
      isObject(value) ? Object.entries(flat(value, `${prefix}${field}_`)) : [[`${prefix}${field}`, value]],
    ),
  );
}

/** What Google takes once for a whole request: so it is what events of one request have in common. */
function personOf(event: CollectedEvent, destination: string): object {
  const traits = traitsOf(event);
  const isYes = event.context?.consent?.categoryPreferences?.advertising === true && event.context.consent.gpc !== true;
  const answer = isYes ? 'GRANTED' : 'DENIED';
  const email = hashed(textAt(traits, 'email'), normalise.googleEmail);
  const phone = hashed(textAt(traits, 'phone'), normalise.phoneE164);
  const hasUserData = isYes && (email !== undefined || phone !== undefined);
  const userProperties = userPropertiesOf(traits);
  return present({
    client_id: clientIdOf(event, destination),
    user_id: event.userId,
    consent: { ad_user_data: answer, ad_personalization: answer },
    user_properties: Object.keys(userProperties).length === 0 ? undefined : userProperties,
    user_data: hasUserData
      ? present({
          sha256_email_address: email === undefined ? undefined : [email],
          sha256_phone_number: phone === undefined ? undefined : [phone],
        })
      : undefined,
  });
}

/** Traits that say who somebody is are no properties of users in general: Google forbids them there. */
const identifyingTraits: ReadonlySet<string> = new Set(
  'email phone name firstName lastName username address birthday avatar title website ip'.split(' '),
);

function userPropertiesOf(traits: object): Record<string, { value: Param }> {
  const allowed = Object.entries(traits).flatMap(([trait, value]): [string, { value: Param }][] => {
    const name = paramName(trait).slice(0, maxUserPropertyName);
    const clean = paramValue(name, value);
    if (clean === undefined || identifyingTraits.has(trait) || reservedUserProperties.has(name)) return [];
    return [[name, { value: typeof clean === 'string' ? cut(clean, maxUserPropertyValue) : clean }]];
  });
  return Object.fromEntries(allowed.slice(0, maxUserProperties));
}
