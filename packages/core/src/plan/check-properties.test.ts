import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { EventSource, JsonObject, TrackEvent } from '../event/event.ts';
import { anEvent } from '../testing/builders.ts';
import { checkProperties } from './check-properties.ts';
import { definePlan, type EventPlan } from './plan.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

function issuesOf(planned: EventPlan, properties?: JsonObject, source: EventSource = 'browser') {
  const plan = definePlan({ version: '1', events: { Planned: planned } });
  const { properties: _default, ...event } = anEvent({ event: 'Planned' });
  return checkProperties(plan, properties === undefined ? event : { ...event, properties }, source);
}

function schemaThat(validate: (value: unknown) => unknown): StandardSchemaV1 {
  return {
    '~standard': { version: 1, vendor: 'test', validate: validate as StandardSchemaV1['~standard']['validate'] },
  };
}

describe.each([
  { library: 'zod', properties: z.object({ products: z.array(z.object({ price: z.number() })) }) },
  { library: 'valibot', properties: v.object({ products: v.array(v.object({ price: v.number() })) }) },
  { library: 'arktype', properties: type({ products: type({ price: 'number' }).array() }) },
])('$library', ({ properties }) => {
  test('nothing against what is as planned', () => {
    expect(issuesOf({ properties }, { products: [{ price: 1 }], extra: true })).toEqual([]);
  });

  test('the path of an issue leads through the properties, its message is the schema’s', () => {
    expect(issuesOf({ properties }, { products: [{ price: 1 }, { price: 'free' }] })).toEqual([
      { path: 'properties.products.1.price', code: 'plan', message: expect.stringContaining('number') },
    ]);
  });

  test('no properties are checked as empty ones', () => {
    expect(issuesOf({ properties })).toEqual([
      { path: 'properties.products', code: 'plan', message: expect.any(String) },
    ]);
  });
});

describe('names and sources', () => {
  test.each<{ why: string; planned: EventPlan; source: EventSource; codes: string[] }>([
    { why: 'both may by default', planned: {}, source: 'browser', codes: [] },
    { why: 'a server may', planned: { source: 'server' }, source: 'server', codes: [] },
    { why: 'a browser may not', planned: { source: 'server' }, source: 'browser', codes: ['server-only'] },
    { why: 'a server may not', planned: { source: 'browser' }, source: 'server', codes: ['browser-only'] },
  ])('$why', ({ planned, source, codes }) => {
    expect(issuesOf(planned, {}, source)).toEqual(codes.map((code) => ({ path: 'event', code })));
  });

  test.each(['Unplanned', 'constructor', 'planned'])('%s is not planned', (event) => {
    const plan = definePlan({ version: '1', events: { Planned: {} } });
    expect(checkProperties(plan, anEvent({ event }), 'server')).toEqual([{ path: 'event', code: 'unplanned-event' }]);
  });

  test('other calls are not planned by name', () => {
    const plan = definePlan({ version: '1', events: {} });
    const page: TrackEvent = { type: 'page', messageId: 'm1', userId: 'u1', timestamp: '2026-11-20T10:00:00.000Z' };
    expect(checkProperties(plan, page, 'browser')).toEqual([]);
  });
});

describe('a schema that does not do what it should', () => {
  test.each([
    {
      why: 'throws',
      validate: () => {
        throw new Error('no');
      },
      code: 'schema-failed',
    },
    { why: 'answers nothing', validate: () => undefined, code: 'schema-failed' },
    { why: 'answers later', validate: async () => ({ value: {} }), code: 'schema-async' },
    {
      why: 'fails later',
      validate: async () => {
        throw new Error('no');
      },
      code: 'schema-async',
    },
  ])('$why', ({ validate, code }) => {
    expect(issuesOf({ properties: schemaThat(validate) }, {})).toEqual([{ path: 'properties', code }]);
  });

  test('tells ten issues and no more', () => {
    const properties = schemaThat(() => ({ issues: Array.from({ length: 50 }, () => ({ message: 'wrong' })) }));
    expect(issuesOf({ properties }, {})).toHaveLength(10);
  });
});

test('paths of segments and symbols', () => {
  const path = [{ key: 'a' }, 0, Symbol('s')];
  const properties = schemaThat(() => ({ issues: [{ message: 'wrong', path }, { message: 'all wrong' }] }));
  expect(issuesOf({ properties }, {})).toEqual([
    { path: 'properties.a.0.Symbol(s)', code: 'plan', message: 'wrong' },
    { path: 'properties', code: 'plan', message: 'all wrong' },
  ]);
});

test('the event stays as it is, whatever the schema makes of it', () => {
  const properties = { at: '2026-11-20' };
  const schema = z.object({ at: z.string().transform((text) => new Date(text)), step: z.number().default(1) });
  expect(issuesOf({ properties: schema }, properties)).toEqual([]);
  expect(properties).toEqual({ at: '2026-11-20' });
});
