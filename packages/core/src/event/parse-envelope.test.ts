import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anEvent } from '../testing/builders.ts';
import { type EnvelopeLimits, type ParsedEnvelope, parseEnvelope } from './parse-envelope.ts';

function parsed(input: unknown, limits?: Partial<EnvelopeLimits>): ParsedEnvelope {
  const result = parseEnvelope(input, limits);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.issues)}`);
  return result.value;
}

const events = [anEvent({ messageId: 'm1' }), anEvent({ messageId: 'm2' }), anEvent({ messageId: 'm3' })];
const bad = { ...anEvent({ messageId: 'bad' }), event: '' };
const throwing = (): never => {
  throw new Error('no');
};

test('an intact batch is handed on as it came', () => {
  const envelope = parsed({ batch: events, sentAt: '2026-11-20T10:00:00.000Z', writeKey: 'k1' });
  expect(envelope).toEqual({
    events,
    invalid: [],
    duplicates: [],
    isIntact: true,
    sentAt: '2026-11-20T10:00:00.000Z',
    writeKey: 'k1',
  });
  for (const [index, event] of envelope.events.entries()) expect(event).toBe(events[index]);
});

test('one bad event does not cost its batch', () => {
  const [first, second, third] = events;
  expect(parsed({ batch: [first, bad, second, null, third] })).toEqual({
    events,
    invalid: [
      { index: 1, input: bad, issues: [{ path: 'event', code: 'empty' }] },
      { index: 3, input: null, issues: [{ path: '', code: 'not-an-object' }] },
    ],
    duplicates: [],
    isIntact: false,
  });
});

test('of events with one messageId the first valid one counts', () => {
  const [first] = events;
  const twin = anEvent({ messageId: 'm1', event: 'Twin' });
  const invalidTwin = { ...twin, event: '' };
  const envelope = parsed({ batch: [invalidTwin, first, twin, twin] });
  expect(envelope.events).toEqual([first]);
  expect(envelope.duplicates).toEqual(['m1', 'm1']);
  expect(envelope.invalid.map(({ index }) => index)).toEqual([0]);
  expect(envelope.isIntact).toBe(false);
});

test('in whichever order ids come, the first of each is kept', () => {
  const id = fc.constantFrom('a', 'b', 'b0', 'c', 'd', 'e');
  fc.assert(
    fc.property(fc.array(id), (ids) => {
      const envelope = parsed({ batch: ids.map((messageId) => anEvent({ messageId })) });
      expect(envelope.events.map(({ messageId }) => messageId)).toEqual([...new Set(ids)]);
      expect(envelope.duplicates).toEqual(ids.filter((one, place) => ids.indexOf(one) < place));
    }),
  );
});

describe('nulls of other SDKs', () => {
  test('stand for absent fields; the event goes on as a copy without them', () => {
    const properties = { coupon: null };
    const input = { ...anEvent(), userId: null, properties, context: { ip: null, page: { title: null, path: '/' } } };
    const { userId: _userId, context: _context, ...kept } = input;
    const { events: changed, invalid, isIntact } = parsed({ batch: [input] });
    expect(changed).toStrictEqual([{ ...kept, context: { page: { path: '/' } } }]);
    expect(invalid).toEqual([]);
    expect(isIntact).toBe(false);
    expect([input.userId, input.context.ip]).toEqual([null, null]);
  });
});

describe('an envelope that cannot be read', () => {
  test.each([
    { why: 'text', input: '{}', path: '', code: 'not-an-object' },
    { why: 'an array', input: events, path: '', code: 'not-an-object' },
    { why: 'no batch', input: { sentAt: 'x' }, path: 'batch', code: 'missing' },
    { why: 'a batch that is no array', input: { batch: { 0: events[0] } }, path: 'batch', code: 'not-an-array' },
    { why: 'a batch too long', input: { batch: [...events, bad] }, path: 'batch', code: 'too-many-events' },
    {
      why: 'a getter that throws',
      input: {
        get batch() {
          return throwing();
        },
      },
      path: '',
      code: 'unreadable',
    },
    { why: 'a proxy that throws', input: new Proxy({}, { getPrototypeOf: throwing }), path: '', code: 'unreadable' },
  ])('$why', ({ input, path, code }) => {
    expect(parseEnvelope(input, { maxEvents: 3 })).toEqual({ ok: false, issues: [{ path, code }] });
  });
});

test.each([
  { why: 'an empty batch is a batch', input: { batch: [] } },
  { why: 'a sentAt that is no date', input: { batch: [], sentAt: 'now' } },
  { why: 'a writeKey that is no text', input: { batch: [], writeKey: 5 } },
])('$why', ({ input }) => {
  expect(parsed(input)).toEqual({ events: [], invalid: [], duplicates: [], isIntact: true });
});

test('limits reach the events', () => {
  expect(parsed({ batch: events }, { maxEventBytes: 10 }).invalid.map(({ issues }) => issues)).toEqual(
    events.map(() => [{ path: '', code: 'too-large' }]),
  );
});

test('never throws, and every member of the batch is accounted for', () => {
  const member = fc.oneof(fc.anything(), fc.constantFrom<unknown>(...events, bad, new Proxy({}, { get: throwing })));
  fc.assert(
    fc.property(fc.array(member), (batch) => {
      const envelope = parsed({ batch });
      expect(envelope.events.length + envelope.invalid.length + envelope.duplicates.length).toBe(batch.length);
      for (const { index, input } of envelope.invalid) expect(input).toBe(batch[index]);
    }),
  );
  fc.assert(fc.property(fc.anything(), (input) => void parseEnvelope(input)));
});

test('a limit that is undefined is the default', () => {
  const unset = { maxEvents: undefined, maxEventBytes: undefined, maxDepth: undefined, maxKeys: undefined } as object;
  const input = { batch: Array.from({ length: 2_501 }, () => null) };
  expect(parseEnvelope(input, unset)).toEqual({ ok: false, issues: [{ path: 'batch', code: 'too-many-events' }] });
});
