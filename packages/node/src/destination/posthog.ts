import type { CollectedEvent } from '@org/track-core';
import { type DestinationFactory, type DestinationOptions, defineDestination } from './define-destination.ts';
import { jsonOf, outcomeOfStatus } from './http-exchange.ts';
import { fieldsOf, type Mapping, nameOf, present, propertiesOf, textAt, traitsOf, valueAt } from './mapping.ts';
import { isRealId, uuidOf } from './stable-ids.ts';

export interface PosthogOptions extends DestinationOptions {
  /** `phc_…`: it only writes, and pages show it. */
  readonly projectKey: string;
  /** Default `us`; your own host by `endpoint`: `https://posthog.example/batch/`. */
  readonly region?: 'us' | 'eu';
  /** Who gets a profile of a person. Default `identified`: those with a `userId`. */
  readonly personProfiles?: 'identified' | 'always';
  /** Does PostHog look up where addresses are? Default true. */
  readonly hasGeoIp?: boolean;
  /** What groups are called there. Default `company`. */
  readonly groupType?: string;
  /** For imports of history: they go round the protection against spikes. Default false. */
  readonly isHistorical?: boolean;
}

// https://posthog.com/docs/api/capture (read 2026-08).
const hosts = { us: 'https://us.i.posthog.com/batch/', eu: 'https://eu.i.posthog.com/batch/' };
const maxItemBytes = 1_000_000;

const mapping: Mapping = {
  events: { 'page()': '$pageview', 'screen()': '$screen' },
  fields: {
    $current_url: 'context.page.url',
    $pathname: 'context.page.path',
    $referrer: 'context.page.referrer',
    title: 'context.page.title',
    $session_id: 'context.session.id',
    $ip: 'context.ip',
    $raw_user_agent: 'context.userAgent',
    $locale: 'context.locale',
  },
  products: {},
};

/** PostHog, its cloud or one's own. */
export const posthog: DestinationFactory<PosthogOptions> = defineDestination<PosthogOptions>({
  name: 'posthog',
  title: 'PostHog',
  docs: 'https://posthog.com/docs/api/capture',
  requires: ['analytics'],
  idempotency: 'keyed',
  deduplication: 'in the end, by `uuid` (the `messageId`) with event, time and person',
  order: 'person',
  limits: { maxEvents: 1_000, maxBytes: 4_000_000, concurrency: 4 },
  maxItemBytes,
  sends: ['email', 'phone', 'ip', 'user agent', 'name', 'traits'],
  settings: {
    projectKey: { kind: 'text', isRequired: true, pattern: [/^phc_\w+$/, 'phc_…'], text: 'Only writes; no secret' },
    region: { kind: 'choice', choices: ['us', 'eu'], standard: '`us`', text: 'Your own host by `endpoint`' },
    personProfiles: {
      kind: 'choice',
      choices: ['identified', 'always'],
      standard: '`identified`',
      text: 'Who gets a profile',
    },
    hasGeoIp: { kind: 'flag', standard: '`true`', text: 'PostHog looks up where addresses are' },
    groupType: { kind: 'text', standard: '`company`', text: 'What groups are called there' },
    isHistorical: { kind: 'flag', standard: '`false`', text: 'For imports of history' },
  },
  mapping,
  connect(options, words) {
    const { projectKey, region = 'us', endpoint = hosts[region], isHistorical = false } = options;
    const head = `"api_key":${JSON.stringify(projectKey)},"historical_migration":${isHistorical}`;
    return {
      map(event) {
        const distinctId = event.userId ?? event.anonymousId;
        if (distinctId === undefined || !isRealId(distinctId)) return { kind: 'dead', reason: 'no_identifier' };
        const called = calledOf(event, words);
        if (called === null) return { kind: 'dropped', reason: 'filtered' };
        const item = {
          event: called,
          uuid: uuidOf(event.messageId),
          timestamp: event.timestamp,
          properties: { ...propertiesThere(event, options, words), distinct_id: distinctId },
        };
        return { kind: 'mapped', items: [JSON.stringify(item)] };
      },
      request: ({ items }) => ({
        url: endpoint,
        headers: { 'content-type': 'application/json' },
        body: `{${head},"batch":[${items.join()}]}`,
        isGzip: true,
      }),
      outcomeOf(reply) {
        const limited = valueAt(jsonOf(reply), 'quota_limited');
        // Said within a 200: what we sent is gone for want of money.
        if (Array.isArray(limited) && limited.includes('events')) return { kind: 'config', reason: 'quota' };
        return outcomeOfStatus(reply, 'split');
      },
    };
  },
});

function calledOf(event: CollectedEvent, words: Mapping): string | null {
  switch (event.type) {
    case 'track':
      return nameOf(event.event, words);
    case 'page':
    case 'screen':
      return nameOf(`${event.type}()`, words);
    case 'identify':
      return event.userId === undefined ? '$set' : '$identify';
    case 'group':
      return '$groupidentify';
    case 'alias':
      return '$create_alias';
  }
}

function propertiesThere(event: CollectedEvent, options: PosthogOptions, words: Mapping): object {
  const { personProfiles = 'identified', hasGeoIp = true, groupType = 'company' } = options;
  const groupId = event.type === 'group' ? event.groupId : textAt(event, 'context.groupId');
  const traits = traitsOf(event);
  const own = event.type === 'track' || event.type === 'page' || event.type === 'screen' ? propertiesOf(event) : {};
  return present({
    ...own,
    ...fieldsOf(event, words.fields),
    $screen_name: event.type === 'screen' ? event.name : undefined,
    $lib: '@org/track-node',
    $process_person_profile: personProfiles === 'always' || event.userId !== undefined,
    $geoip_disable: hasGeoIp ? undefined : true,
    $groups: groupId === undefined ? undefined : { [groupType]: groupId },
    ...(event.type === 'identify'
      ? { $set: traits, $anon_distinct_id: event.userId === undefined ? undefined : event.anonymousId }
      : {}),
    ...(event.type === 'group'
      ? { $group_type: groupType, $group_key: event.groupId, $group_set: event.traits ?? {} }
      : {}),
    ...(event.type === 'alias' ? { alias: event.previousId } : {}),
  });
}
