import type { CollectedEvent, DeliveryOutcome } from '@org/track-core';
import { currencyOf, orderValue, productFields, productsOf, productValue } from './commerce.ts';
import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
import { hashed, normalise } from './hash-person.ts';
import { jsonOf, outcomeOfStatus } from './http-exchange.ts';
import {
  fieldsOf,
  type Mapping,
  nameOf,
  numberAt,
  present,
  propertiesOf,
  textAt,
  traitsOf,
  valueAt,
} from './mapping.ts';

export interface MetaOptions extends DestinationOptions {
  /** The dataset's id, once the pixel's. */
  readonly datasetId: string;
  readonly accessToken: string;
  /** Of the Graph API. Default `v25.0`; each stays usable for about two years. */
  readonly apiVersion?: string;
  /** Where events happen: one destination for each. Default `website`. */
  readonly actionSource?: (typeof actionSources)[number];
  /** Shows events under "Test events". Never in production. */
  readonly testEventCode?: string;
  /** Limited Data Use, with Meta finding out the place. Default false. */
  readonly hasLimitedDataUse?: boolean;
  /** For events that name no currency: ISO 4217. Default none: then purchases are dead letters. */
  readonly currency?: string;
}

const actionSources = [
  'email',
  'website',
  'app',
  'phone_call',
  'chat',
  'physical_store',
  'system_generated',
  'other',
] as const;

// https://developers.facebook.com/docs/marketing-api/conversions-api (read 2026-11)
const defaultApiVersion = 'v25.0';
const maxAgeMs = 7 * 86_400_000;
const maxStoreAgeMs = 62 * 86_400_000;
/** What deliveries are known by is remembered for so long. */
const deduplicationMs = 48 * 3_600_000;
/** About 1 MB, says practice; not documented. What stands around the events fits into the rest. */
const maxBytes = 900_000;

/** The Graph API's error codes. https://developers.facebook.com/docs/marketing-api/error-reference */
const configCodes: ReadonlySet<number> = new Set([3, 190, 200, 294]);
const throttleCodes: ReadonlySet<number> = new Set([4, 17, 80003]);
const invalidCodes: ReadonlySet<number> = new Set([100, 105]);
/** Of code 100: no such dataset, or no right to it. */
const missingDataset = 33;

const mapping: Mapping = {
  events: {
    'Products Searched': 'Search',
    'Product List Viewed': 'ViewContent',
    'Product Viewed': 'ViewContent',
    'Product Added': 'AddToCart',
    'Product Added to Wishlist': 'AddToWishlist',
    'Checkout Started': 'InitiateCheckout',
    'Payment Info Entered': 'AddPaymentInfo',
    'Order Completed': 'Purchase',
    'Signed Up': 'CompleteRegistration',
    'Lead Generated': 'Lead',
    'Product Clicked': null,
    'Promotion Viewed': null,
    'Promotion Clicked': null,
  },
  fields: {
    order_id: 'properties.order_id',
    search_string: 'properties.query',
    content_name: 'properties.name',
    content_category: 'properties.category',
    status: 'properties.status',
  },
  products: { id: ['product_id', 'sku'], quantity: 'quantity', item_price: 'price' },
};

