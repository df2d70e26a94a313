import { createHash } from 'node:crypto';
import type { CollectedEvent, DeliveryOutcome, DeliveryVerdict, Mapped } from '@org/track-core';
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
import { basicAuthorization, isRealId } from './stable-ids.ts';

export interface MixpanelOptions extends DestinationOptions {
  /** The project's. */
  readonly token: string;
  /** Where the project is kept. Default `us`. */
  readonly region?: 'us' | 'eu' | 'in';
  /** By what groups are kept there. Default `company`. */
  readonly groupKey?: string;
}

// https://developer.mixpanel.com/reference/import-events (read 2026-08)
const hosts = { us: 'https://api.mixpanel.com', eu: 'https://api-eu.mixpanel.com', in: 'https://api-in.mixpanel.com' };
const maxEvents = 2_000;
/** 10 MB say the documents, 2 MB an answer that they show. */
const maxBytes = 2_000_000;
const maxItemBytes = 1_000_000;
const insertIdPattern = /^[A-Za-z0-9-]{1,36}$/;

/** What calls of a kind are posted to: Mixpanel keeps people and groups apart from events. */
const paths = {
  events: '/import?strict=1',
  people: '/engage?verbose=1#profile-batch-update',
  groups: '/groups?verbose=1#group-batch-update',
} as const;

const mapping: Mapping = {
  events: { 'page()': '$mp_web_page_view', 'screen()': 'Screen View' },
  fields: {
    $current_url: 'context.page.url',
    $referrer: 'context.page.referrer',
    current_page_title: 'context.page.title',
    $session_id: 'context.session.id',
    $user_agent: 'context.userAgent',
  },
  products: {},
};

const traitNames: ReadonlyMap<string, string> = new Map([
  ['createdAt', '$created'],
  ['email', '$email'],
  ['firstName', '$first_name'],
  ['lastName', '$last_name'],
  ['name', '$name'],
  ['username', '$username'],
  ['phone', '$phone'],
]);

/** Mixpanel itself writes these. */
const reservedProperties: ReadonlySet<string> = new Set(
  'time id $anon_id distinct_id $group_id $insert_id $user_id $device_id ip'.split(' '),
);

/** Mixpanel, for projects with simplified id merge. */
export const mixpanel: DestinationFactory<MixpanelOptions> = defineDestination<MixpanelOptions>({
  name: 'mixpanel',
  title: 'Mixpanel',
  docs: 'https://developer.mixpanel.com/reference/import-events',
  requires: ['analytics'],
  idempotency: 'native',
  deduplication: 'by event, time, person and `$insert_id`, the `messageId`',
  order: 'person',
  limits: { maxEvents, maxBytes, concurrency: 8 },
  maxItemBytes,
  sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  settings: {
    token: { kind: 'secret', isRequired: true, text: "The project's" },
    region: { kind: 'choice', choices: ['us', 'eu', 'in'], standard: '`us`', text: 'Where the project is kept' },
    groupKey: { kind: 'text', standard: '`company`', text: 'By what groups are kept there' },
  },
  mapping,
  connect({ token, region = 'us', endpoint = hosts[region], groupKey = 'company' }, words) {
    const headers = { 'content-type': 'application/json', authorization: basicAuthorization(token) };
    return {
      map(event) {
        switch (event.type) {
          case 'alias':
            return { kind: 'dropped', reason: 'no_such_event' }; // people are merged by events that carry both ids
          case 'identify':
            return profileOf(event);
          case 'group': {
            const item = { $group_key: groupKey, $group_id: event.groupId, $set: event.traits ?? {} };
            return { kind: 'mapped', group: 'groups', items: [JSON.stringify(item)] };
          }
          default:
            return eventOf(event, words, groupKey);
        }
      },
      request({ items, group = 'events' }) {
        // The token is put in here, so that what is mapped and kept holds no secret.
        const signed =
          group === 'events' ? items : items.map((item) => `{"$token":${JSON.stringify(token)},${item.slice(1)}`);
        return {
          url: endpoint + paths[group as keyof typeof paths],
          headers,
          body: `[${signed.join()}]`,
          isGzip: true,
        };
      },
      outcomeOf: (reply, batch) =>
        batch.group === 'events' ? outcomeOfImport(reply, batch) : outcomeOfProfiles(reply),
    };
  },
});

function eventOf(
  event: Extract<CollectedEvent, { type: 'track' | 'page' | 'screen' }>,
  words: Mapping,
  groupKey: string,
): Mapped {
  const called = nameOf(event.type === 'track' ? event.event : `${event.type}()`, words);
  if (called === null) return { kind: 'dropped', reason: 'filtered' };
  const { userId, anonymousId } = event;
  // A device's own id is told apart by its prefix. From practice, not from the reference.
  const distinctId = userId ?? `$device:${anonymousId}`;
  if (!isRealId(userId ?? anonymousId ?? '')) return { kind: 'dead', reason: 'no_identifier' };
  const own = Object.entries(propertiesOf(event)).filter(([property]) => !reservedProperties.has(property));
  const groupId = textAt(event, 'context.groupId');
  const properties = present({
    ...Object.fromEntries(own),
    ...fieldsOf(event, words.fields),
    // Of nobody's group an event may have a property of that name.
    ...(groupId === undefined ? {} : { [groupKey]: groupId }),
    time: Date.parse(event.timestamp),
    distinct_id: distinctId,
    $device_id: anonymousId,
    $user_id: userId,
    $insert_id: insertIdOf(event.messageId),
    // Without it Mixpanel would take the collector's address for the person's.
    ip: textAt(event, 'context.ip') ?? '0',
  });
  return { kind: 'mapped', group: 'events', items: [JSON.stringify({ event: called, properties })] };
}

function insertIdOf(messageId: string): string {
  return insertIdPattern.test(messageId)
    ? messageId
    : createHash('sha256').update(messageId).digest('hex').slice(0, 36);
}

function profileOf(event: CollectedEvent): Mapped {
  if (event.userId === undefined) return { kind: 'dropped', reason: 'no_user' };
  const $set = Object.fromEntries(
    Object.entries(traitsOf(event)).map(([trait, value]) => [traitNames.get(trait) ?? trait, value]),
  );
  const item = { $distinct_id: event.userId, $ip: textAt(event, 'context.ip') ?? '0', $set };
  return { kind: 'mapped', group: 'people', items: [JSON.stringify(item)] };
}

/** What is listed was refused; the rest is in. */
function outcomeOfImport(reply: HttpReply, batch: DeliveryBatch): DeliveryOutcome {
  const failed = valueAt(jsonOf(reply), 'failed_records');
  if (reply.status !== 400 || !Array.isArray(failed) || failed.length === 0) return outcomeOfStatus(reply, 'split');
  const verdicts = failed.filter(isObject).flatMap((record): [string, DeliveryVerdict][] => {
    const event = batch.events[eventIndexOf(batch, numberAt(record, 'index') ?? -1)];
    const field = textAt(record, 'field') ?? 'event';
    return event === undefined ? [] : [[event.messageId, { kind: 'dead', reason: `invalid: ${field}` }]];
  });
  return { kind: 'delivered', verdicts: new Map(verdicts) };
}

/** A 200 is no yes here: the body says it. */
function outcomeOfProfiles(reply: HttpReply): DeliveryOutcome {
  const said = jsonOf(reply);
  const isRefused = reply.status === 200 && (said === 0 || valueAt(said, 'status') === 0);
  return isRefused ? { kind: 'split', reason: 'profile_refused' } : outcomeOfStatus(reply, 'split');
}
