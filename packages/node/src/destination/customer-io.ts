import type { CollectedEvent, DeliveryOutcome, DeliveryVerdict } from '@org/track-core';
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
import { basicAuthorization } from './stable-ids.ts';

export interface CustomerIoOptions extends DestinationOptions {
  readonly siteId: string;
  /** A Track API key. */
  readonly apiKey: string;
  /** Where the account is. Default `us`. */
  readonly region?: 'us' | 'eu';
  /** The kind of object that groups are. Default `1`. */
  readonly objectTypeId?: string;
}

// https://docs.customer.io/integrations/api/track (read 2026-08); the fields of a 207 are known from practice.
const hosts = { us: 'https://track.customer.io/api/v2', eu: 'https://track-eu.customer.io/api/v2' };
const maxBodyBytes = 500_000;
const envelopeBytes = 100;
const maxItemBytes = 32 * 1024;
const maxAnonymousNameBytes = 100;
/** Written as properties they would override what automations send, and to whom. */
const overriding: ReadonlySet<string> = new Set(['from_address', 'recipient', 'reply_to']);

const mapping: Mapping = { events: {}, fields: {}, products: {} };

/** Customer.io, by its Track API. */
export const customerIo: DestinationFactory<CustomerIoOptions> = defineDestination<CustomerIoOptions>({
  name: 'customer-io',
  title: 'Customer.io (Track API v2)',
  docs: 'https://docs.customer.io/integrations/api/track',
  requires: ['advertising'],
  idempotency: 'keyed',
  deduplication: "by the event's `id`, the `messageId`",
  order: 'person',
  limits: { maxEvents: 500, maxBytes: maxBodyBytes - envelopeBytes, concurrency: 4 },
  maxItemBytes,
  sends: ['email', 'phone', 'name', 'traits'],
  settings: {
    siteId: { kind: 'text', isRequired: true, text: 'Of the workspace' },
    apiKey: { kind: 'secret', isRequired: true, text: 'A Track API key' },
    region: { kind: 'choice', choices: ['us', 'eu'], standard: '`us`', text: 'Where the account is' },
    objectTypeId: { kind: 'text', standard: '`1`', text: 'The kind of object that groups are' },
  },
  mapping,
  connect({ siteId, apiKey, region = 'us', endpoint = hosts[region], objectTypeId = '1' }, words) {
    const headers = { 'content-type': 'application/json', authorization: basicAuthorization(siteId, apiKey) };
    return {
      map(event) {
        const item = itemOf(event, words, objectTypeId);
        return typeof item === 'string'
          ? { kind: 'dropped', reason: item }
          : { kind: 'mapped', items: [JSON.stringify(item)] };
      },
      request: ({ items }) => ({ url: `${endpoint}/batch`, headers, body: `{"batch":[${items.join()}]}` }),
      outcomeOf,
      erase({ userId }) {
        if (userId === undefined) return undefined;
        const body = JSON.stringify({ type: 'person', action: 'delete', identifiers: { id: userId } });
        return { url: `${endpoint}/entity`, headers, body };
      },
    };
  },
});

/** The call as Customer.io wants it, or why there is none. */
function itemOf(event: CollectedEvent, words: Mapping, objectTypeId: string): object | string {
  const { userId, anonymousId } = event;
  const person = { type: 'person', identifiers: userId === undefined ? { anonymous_id: anonymousId } : { id: userId } };
  const moment = { id: event.messageId, timestamp: Math.floor(Date.parse(event.timestamp) / 1_000) };
  switch (event.type) {
    case 'identify': {
      if (userId === undefined) return 'no_user';
      const { createdAt, ...traits } = traitsOf(event);
      return {
        ...person,
        action: 'identify',
        attributes: {
          ...(inSeconds(traits) as object),
          ...present({ created_at: inSeconds(createdAt), anonymous_id: anonymousId }),
        },
      };
    }
    case 'group':
      return {
        type: 'object',
        action: 'identify',
        identifiers: { object_type_id: objectTypeId, object_id: event.groupId },
        attributes: inSeconds(event.traits ?? {}),
        ...(userId === undefined ? {} : { cio_relationships: [{ identifiers: { id: userId } }] }),
      };
    case 'alias':
      return { type: 'person', action: 'merge', primary: { id: userId }, secondary: { id: event.previousId } };
    default: {
      const called = event.type === 'track' ? nameOf(event.event, words) : pageName(event);
      if (called === null) return 'filtered';
      const own = Object.entries(propertiesOf(event)).filter(([property]) => !overriding.has(property));
      return {
        ...person,
        action: event.type === 'track' ? 'event' : event.type,
        name: userId === undefined ? cutBytes(called.trim(), maxAnonymousNameBytes) : called.trim(),
        ...moment,
        attributes: inSeconds({ ...Object.fromEntries(own), ...fieldsOf(event, words.fields) }),
      };
    }
  }
}

/** Pages go by their address there. */
function pageName(event: CollectedEvent): string {
  return textAt(event, ['context.page.url', 'name']) ?? 'page';
}

const datePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Times are seconds there, wherever they stand. */
function inSeconds(value: unknown): unknown {
  if (typeof value === 'string') return datePattern.test(value) ? Math.floor(Date.parse(value) / 1_000) : value;
  if (Array.isArray(value)) return value.map(inSeconds);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([field, found]) => [field, inSeconds(found)]));
}

function cutBytes(text: string, bytes: number): string {
  let size = 0;
  let end = 0;
  // From the front: an address may be as long as an event, and what is cut off need not be looked at.
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** With 207 those listed were refused; the rest is in. */
function outcomeOf(reply: HttpReply, batch: DeliveryBatch): DeliveryOutcome {
  const errors = valueAt(jsonOf(reply), 'errors');
  if (reply.status !== 207 || !Array.isArray(errors)) return outcomeOfStatus(reply, 'split');
  const verdicts = errors.flatMap((error): [string, DeliveryVerdict][] => {
    const event = batch.events[eventIndexOf(batch, numberAt(error, 'batch_index') ?? -1)];
    const reason = textAt(error, ['reason', 'field']) ?? 'invalid';
    return event === undefined ? [] : [[event.messageId, { kind: 'dead', reason }]];
  });
  return { kind: 'delivered', verdicts: new Map(verdicts) };
}