/** Meta (Facebook, Instagram), by the Conversions API. */
export const meta: DestinationFactory<MetaOptions> = defineDestination<MetaOptions>({
  name: 'meta',
  title: 'Meta Conversions API',
  docs: 'https://developers.facebook.com/docs/marketing-api/conversions-api',
  requires: ['advertising'],
  idempotency: 'keyed',
  deduplication: 'by event name and `event_id`, the `messageId`, for 48 hours',
  maxAgeMs,
  limits: { maxEvents: 1_000, maxBytes, concurrency: 4, horizonMs: deduplicationMs },
  sends: ['ip', 'user agent'],
  settings: {
    datasetId: { kind: 'text', isRequired: true, pattern: [/^\d+$/, 'digits'], text: 'The dataset, once the pixel' },
    accessToken: { kind: 'secret', isRequired: true, text: 'Of the Conversions API, travels in a header' },
    apiVersion: { kind: 'text', pattern: [/^v\d+\.\d+$/, 'v25.0'], standard: '`v25.0`', text: 'Of the Graph API' },
    actionSource: {
      kind: 'choice',
      choices: actionSources,
      standard: '`website`',
      text: 'Where events happen; one destination for each',
    },
    testEventCode: { kind: 'text', text: 'Shows events under "Test events"; never in production' },
    hasLimitedDataUse: { kind: 'flag', standard: '`false`', text: 'Limited Data Use, the place found out by Meta' },
    currency: { kind: 'text', pattern: [/^[A-Z]{3}$/, 'ISO 4217, as EUR'], text: 'For events that name none' },
  },
  mapping,
  notes: [
    'E-mail, phone, name, place, birthday and `userId` leave as SHA-256 of what Meta calls normal; address and agent as they are. For the same event from a pixel give it `eventID: messageId`. The cookies `_fbp` and `_fbc` come with `integrations: { meta: { fbp, fbc } }`; without them `fbc` is made of the click that `attribution()` found.',
    'Meta refuses a whole request for one bad event, so what it would refuse is a dead letter before: `no_value_or_currency`, `no_identifier`, `no_page_or_agent`.',
  ],
  connect(options, words) {
    const { apiVersion = defaultApiVersion, datasetId, accessToken, testEventCode } = options;
    const base = options.endpoint ?? `https://graph.facebook.com/${apiVersion}`;
    const tail = testEventCode === undefined ? '' : `,"test_event_code":${JSON.stringify(testEventCode)}`;
    return {
      ...(options.actionSource === 'physical_store' ? { maxAgeMs: maxStoreAgeMs } : {}),
      map(event) {
        const called = event.type === 'page' ? 'PageView' : event.type === 'track' ? nameOf(event.event, words) : null;
        if (called === null) return { kind: 'dropped', reason: 'no_such_event' };
        const item = itemOf(event, called, options, words);
        return typeof item === 'string'
          ? { kind: 'dead', reason: item }
          : { kind: 'mapped', items: [JSON.stringify(item)] };
      },
      request: ({ items }) => ({
        url: `${base}/${datasetId}/events`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: `{"data":[${items.join()}]${tail}}`,
      }),
      outcomeOf(reply) {
        const error = valueAt(jsonOf(reply), 'error');
        return error === undefined ? outcomeOfStatus(reply, 'split') : outcomeOfError(error, outcomeOfStatus(reply));
      },
    };
  },
});

/** The event as Meta wants it, or why it cannot be. */
function itemOf(event: CollectedEvent, called: string, options: MetaOptions, words: Mapping): object | string {
  const source = options.actionSource ?? 'website';
  const happenedAt = Date.parse(event.timestamp);
  const userData = userDataOf(event, happenedAt);
  if (!isSomebody(userData)) return 'no_identifier';
  const url = textAt(event, 'context.page.url');
  if (source === 'website' && (userData.client_user_agent === undefined || url === undefined))
    return 'no_page_or_agent';
  const custom = customDataOf(event, called, options.currency, words);
  if (called === 'Purchase' && (custom.value === undefined || custom.currency === undefined))
    return 'no_value_or_currency';
  return present({
    event_name: called,
    event_time: Math.floor(happenedAt / 1_000),
    event_id: event.messageId,
    action_source: source,
    event_source_url: url,
    referrer_url: textAt(event, 'context.page.referrer'),
    user_data: userData,
    custom_data: Object.keys(custom).length === 0 ? undefined : custom,
    ...(options.hasLimitedDataUse === true
      ? { data_processing_options: ['LDU'], data_processing_options_country: 0, data_processing_options_state: 0 }
      : {}),
  });
}

interface UserData {
  readonly [field: string]: unknown;
}

