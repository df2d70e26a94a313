import type { Destination } from '@org/track-core';
import { describe, expect, it, test, vi } from 'vitest';
import { amplitude } from './amplitude.ts';
import { aCanonicalEvent } from './canonical-events.ts';
import { customerIo } from './customer-io.ts';
import { type DestinationUnderTest, destinationContract, goldenPayloads } from './destination-contract.ts';
import { hubspot } from './hubspot.ts';
import { klaviyo } from './klaviyo.ts';
import type { MappingOverrides } from './mapping.ts';
import { mixpanel } from './mixpanel.ts';
import { posthog } from './posthog.ts';
import { createScriptedEndpoint, type EndpointAnswer, type ReceivedRequest } from './scripted-endpoint.ts';
import { segment } from './segment.ts';
import { webhook } from './webhook.ts';

const secret = 'this-is-the-secret';
const json = (status: number, body: unknown) => ({ status, body: JSON.stringify(body) });
const bodyOf = ({ body }: ReceivedRequest) => JSON.parse(body) as never;
const usual: DestinationUnderTest['answers'] = [
  { why: '401', answer: { status: 401 }, expected: 'config' },
  { why: '413', answer: { status: 413 }, expected: 'dead' },
  { why: '429', answer: { status: 429 }, expected: 'retry' },
  { why: '503', answer: { status: 503 }, expected: 'retry' },
];
const all = ['email', 'phone', 'ip', 'user agent', 'name', 'traits'] as const;

