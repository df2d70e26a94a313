import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { ExpectedVerdict } from './request.ts';

/** One event as JSON text, and what must become of it. */
export interface ArbitraryEvent {
  readonly what: string;
  readonly messageId: string;
  readonly json: string;
  readonly verdict: ExpectedVerdict;
  /** Alone it would be completed, or be no event's body any more. */
  readonly needsBatch: boolean;
}

type Fields = { readonly [key: string]: unknown };

/** Whatever a person may put into a property: no key of it is forbidden, and all of it is small. */
const properties = fc.dictionary(
  fc.string({ maxLength: 20 }).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 5 }),
  ),
  { maxKeys: 8 },
);

const identity = fc.constantFrom<Fields>(
  { userId: 'u1' },
  { anonymousId: 'a1' },
  { userId: 'u1', anonymousId: 'a1' },
  { userId: '', anonymousId: 'a1' }, // RudderStack's word for nobody
  { userId: null, anonymousId: 'a1' }, // Segment's
);

const timestamp = fc.constantFrom(
  '2026-11-25T10:00:00.000Z',
  '2026-11-25T10:00:00+01:00',
  '2026-11-25',
  '1999-12-31T23:59:59Z',
);

/** Valid events of every type. */
const valid: fc.Arbitrary<Fields> = fc
  .record({ identity, timestamp, properties, name: fc.string({ minLength: 1, maxLength: 60 }), type: fc.nat(5) })
  .map(({ identity: who, timestamp: when, properties: own, name, type }) => {
    const common = { ...who, timestamp: when };
    const shapes: readonly Fields[] = [
      { ...common, type: 'track', event: name, properties: own },
      { ...common, type: 'page', name, properties: own },
      { ...common, type: 'screen', name, properties: own },
      { ...common, type: 'identify', traits: own },
      { ...common, type: 'group', groupId: name, traits: own },
      { ...common, type: 'alias', userId: name, previousId: 'p1' },
    ];
    return shapes[type] as Fields;
  });

const depthBeyondReason = 60;

/** What makes an event invalid, by what is wrong. */
const defects: { readonly [what: string]: (event: Fields) => Fields } = {
  nobody: ({ userId: _userId, anonymousId: _anonymousId, ...event }) => ({ ...event, type: 'track', event: 'e' }),
  'an unknown type': (event) => ({ ...event, type: 'click' }),
  'a number for a type': (event) => ({ ...event, type: 7 }),
  'an empty name': (event) => ({ ...event, type: 'track', event: '' }),
  'a name that is too long': (event) => ({ ...event, type: 'track', event: 'n'.repeat(300) }),
  'a name that is a list': (event) => ({ ...event, type: 'track', event: ['e'] }),
  'properties that are a list': (event) => ({ ...event, type: 'track', event: 'e', properties: [] }),
  'traits that are a text': (event) => ({ ...event, type: 'identify', traits: 'x' }),
  'a date that is none': (event) => ({ ...event, timestamp: '2026-02-30T10:00:00Z' }),
  'a number for a date': (event) => ({ ...event, timestamp: 1_764_000_000_000 }),
  'a context that is a text': (event) => ({ ...event, context: 'x' }),
  'consent that is a text': (event) => ({ ...event, context: { consent: 'yes' } }),
  'too many levels': (event) => ({ ...event, type: 'track', event: 'e', properties: nested(depthBeyondReason) }),
  'too many bytes': (event) => ({ ...event, type: 'track', event: 'e', properties: { text: 'ü'.repeat(17_000) } }),
  'a user that is an object': (event) => ({ ...event, userId: {} }),
};

function nested(depth: number): Fields {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}

const single: fc.Arbitrary<ArbitraryEvent> = fc.oneof(
  { arbitrary: valid.map((event) => finished('valid', event, 'stored')), weight: 6 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...Object.entries(defects)), valid)
      .map(([[what, spoil], event]) => finished(what, spoil(event), 'invalid')),
    weight: 3,
  },
  { arbitrary: valid.map(forbidden), weight: 1 },
  {
    arbitrary: valid.map((event) =>
      finished(
        'no consent',
        { ...event, context: { consent: { categoryPreferences: { analytics: false } } } },
        'consent_denied',
      ),
    ),
    weight: 1,
  },
);

/** Events of one body, each with an id of its own. */
export function eventsOf(lengths: {
  readonly minLength?: number;
  readonly maxLength: number;
}): fc.Arbitrary<readonly ArbitraryEvent[]> {
  return fc.array(single, lengths);
}

function finished(what: string, event: Fields, verdict: ExpectedVerdict): ArbitraryEvent {
  const messageId = randomUUID();
  const { type } = event;
  return {
    what,
    messageId,
    json: JSON.stringify({ ...event, messageId }),
    verdict,
    needsBatch: typeof type !== 'string',
  };
}

/** As text: an object of ours would have lost the key. */
function forbidden(event: Fields): ArbitraryEvent {
  const whole = finished('a forbidden key', { ...event, context: {} }, 'invalid');
  return { ...whole, json: whole.json.replace('"context":{}', '"context":{"__proto__":{"x":1}}') };
}
