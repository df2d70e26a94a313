import { envelopeBody } from '@org/track-core';
import { anEntry, anEvent } from '@org/track-core/testing';
import { describe, expect, test } from 'vitest';
import { endpointOf, readDialect } from './dialect.ts';
import { Refusal } from './refusal.ts';

const receivedAt = Date.UTC(2026, 10, 20, 10);
const now = new Date(receivedAt).toISOString();
const read = (text: string, path = '/api/j') =>
  readDialect(JSON.parse(text), text, { path, receivedAt, newId: () => 'new-id' });

describe('our own envelope', () => {
  const entries = [anEntry({ id: '1' }), anEntry({ id: '2' })];
  const batch = `"batch":[${entries.map(({ value }) => value).join()}]}`;

  test.each([
    { why: 'without a key', body: envelopeBody(entries, receivedAt) },
    { why: 'with a key, which is cut off', body: envelopeBody(entries, receivedAt, 'se"cret') },
  ])('keeps its text $why', ({ body }) => {
    expect(read(body)).toMatchObject({ sentAt: now, text: `{${batch}` });
  });

  const event = JSON.stringify(anEvent());
  test.each([
    {
      why: 'a second key behind the first',
      body: `{"sentAt":"${now}","writeKey":"a","batch":[],"writeKey":"secret","batch":[${event}]}`,
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
    expect(found).not.toHaveProperty('text');
    expect(JSON.stringify((found as { events: unknown }).events)).not.toContain('secret');
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
    expect(read(JSON.stringify(body), '/v1/t')).toEqual({
      writeKey: 'k',
      sentAt: now,
      events: [{ type: 'track', event: 'e', userId: 'u', messageId: 'm', timestamp: now }],
    });
  });

  test.each(['[]', '7', '"x"', 'null', '{}', '{"batch":{}}', '{"batch":"x"}'])('%s is no batch', (body) => {
    expect(read(body)).toMatchObject({ status: 400, code: 'not-a-batch' });
  });
});

test.each([
  { path: '/', expected: { kind: 'events' } },
  { path: '/api/t', expected: { kind: 'events' } },
  { path: '/v1/batch', expected: { kind: 'events' } },
  { path: '/api/j/v1/b/', expected: { kind: 'events' } },
  { path: '/v1/import', expected: { kind: 'events' } },
  { path: '/v1/t', expected: { kind: 'events', type: 'track' } },
  { path: '/v1/identify', expected: { kind: 'events', type: 'identify' } },
  { path: '/v1/m', expected: { kind: 'metrics' } },
  { path: '/v1/nothing', expected: { kind: 'unknown' } },
  { path: '/v1/constructor', expected: { kind: 'unknown' } },
])('$path is for $expected.kind', ({ path, expected }) => {
  expect(endpointOf(path)).toEqual(expected);
});