function userDataOf(event: CollectedEvent, happenedAt: number): UserData {
  const traits = traitsOf(event);
  const hash = (source: string | readonly string[], normal: (text: string) => string): string[] | undefined => {
    const found = hashed(textAt(traits, source), normal);
    return found === undefined ? undefined : [found];
  };
  const own = (field: string): string | undefined => textAt(valueAt(event.integrations, 'meta'), field);
  const clickId = textAt(event, 'context.clickIds.fbclid');
  const externalId = hashed(event.userId, normalise.id);
  return present({
    em: hash('email', normalise.email),
    ph: hash('phone', normalise.phoneDigits),
    fn: hash(['firstName', 'first_name'], normalise.name),
    ln: hash(['lastName', 'last_name'], normalise.name),
    ct: hash(['address.city', 'city'], normalise.place),
    st: hash(['address.state', 'state'], normalise.place),
    zp: hash(['address.postalCode', 'address.postal_code'], normalise.postalCode),
    country: hash(['address.country', 'country'], normalise.country),
    db: hash('birthday', normalise.birthday),
    ge: hash('gender', normalise.gender),
    external_id: externalId === undefined ? undefined : [externalId],
    client_ip_address: textAt(event, 'context.ip'),
    client_user_agent: textAt(event, 'context.userAgent'),
    // The browser's cookies, if the page hands them over: `integrations: { meta: { fbp, fbc } }`.
    fbp: own('fbp'),
    fbc: own('fbc') ?? (clickId === undefined ? undefined : `fb.1.${happenedAt}.${clickId}`),
  });
}

/** One of these, or address and agent together: less is refused. */
function isSomebody(userData: UserData): boolean {
  const isKnown = ['em', 'ph', 'external_id', 'fbp', 'fbc'].some((field) => userData[field] !== undefined);
  return isKnown || (userData.client_ip_address !== undefined && userData.client_user_agent !== undefined);
}

function customDataOf(
  event: CollectedEvent,
  called: string,
  configured: string | undefined,
  words: Mapping,
): Record<string, unknown> {
  const properties = propertiesOf(event);
  const products = productsOf(properties);
  const isOrder = Array.isArray(properties.products) || properties.order_id !== undefined;
  const value = isOrder ? orderValue(properties) : productValue(properties);
  const currency = currencyOf(properties, configured);
  const contents = productFields(properties, words).filter(({ id }) => id !== undefined);
  const { content_name, content_category, status, ...fields } = fieldsOf(event, words.fields);
  const hasValue = value !== undefined && currency !== undefined;
  return present({
    currency: hasValue ? currency : undefined,
    value: hasValue ? value : undefined,
    ...fields,
    content_name: isOrder ? undefined : content_name,
    content_category: isOrder ? undefined : content_category,
    status: called === 'CompleteRegistration' ? status : undefined,
    content_type: contents.length > 0 ? 'product' : undefined,
    content_ids: contents.length > 0 ? contents.map(({ id }) => String(id)) : undefined,
    contents: contents.length > 0 ? contents : undefined,
    num_items: isOrder && products.length > 0 ? countOf(products) : undefined,
  });
}

function countOf(products: readonly object[]): number {
  return products.reduce((sum, product) => sum + (numberAt(product, 'quantity') ?? 1), 0);
}

/** One bad event has the whole request refused, so what is invalid is split. */
function outcomeOfError(error: unknown, otherwise: DeliveryOutcome): DeliveryOutcome {
  const code = numberAt(error, 'code') ?? 0;
  const subcode = numberAt(error, 'error_subcode');
  const reason = `meta-${code}${subcode === undefined ? '' : `-${subcode}`}`;
  if (configCodes.has(code) || (code === 100 && subcode === missingDataset)) return { kind: 'config', reason };
  if (invalidCodes.has(code)) return { kind: 'split', reason };
  if (throttleCodes.has(code)) return { kind: 'retry', reason: 'throttled' };
  // Codes nobody has listed are most often theirs to solve.
  return otherwise.kind === 'retry' ? otherwise : { kind: 'retry', reason: 'server' };
}
