import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
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
import { uuidOf } from './stable-ids.ts';

export interface HubspotOptions extends DestinationOptions {
  /** A private app's, with `analytics.behavioral_events.send`. */
  readonly accessToken: string;
  /** The account's number: custom events are called `pe<number>_<name>`. */
  readonly hubId: string;
}

// https://developers.hubspot.com/docs/reference/api/analytics-and-events/custom-events (read 2026-08)
const defaultEndpoint = 'https://api.hubapi.com/events/v3/send/batch';
/** Known from practice. */
const maxEvents = 500;
const maxBodyBytes = 1_000_000;
const maxProperties = 50;
const maxNameLength = 50;
/** Older texts say 50 and 200 for URLs, newer ones this. */
const maxValueLength = 1_024;

const mapping: Mapping = {
  events: { 'page()': null },
  fields: { page_url: 'context.page.url', page_title: 'context.page.title' },
  products: {},
};

/** HubSpot, as custom events. Each event's definition has to be there first. */
export const hubspot: DestinationFactory<HubspotOptions> = defineDestination<HubspotOptions>({
  name: 'hubspot',
  title: 'HubSpot (custom events)',
  docs: 'https://developers.hubspot.com/docs/reference/api/analytics-and-events/custom-events',
  requires: ['advertising'],
  idempotency: 'keyed',
  deduplication: 'by `uuid`, the `messageId`',
  order: 'person',
  limits: { maxEvents, maxBytes: maxBodyBytes - 100, concurrency: 4 },
  sends: ['email'],
  settings: {
    accessToken: { kind: 'secret', isRequired: true, text: "A private app's, that may send behavioral events" },
    hubId: { kind: 'text', isRequired: true, pattern: [/^\d+$/, 'digits'], text: "The account's number" },
  },
  mapping,
  notes: [
    'Each event must have been defined in HubSpot: `Order Completed` is `pe<hubId>_order_completed`. People are found by their e-mail, or by the cookie `hubspotutk` with `integrations: { hubspot: { utk } }`; other events are dropped as `no_identifier`. Pages are not sent unless `mapping: { events: { "page()": "page_seen" } }` names them.',
  ],
  connect({ accessToken, hubId, endpoint = defaultEndpoint }, words) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` };
    return {
      map(event) {
        if (event.type !== 'track' && event.type !== 'page') return { kind: 'dropped', reason: 'no_such_event' };
        const called = nameOf(event.type === 'track' ? event.event : 'page()', words);
        if (called === null) return { kind: 'dropped', reason: 'filtered' };
        const email = textAt(traitsOf(event), 'email')?.trim().toLowerCase();
        // The browser's cookie, if the page hands it over: `integrations: { hubspot: { utk } }`.
        const utk = textAt(valueAt(event.integrations, 'hubspot'), 'utk');
        if (email === undefined && utk === undefined) return { kind: 'dropped', reason: 'no_identifier' };
        const item = present({
          eventName: `pe${hubId}_${internalName(called)}`,
          occurredAt: event.timestamp,
          uuid: uuidOf(event.messageId),
          email,
          utk: email === undefined ? utk : undefined,
          properties: propertiesThere({ ...propertiesOf(event), ...fieldsOf(event, words.fields) }),
        });
        return { kind: 'mapped', items: [JSON.stringify(item)] };
      },
      request: ({ items }) => ({ url: endpoint, headers, body: `{"inputs":[${items.join()}]}` }),
      outcomeOf: (reply) => outcomeOfStatus(reply, 'split'),
    };
  },
});

/** Lower case, letters, digits and `_`, begun by a letter. */
function internalName(name: string): string {
  const clean = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return (/^[a-z]/.test(clean) ? clean : `p_${clean}`).slice(0, maxNameLength);
}

function propertiesThere(properties: object): object {
  const named = Object.entries(properties).flatMap(([property, value]): [string, string | number | boolean][] => {
    const plain = Array.isArray(value) ? value.filter((item) => !isObject(item)).join(';') : value;
    if (typeof plain === 'number' || typeof plain === 'boolean') return [[internalName(property), plain]];
    if (typeof plain !== 'string' || plain === '') return [];
    return [[internalName(property), [...plain].slice(0, maxValueLength).join('')]];
  });
  return Object.fromEntries(named.slice(0, maxProperties));
}