const platforms: readonly (DestinationUnderTest & { readonly name: string })[] = [
  {
    name: 'segment',
    create: (endpoint) => segment({ writeKey: secret, endpoint }),
    secrets: [secret],
    itemsIn: (request) => (bodyOf(request) as { batch: unknown[] }).batch,
    success: () => json(200, { success: true }),
    refusal: () => ({ status: 400 }),
    answers: [
      ...usual,
      { why: 'taken', answer: json(200, { success: true }), expected: 'delivered' },
      { why: 'malformed', answer: { status: 400 }, expected: 'split' },
    ],
    maxBodyBytes: 500_000,
    sends: all,
  },
  {
    name: 'posthog',
    create: (endpoint) => posthog({ projectKey: 'phc_demo', endpoint }),
    secrets: [],
    itemsIn: (request) => (bodyOf(request) as { batch: unknown[] }).batch,
    success: () => json(200, { status: 1 }),
    refusal: () => ({ status: 400 }),
    answers: [
      ...usual,
      { why: 'taken', answer: json(200, { status: 1 }), expected: 'delivered' },
      { why: 'no money left', answer: json(200, { status: 1, quota_limited: ['events'] }), expected: 'config' },
      {
        why: 'recordings alone are limited',
        answer: json(200, { quota_limited: ['recordings'] }),
        expected: 'delivered',
      },
      { why: 'malformed', answer: { status: 400 }, expected: 'split' },
    ],
    maxBodyBytes: 20_000_000,
    sends: all,
  },
  {
    name: 'mixpanel',
    create: (endpoint) => mixpanel({ token: secret, endpoint }),
    secrets: [secret],
    itemsIn: (request) => bodyOf(request) as unknown[],
    success: ({ path }) =>
      path.startsWith('/import') ? json(200, { code: 200, status: 'OK' }) : json(200, { status: 1, error: null }),
    refusal: (_, poisoned) =>
      json(400, {
        code: 400,
        failed_records: poisoned.map((index) => ({ index, field: 'properties.time', message: 'no' })),
      }),
    answers: [
      ...usual,
      { why: 'imported', answer: json(200, { code: 200, num_records_imported: 2 }), expected: 'delivered' },
      {
        why: 'one of them refused',
        answer: json(400, { failed_records: [{ index: 1, field: 'time' }] }),
        expected: 'partly',
      },
      { why: 'refused without a list', answer: json(400, { code: 400 }), expected: 'split' },
      { why: '502', answer: { status: 502 }, expected: 'retry' },
    ],
    maxBodyBytes: 10_000_000,
    sends: all,
  },
  {
    name: 'amplitude',
    create: (endpoint) => amplitude({ apiKey: secret, endpoint }),
    secrets: [secret],
    itemsIn: (request) => (bodyOf(request) as { events: unknown[] }).events,
    success: () => json(200, { code: 200 }),
    refusal: (_, poisoned) => json(400, { code: 400, events_with_invalid_fields: { time: poisoned } }),
    answers: [
      ...usual,
      { why: 'taken', answer: json(200, { code: 200, events_ingested: 2 }), expected: 'delivered' },
      { why: 'a wrong key', answer: json(400, { code: 400, error: 'Invalid API key: x' }), expected: 'config' },
      { why: 'no key', answer: json(400, { code: 400, missing_field: 'api_key' }), expected: 'config' },
      {
        why: 'one of them invalid',
        answer: json(400, { events_with_missing_fields: { user_id: [0] } }),
        expected: 'partly',
      },
      { why: 'one person sends too much', answer: json(429, { throttled_events: [1] }), expected: 'partly' },
      { why: 'refused without a list', answer: json(400, {}), expected: 'split' },
    ],
    maxBodyBytes: 1_000_000,
    sends: all,
  },
  {
    name: 'klaviyo',
    create: (endpoint) => klaviyo({ privateKey: secret, endpoint }),
    secrets: [secret],
    itemsIn: (request) =>
      Object.values(
        (bodyOf(request) as { data: { attributes: Record<string, { data: unknown[] }> } }).data.attributes,
      )[0]?.data ?? [],
    success: () => ({ status: 202 }),
    refusal: (_, poisoned) =>
      json(400, {
        errors: poisoned.map((index) => ({
          code: 'invalid',
          source: { pointer: `/data/attributes/events-bulk-create/data/${index}/attributes` },
        })),
      }),
    answers: [
      ...usual,
      { why: 'queued', answer: { status: 202 }, expected: 'delivered' },
      {
        why: 'one of them invalid',
        answer: json(400, {
          errors: [
            { code: 'invalid', source: { pointer: '/data/attributes/events-bulk-create/data/0/attributes/time' } },
          ],
        }),
        expected: 'partly',
      },
      { why: 'invalid, who knows where', answer: json(400, { errors: [{ code: 'invalid' }] }), expected: 'split' },
    ],
    maxBodyBytes: 5_000_000,
    sends: ['email', 'phone', 'name', 'traits'],
  },
  {
    name: 'customer-io',
    create: (endpoint) => customerIo({ siteId: 'site', apiKey: secret, endpoint }),
    secrets: [secret],
    itemsIn: (request) => (bodyOf(request) as { batch: unknown[] }).batch,
    success: () => json(200, {}),
    refusal: (_, poisoned) =>
      json(207, { errors: poisoned.map((batch_index) => ({ batch_index, reason: 'invalid', field: 'name' })) }),
    answers: [
      ...usual,
      { why: 'taken', answer: json(200, {}), expected: 'delivered' },
      {
        why: 'one of them refused',
        answer: json(207, { errors: [{ batch_index: 1, reason: 'invalid' }] }),
        expected: 'partly',
      },
      { why: 'malformed', answer: { status: 400 }, expected: 'split' },
    ],
    maxBodyBytes: 500_000,
    sends: ['email', 'phone', 'name', 'traits'],
  },
  {
    name: 'hubspot',
    create: (endpoint) => hubspot({ accessToken: secret, hubId: '123456', endpoint }),
    secrets: [secret],
    itemsIn: (request) => (bodyOf(request) as { inputs: unknown[] }).inputs,
    success: () => ({ status: 204 }),
    refusal: () => ({ status: 400 }),
    answers: [
      ...usual,
      { why: 'taken', answer: { status: 204 }, expected: 'delivered' },
      { why: 'an event nobody has defined', answer: { status: 400 }, expected: 'split' },
    ],
    maxBodyBytes: 1_000_000,
    sends: ['email'],
  },
];

describe.each(platforms)('$name', (platform) => {
  for (const { rule, check } of destinationContract(platform)) it(rule, { timeout: 60_000 }, check);

  test('ten events in its words', async () => {
    const destination: Destination = platform.create('http://127.0.0.1:9');
    await expect(goldenPayloads(destination)).toMatchFileSnapshot(`golden/${platform.name}.json`);
  });
});

const mappedBy = (destination: Destination, fields: object): readonly unknown[] => {
  const made = destination.map?.(aCanonicalEvent(fields));
  return made?.kind === 'mapped' ? made.items.map((item) => JSON.parse(item) as unknown) : [made];
};

