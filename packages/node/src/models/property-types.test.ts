import { definePlan } from '@org/track-core';
import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { duckdb } from '../warehouse/duckdb.ts';
import { eventViews } from './event-views.ts';
import { propertyTypes } from './property-types.ts';
import { sqlNames } from './sql-names.ts';

const typesOf = (schema: Parameters<typeof propertyTypes>[0]): object => Object.fromEntries(propertyTypes(schema));

test.each([
  {
    why: 'zod tells all, save what JSON cannot say',
    schema: z.object({
      text: z.string(),
      when: z.iso.datetime(),
      some: z.number().optional(),
      none: z.int().nullable(),
      yes: z.boolean().default(true),
      one: z.enum(['a', 'b']),
      fixed: z.literal(5),
      either: z.union([z.string(), z.number()]),
      list: z.array(z.string()),
      part: z.object({ a: z.string() }),
      date: z.date(),
    }),
    expected: {
      text: 'string',
      when: 'time',
      some: 'number',
      none: 'integer',
      yes: 'boolean',
      one: 'string',
      fixed: 'number',
      either: 'any',
      list: 'array',
      part: 'object',
      date: 'any',
    },
  },
  {
    why: 'of a union the properties of all its forms',
    schema: z.union([
      z.object({ kind: z.literal('a'), value: z.number() }),
      z.object({ kind: z.literal('b'), value: z.string(), more: z.boolean() }),
    ]),
    expected: { kind: 'string', value: 'any', more: 'boolean' },
  },
  {
    why: 'arktype tells them too',
    schema: type({ text: 'string', 'some?': 'number', list: 'string[]', one: "'a' | 'b'", either: 'string | number' }),
    expected: { text: 'string', some: 'number', list: 'array', one: 'string', either: 'any' },
  },
  {
    why: 'of valibot by itself only the names are known',
    schema: v.object({ text: v.string(), some: v.optional(v.number()) }),
    expected: { text: 'any', some: 'any' },
  },
  { why: 'no schema names nothing', schema: undefined, expected: {} },
  {
    why: 'one that cannot be asked names nothing',
    schema: { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } } as const,
    expected: {},
  },
])('$why', ({ schema, expected }) => {
  expect(typesOf(schema)).toEqual(expected);
});

test('names are safe, and no two are the same, whatever the order', () => {
  const words = ['Order Completed', 'order-completed', 'productId', '注文', '', 'a'.repeat(90), 'timestamp', 'x'];
  const names = sqlNames(words, { prefix: 'event_', taken: ['event_timestamp'] });
  expect(names.get('productId')).toBe('event_product_id');
  expect(names.get('x')).toBe('event_x');
  expect(new Set(names.values()).size).toBe(words.length);
  for (const name of names.values()) expect(name).toMatch(/^event_[a-z0-9_]{1,57}$/);
  for (const taken of ['Order Completed', 'order-completed', 'timestamp'])
    expect(names.get(taken)).toMatch(/_[0-9a-f]{8}$/);
  expect(sqlNames(words.toReversed(), { prefix: 'event_', taken: ['event_timestamp'] })).toEqual(
    new Map([...names].reverse()),
  );
});

test('a new property of the plan is a new column once the warehouse is opened again; odd keys do no harm', async () => {
  const columnsWith = async (properties: z.ZodObject): Promise<readonly string[]> => {
    const plan = definePlan({ version: '1', events: { Bought: { properties }, "it's": {} } });
    const warehouse = duckdb(':memory:', { models: eventViews(plan) });
    const columns = await warehouse.query<{ column_name: string }>('DESCRIBE event_bought');
    expect(await warehouse.query('FROM type_conflicts')).toEqual([]);
    await warehouse.close?.();
    return columns.map(({ column_name: name }) => name).slice(9);
  };
  expect(await columnsWith(z.object({ a: z.string() }))).toEqual(['a']);
  const paths = { '$.path': z.string(), '/path': z.string(), '*': z.string(), '': z.string() };
  const odd = { "it's": z.number(), ...paths, order: z.int(), 'zero\0': z.string() };
  expect(await columnsWith(z.object({ a: z.string(), ...odd }))).toEqual(['a', 'it_s', 'order']);
});

test('refuses what is no plan', () => {
  expect(() => eventViews(undefined as never)).toThrow('eventViews(plan): expected a plan');
});
