import { type EventType, envelopeBody } from '@org/track-core';
import { anEntry, anEvent } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import { readDialect } from './dialect.ts';
import { Refusal } from './refusal.ts';

const receivedAt = Date.UTC(2026, 10, 20, 10);
const now = new Date(receivedAt).toISOString();
const read = (text: string, type?: EventType) =>
  readDialect(JSON.parse(text), { text }, { type, receivedAt, newId: () => 'new-id' });

describe('our own envelope', () => {
  const entries = [anEntry({ id: '1' }), anEntry({ id: '2' })];
  const batch = `"batch":[${entries.map(({ value }) => value).join()}]}`;

  test.each([
    { why: 'without a key', text: envelopeBody(entries, receivedAt), kept: `{"sentAt":"${now}",${batch}` },
    { why: 'with a key, which is cut off', text: envelopeBody(entries, receivedAt, 'se"crèt'), kept: `{${batch}` },
  ])('is kept as it came $why', ({ text, kept }) => {
    expect(read(text)).toMatchObject({ sentAt: now, body: kept });
    const bytes = Buffer.from(text);
    const asBytes = readDialect(JSON.parse(text), { text, bytes }, { type: undefined, receivedAt, newId: () => '' });
    expect(asBytes).toMatchObject({ body: Buffer.from(kept) });
  });

  test('is kept if it was deferred, and says since when', () => {
    const body = envelopeBody(entries, receivedAt, 'secret').replace('sentAt', 'deferredAt');
    const found = read(body);
    expect(found).toMatchObject({ deferredAt: now, body: `{${batch}` });
    expect(found).not.toHaveProperty('sentAt');
  });

  const event = JSON.stringify(anEvent());
  test.each([
    {
      why: 'a second key behind the first',
      body: `{"sentAt":"${now}","writeKey":"a","batch":[],"writeKey":"secret","batch":[${event}]}`,
    },
    {
      why: 'a batch before the batch, which nobody judges',
      body: `{"sentAt":"${now}","batch":[{"userId":"secret"}],"batch":[${event}]}`,
    },
    {
      why: 'and one that is spelt with an escape',
      body: `{"sentAt":"${now}","batch":[{"userId":"secret"}],"b\\u0061tch":[${event}]}`,
    },
    {
      why: 'a second key that is spelt with an escape',
      body: `{"sentAt":"${now}","writeKey":"a","batch":[${event.replace('{', '{"x":{"write\\u004bey":"s"},')}]}`,
    },
    {
      why: 'something after the batch whose name is a number, which JSON puts first',
      body: `{"sentAt":"${now}","batch":[${event}],"0":{"userId":"secret"}}`,
    },
    {
      why: 'a second date after the batch',
      body: `{"sentAt":"${now}","batch":[${event}],"sentAt":{"userId":"secret"}}`,
    },
    {
      why: 'a second count of tries after the batch',
      body: `{"retryCount":1,"sentAt":"${now}","batch":[${event}],"retryCount":["secret"]}`,
    },
    { why: 'a key after the batch', body: `{"sentAt":"${now}","batch":[${event}],"writeKey":"secret"}` },
    {
      why: 'a key inside an event',
      body: `{"sentAt":"${now}","batch":[${event.replace('{', '{"writeKey":"secret",')}]}`,
    },
    { why: 'an event that needs filling in', body: `{"sentAt":"${now}","batch":[{"type":"page","userId":"u"}]}` },
  ])('is read but not kept: $why', ({ body }) => {
    const found = read(body);
    expect(found).not.toBeInstanceOf(Refusal);
    expect(found).not.toHaveProperty('body');
    expect(JSON.stringify((found as { events: unknown }).events)).not.toContain('secret');
  });
});

describe("the body of Segment's libraries for servers", () => {
  const event = JSON.stringify(anEvent({ userId: 'Zoë' }));
  const asBytes = (text: string) =>
    readDialect(JSON.parse(text), { text, bytes: Buffer.from(text) }, { type: undefined, receivedAt, newId: () => '' });

  test.each([
    { why: 'without its key', tail: `],"writeKey":"sécret","sentAt":"${now}"}`, events: [event, event] },
    { why: 'without its date, which is a fact of the batch', tail: `],"sentAt":"${now}"}`, events: [event] },
    { why: 'empty', tail: `],"writeKey":"secret","sentAt":"${now}"}`, events: [] },
  ])('is kept as it came, $why', ({ tail, events }) => {
    const text = `{"batch":[${events.join()}${tail}`;
    const kept = `{"batch":[${events.join()}]}`;
    expect(read(text)).toMatchObject({ sentAt: now, body: kept });
    expect(asBytes(text)).toMatchObject({ sentAt: now, body: Buffer.from(kept) });
  });

  test.each([
    {
      why: 'another batch before it, which nobody judges',
      text: `{"batch":["secret"],"batch":[${event}],"sentAt":"${now}"}`,
    },
    {
      why: 'one that is spelt with an escape',
      text: `{"batch":["secret"],"b\\u0061tch":[${event}],"writeKey":"k","sentAt":"${now}"}`,
    },
    {
      why: 'a key that is a list, which the real one hides',
      text: `{"batch":[${event}],"writeKey":["secret"],"writeKey":"k","sentAt":"${now}"}`,
    },
    { why: 'a key that is a list', text: `{"batch":[${event}],"writeKey":["secret"],"sentAt":"${now}"}` },
    { why: 'a date that is a list', text: `{"batch":[${event}],"sentAt":["secret"],"sentAt":"${now}"}` },
    {
      why: 'a date that is a list, before the key',
      text: `{"batch":[${event}],"sentAt":["secret"],"writeKey":"k","sentAt":"${now}"}`,
    },
    { why: 'something else', text: `{"batch":[${event}],"more":["secret"],"sentAt":"${now}"}` },
    {
      why: 'something else in between',
      text: `{"batch":[${event}],"more":["secret"],"writeKey":"k","sentAt":"${now}"}`,
    },
    { why: 'something else at the end', text: `{"batch":[${event}],"sentAt":"${now}","more":"secret"}` },
    { why: 'a list inside something else', text: `{"batch":[${event}],"more":{"batch":["secret"],"sentAt":"${now}"}}` },
    { why: 'a key in an event', text: `{"batch":[${event.replace('{', '{"writeKey":"secret",')}],"sentAt":"${now}"}` },
  ])('is read but not kept: $why', ({ text }) => {
    for (const found of [read(text), asBytes(text)]) {
      expect(found).not.toBeInstanceOf(Refusal);
      expect(found).not.toHaveProperty('body');
    }
  });
});