test.each([
  { why: 'of another zone', timestamp: '2026-11-20T12:00:00+02:00', expected: '2026-11-20T10:00:00+00:00' },
  { why: 'a date alone', timestamp: '2026-11-20', expected: '2026-11-20T00:00:00+00:00' },
  { why: 'of nanoseconds', timestamp: '2026-11-20T10:00:00.123456789Z', expected: '2026-11-20T10:00:00+00:00' },
])('Klaviyo: the moment that a server wrote as it likes, $why', ({ timestamp, expected }) => {
  const [item] = mappedBy(klaviyo({ privateKey: secret }), { type: 'track', event: 'Invoice Paid', timestamp });
  expect(item).toMatchObject({ attributes: { events: { data: [{ attributes: { time: expected } }] } } });
});

test.each([
  { why: 'cut between characters', path: `${'x'.repeat(80)}👩👩`, end: 'x' },
  { why: 'as long as an event may be', path: 'x'.repeat(30_000), end: 'x' },
])('Customer.io: the name of a page that nobody is known on, $why', ({ path, end }) => {
  const url = `https://a.example/${path}`;
  const weighed = vi.spyOn(Buffer, 'byteLength');
  const [item] = mappedBy(customerIo({ siteId: 'site', apiKey: secret }), {
    ...{ type: 'page', userId: undefined, context: { page: { url } } },
  });
  const { name } = item as { name: string };
  expect(weighed.mock.calls.length).toBeLessThan(200);
  weighed.mockRestore();
  expect([url.startsWith(name), Buffer.byteLength(name) <= 100, name.at(-1)]).toEqual([true, true, end]);
});

test('Mixpanel: a trait that is called like something every object has keeps its name', () => {
  const [item] = mappedBy(mixpanel({ token: secret }), { type: 'identify', traits: { toString: 'a', email: 'b' } });
  expect(item).toMatchObject({ $set: { toString: 'a', $email: 'b' } });
});

test('Mixpanel: a property that is called like the key of groups is kept where there is no group', () => {
  const page = (context: object) => ({ type: 'page', properties: { company: 'Own' }, context });
  const [alone] = mappedBy(mixpanel({ token: secret }), page({}));
  const [grouped] = mappedBy(mixpanel({ token: secret }), page({ groupId: 'acme' }));
  expect([alone, grouped]).toMatchObject([{ properties: { company: 'Own' } }, { properties: { company: 'acme' } }]);
});

test('Customer.io: a trait in its own words is kept', () => {
  const traits = { created_at: '2026-01-02T03:04:05.000Z', anonymous_id: 'own' };
  const known = { type: 'identify', traits, anonymousId: undefined };
  const [item] = mappedBy(customerIo({ siteId: 'site', apiKey: secret }), known);
  expect(item).toMatchObject({ attributes: { created_at: 1_767_323_045, anonymous_id: 'own' } });
});

test.each<{ why: string; create: (endpoint: string) => Destination; answer: EndpointAnswer; expected: object }>([
  {
    why: 'Customer.io names no place: nobody is blamed',
    create: (endpoint) => customerIo({ siteId: 'site', apiKey: secret, endpoint }),
    answer: json(207, { errors: [{ reason: 'invalid' }] }),
    expected: { kind: 'delivered', verdicts: new Map() },
  },
  {
    why: 'Mixpanel names no place: nobody is blamed',
    create: (endpoint) => mixpanel({ token: secret, endpoint }),
    answer: json(400, { failed_records: [{ message: 'odd' }] }),
    expected: { kind: 'delivered', verdicts: new Map() },
  },
  {
    why: 'Amplitude names a place that is none: halves find out',
    create: (endpoint) => amplitude({ apiKey: secret, endpoint }),
    answer: json(400, { events_with_invalid_fields: { time: [7, 'x'] } }),
    expected: { kind: 'split', reason: 'batch_refused' },
  },
])('an answer that fits no event, $why', async ({ create, answer, expected }) => {
  const endpoint = await createScriptedEndpoint(() => answer);
  try {
    const destination = create(endpoint.url);
    const events = ['m1', 'm2'].map((messageId) => aCanonicalEvent({ type: 'page', messageId }));
    const made = events
      .map((event) => destination.map?.(event))
      .flatMap((each) => (each?.kind === 'mapped' ? each : []));
    const { signal } = new AbortController();
    const group = made[0]?.group;
    const items = made.map((each) => each.items);
    expect(await destination.deliver(events, { signal, items, ...(group === undefined ? {} : { group }) })).toEqual(
      expected,
    );
  } finally {
    await endpoint.close();
  }
});

