import { describe, expect, test } from 'vitest';
import { anEntry, anEvent } from '../testing/builders.ts';
import { envelopeBody } from './envelope.ts';
import { parseEnvelope } from './parse-envelope.ts';

const sentAt = Date.UTC(2026, 0, 1, 12);

describe('the text of an envelope', () => {
  test('is what a collector reads', () => {
    const events = [anEvent(), anEvent({ event: '"quoted" \u2028 ünïcode 🛒' })];
    const entries = events.map((event) => anEntry({ id: event.messageId, value: JSON.stringify(event) }));
    expect(parseEnvelope(JSON.parse(envelopeBody(entries, sentAt, 'key-1')))).toEqual({
      ok: true,
      value: {
        events,
        invalid: [],
        duplicates: [],
        isIntact: true,
        sentAt: '2026-01-01T12:00:00.000Z',
        writeKey: 'key-1',
      },
    });
  });

  test.each([
    { why: 'none', entries: [], batch: '[]' },
    { why: 'one', entries: [anEntry({ value: '{"a":1}' })], batch: '[{"a":1}]' },
    {
      why: 'several',
      entries: [anEntry({ value: '{ "a" : 1.0 }' }), anEntry({ value: '{}' }), anEntry({ value: '{"b":2}' })],
      batch: '[{ "a" : 1.0 },{},{"b":2}]',
    },
  ])('ends with the entries, byte for byte: $why', ({ entries, batch }) => {
    expect(envelopeBody(entries, sentAt)).toBe(`{"sentAt":"2026-01-01T12:00:00.000Z","batch":${batch}}`);
  });

  test('names the write key before the batch, and none where there is none', () => {
    expect(Object.keys(JSON.parse(envelopeBody([], sentAt, 'key-1')))).toEqual(['sentAt', 'writeKey', 'batch']);
    expect(Object.keys(JSON.parse(envelopeBody([], sentAt)))).toEqual(['sentAt', 'batch']);
  });

  test('escapes the write key', () => {
    const writeKey = '"],"batch":[{}';
    expect(JSON.parse(envelopeBody([], sentAt, writeKey))).toMatchObject({ writeKey, batch: [] });
  });
});