describe("Segment's forms", () => {
  test.each([
    {
      why: 'a missing id and time are filled in',
      body: { batch: [{ type: 'track', event: 'e', userId: 'u' }] },
      events: [{ type: 'track', event: 'e', userId: 'u', messageId: 'new-id', timestamp: now }],
    },
    {
      why: "the sender's clock may be called originalTimestamp",
      body: { batch: [{ messageId: 'm', originalTimestamp: '2026-01-01T00:00:00Z' }] },
      events: [{ messageId: 'm', timestamp: '2026-01-01T00:00:00Z' }],
    },
    {
      why: 'null means absent',
      body: { batch: [{ messageId: null, timestamp: null }] },
      events: [{ messageId: 'new-id', timestamp: now }],
    },
    {
      why: "the batch's context and integrations lie under the event's own",
      body: {
        batch: [{ messageId: 'm', timestamp: now, context: { ip: '1.1.1.1' }, integrations: { A: false } }],
        context: { ip: '2.2.2.2', locale: 'de' },
        integrations: { All: true },
      },
      events: [{ context: { ip: '1.1.1.1', locale: 'de' }, integrations: { All: true, A: false } }],
    },
    {
      why: 'what is no event passes through, to be named invalid',
      body: { batch: [7, null, ['x']] },
      events: [7, null, ['x']],
    },
  ])('$why', ({ body, events }) => {
    expect(read(JSON.stringify(body))).toMatchObject({ events });
  });

  test('a single event takes its type from the address, and its key and sentAt are the request’s', () => {
    const body = { event: 'e', userId: 'u', messageId: 'm', timestamp: now, writeKey: 'k', sentAt: now };
    expect(read(JSON.stringify(body), 'track')).toEqual({
      writeKey: 'k',
      sentAt: now,
      events: [{ type: 'track', event: 'e', userId: 'u', messageId: 'm', timestamp: now }],
    });
  });

  test.each(['[]', '7', '"x"', 'null', '{}', '{"batch":{}}', '{"batch":"x"}'])('%s is no batch', (body) => {
    expect(read(body)).toMatchObject({ status: 400, code: 'not-a-batch' });
  });
});

describe("RudderStack's forms", () => {
  const own = { type: 'track', messageId: 'm', timestamp: now, event: 'e' };
  const management = (allowed: unknown, denied: unknown) => ({
    consentManagement: { provider: 'custom', allowedConsentIds: allowed, deniedConsentIds: denied },
  });
  test.each([
    {
      why: 'an empty id is nobody',
      event: { ...own, userId: '', groupId: '', anonymousId: 'a' },
      gone: ['userId', 'groupId'],
    },
    {
      why: 'what was denied by one of our names is denied',
      event: { ...own, context: management(['analytics'], ['advertising']) },
      consent: { categoryPreferences: { analytics: true, advertising: false } },
    },
    {
      why: 'denied weighs more than allowed',
      event: { ...own, context: management(['analytics'], ['analytics']) },
      consent: { categoryPreferences: { analytics: false } },
    },
    { why: 'names that are not ours say nothing', event: { ...own, context: management(['C0001'], ['C0002']) } },
    { why: 'what is no list says nothing', event: { ...own, context: management('analytics', { length: 1 }) } },
    {
      why: 'an answer in our own form stands',
      event: { ...own, context: { ...management([], ['analytics']), consent: { categoryPreferences: {} } } },
      consent: { categoryPreferences: {} },
    },
  ])('$why', ({ event, gone = [], consent }) => {
    const { events } = read(JSON.stringify({ batch: [event] })) as { events: readonly Record<string, unknown>[] };
    const [found = {}] = events;
    for (const id of gone) expect(found).not.toHaveProperty(id);
    expect((found.context as { consent?: unknown } | undefined)?.consent).toEqual(consent);
  });
});