test.each([
  { name: 'segment', make: (mapping: MappingOverrides) => segment({ writeKey: secret, mapping }) },
  {
    name: 'webhook',
    make: (mapping: MappingOverrides) =>
      webhook({ url: 'https://a.example', secret: `whsec_${'a'.repeat(32)}`, mapping }),
  },
])('$name: names that the host says otherwise count, and null for not at all', ({ make }) => {
  const destination = make({ events: { 'Invoice Paid': 'Paid', Secret: null } });
  expect(JSON.stringify(mappedBy(destination, { type: 'track', event: 'Invoice Paid' }))).toContain('"event":"Paid"');
  expect(mappedBy(destination, { type: 'track', event: 'Secret' })).toEqual([{ kind: 'dropped', reason: 'filtered' }]);
});

test.each([
  { why: 'the device', ids: { anonymousId: 'anonymous', userId: 'u1' }, expected: { user_id: 'u1' } },
  { why: 'the user', ids: { anonymousId: 'a1', userId: 'null' }, expected: { device_id: 'a1' } },
])('Amplitude: a word for nobody in place of $why is left out', ({ ids, expected }) => {
  const [item] = mappedBy(amplitude({ apiKey: secret }), { type: 'track', event: 'Invoice Paid', ...ids });
  const { user_id, device_id } = item as { user_id?: string; device_id?: string };
  expect(JSON.parse(JSON.stringify({ user_id, device_id }))).toEqual(expected);
});

test('Amplitude is told whom to forget where it forgets, also by an address of the host’s own', async () => {
  const endpoint = await createScriptedEndpoint(() => ({ status: 200 }));
  try {
    const own = { apiKey: 'key', secretKey: secret, endpoint: `${endpoint.url}/2/httpapi` };
    await amplitude(own).erase?.({ userId: 'user-42' }, { signal: new AbortController().signal });
    expect(endpoint.received.map(({ path }) => path)).toEqual(['/api/2/deletions/users']);
  } finally {
    await endpoint.close();
  }
});

test('Jitsu takes what is good of a batch, and names the others in sentences', async () => {
  const events = [aCanonicalEvent({ type: 'track', event: 'a' }), aCanonicalEvent({ type: 'track', event: 'b' })];
  const [first, second] = events.map(({ messageId }) => messageId);
  const body = JSON.stringify({ ok: false, okEvents: 1, errors: [`Message ID: ${second}: no`] });
  const endpoint = await createScriptedEndpoint(() => ({ status: 200, body }));
  const destination = segment({ writeKey: secret, endpoint: endpoint.url });
  const outcome = await destination.deliver(events, { signal: AbortSignal.timeout(10_000), items: [['{}'], ['{}']] });
  await endpoint.close();
  expect(first).not.toBe(second);
  expect(outcome).toEqual({ kind: 'delivered', verdicts: new Map([[second, { kind: 'dead', reason: 'refused' }]]) });
});

test.each([
  {
    why: 'Amplitude, with its secret key',
    destination: (endpoint: string) => amplitude({ apiKey: 'k', secretKey: secret, endpoint }),
  },
  { why: 'Customer.io', destination: (endpoint: string) => customerIo({ siteId: 's', apiKey: secret, endpoint }) },
])('forgets somebody: $why', async ({ destination }) => {
  const endpoint = await createScriptedEndpoint((_, index) => ({ status: index === 0 ? 200 : 403 }));
  const { erase } = destination(endpoint.url);
  const signal = AbortSignal.timeout(10_000);
  await erase?.({ userId: 'user-42' }, { signal });
  await expect(erase?.({ userId: 'user-42' }, { signal })).rejects.toThrow('http-403');
  expect(await erase?.({ anonymousId: 'a' }, { signal })).toBe('unsupported');
  await endpoint.close();
  expect(endpoint.received.map(({ body }) => body.includes('user-42'))).toEqual([true, true]);
});
