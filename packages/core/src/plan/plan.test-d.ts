import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { definePlan, type EventPlan, type Plan } from './plan.ts';
import type { InferInput, StandardSchemaV1 } from './standard-schema.ts';

interface Product {
  product_id: string;
  price: number;
  coupon?: string | undefined;
}

const zodProduct = z.object({ product_id: z.string(), price: z.number(), coupon: z.string().optional() });
const valibotProduct = v.object({ product_id: v.string(), price: v.number(), coupon: v.optional(v.string()) });
const arktypeProduct = type({ product_id: 'string', price: 'number', 'coupon?': 'string | undefined' });

describe('any Standard Schema types the properties', () => {
  test('zod', () => expectTypeOf<InferInput<typeof zodProduct>>().toEqualTypeOf<Product>());
  test('valibot', () => expectTypeOf<InferInput<typeof valibotProduct>>().toEqualTypeOf<Product>());
  test('arktype', () => expectTypeOf<InferInput<typeof arktypeProduct>>().toEqualTypeOf<Product>());

  test('all three are taken as they are', () => {
    expectTypeOf(zodProduct).toExtend<StandardSchemaV1>();
    expectTypeOf(valibotProduct).toExtend<StandardSchemaV1>();
    expectTypeOf(arktypeProduct).toExtend<StandardSchemaV1>();
  });

  test('a caller passes what goes into a schema, not what comes out', () => {
    const schema = z.object({ at: z.string().transform((text) => new Date(text)), step: z.number().default(1) });
    expectTypeOf<InferInput<typeof schema>>().toEqualTypeOf<{ at: string; step?: number | undefined }>();
  });
});

describe('definePlan', () => {
  test('keeps names, sources and schemas as literal types', () => {
    const plan = definePlan({
      version: '1',
      events: {
        'Product Added': { properties: zodProduct, purpose: 'analytics' },
        'Order Completed': { properties: valibotProduct, source: 'server' },
        'Help Opened': {},
      },
    });
    expectTypeOf<keyof typeof plan.events>().toEqualTypeOf<'Product Added' | 'Order Completed' | 'Help Opened'>();
    expectTypeOf(plan.events['Order Completed'].source).toEqualTypeOf<'server'>();
    expectTypeOf(plan.events['Product Added'].properties).toEqualTypeOf(zodProduct);
    expectTypeOf(plan).toExtend<Plan>();
  });

  test('takes events from elsewhere', () => {
    const shared = { 'Help Opened': { purpose: 'functional' } } as const satisfies Record<string, EventPlan>;
    const plan = definePlan({ version: '1', events: { ...shared, 'Cart Viewed': {} } });
    expectTypeOf<keyof typeof plan.events>().toEqualTypeOf<'Help Opened' | 'Cart Viewed'>();
    const anyEvents: Record<string, EventPlan> = shared;
    expectTypeOf(definePlan({ version: '1', events: anyEvents })).toExtend<Plan>();
  });

  test('refuses what is no plan', () => {
    // @ts-expect-error no such purpose
    definePlan({ version: '1', events: { A: { purpose: 'marketing' } } });
    // @ts-expect-error no such source
    definePlan({ version: '1', events: { A: { source: 'mobile' } } });
    // @ts-expect-error no schema
    definePlan({ version: '1', events: { A: { properties: { product_id: 'string' } } } });
    // @ts-expect-error a misspelt field would be a rule nobody keeps
    definePlan({ version: '1', events: { A: { sources: 'server' } } });
    // @ts-expect-error a plan has a version
    definePlan({ events: {} });
  });
});
