import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { definePlan } from './plan/plan.ts';
import type { EventName, Receipt, Tracker } from './tracker.ts';

const plan = definePlan({
  version: '1',
  events: {
    'Product Added': {
      properties: z.object({ product_id: z.string(), price: z.number(), coupon: z.string().optional() }),
    },
    'Article Read': { properties: v.object({ seconds: v.number() }) },
    'Search Run': { properties: type({ query: 'string', 'page?': 'number' }) },
    'Help Opened': { properties: z.object({ topic: z.string().optional() }) },
    'Cart Viewed': {},
    'Order Completed': { properties: z.object({ order_id: z.string() }), source: 'server' },
    'Page Scrolled': { source: 'browser' },
  },
});
type Shop = typeof plan;

interface Order {
  id: string;
  note?: string;
}
declare const order: Order;
declare const anywhere: Tracker;
declare const shop: Tracker<Shop>;
declare const inBrowser: Tracker<Shop, 'browser'>;
declare const onServer: Tracker<Shop, 'server'>;

describe('with a plan', () => {
  test('properties are those of the schema, whatever library it is from', () => {
    expectTypeOf(shop.track('Product Added', { product_id: 'p1', price: 9.9 })).toEqualTypeOf<Receipt>();
    shop.track('Product Added', { product_id: 'p1', price: 9.9, coupon: 'x' }, { userId: 'u1' });
    shop.track('Article Read', { seconds: 3 });
    shop.track('Search Run', { query: 'shoes', page: 2 });
  });

  test('a wrong property is an error', () => {
    // @ts-expect-error price is a number
    shop.track('Product Added', { product_id: 'p1', price: '9.9' });
    // @ts-expect-error seconds is a number
    shop.track('Article Read', { seconds: '3' });
    // @ts-expect-error query is a string
    shop.track('Search Run', { query: 3 });
    // @ts-expect-error not a property of this event
    shop.track('Product Added', { product_id: 'p1', price: 9.9, prize: 1 });
  });

  test('a missing property is an error', () => {
    // @ts-expect-error price is missing
    shop.track('Product Added', { product_id: 'p1' });
    // @ts-expect-error all properties are missing
    shop.track('Article Read');
    // @ts-expect-error properties may not be skipped to reach the options
    shop.track('Search Run', undefined, { userId: 'u1' });
  });

  test('properties may be left out where all are optional, or none is planned', () => {
    shop.track('Help Opened');
    shop.track('Help Opened', {});
    shop.track('Help Opened', { topic: 'returns' });
    shop.track('Help Opened', undefined, { userId: 'u1' });
    shop.track('Cart Viewed');
    shop.track('Cart Viewed', { anything: 1 });
  });

  test('an event that is not planned is an error', () => {
    // @ts-expect-error no such event
    shop.track('Product Aded', { product_id: 'p1', price: 9.9 });
    // @ts-expect-error a name must be known when it is compiled
    shop.track('Product Added' as string, {});
  });

  test('a name that may be one of two takes properties that fit either', () => {
    const name = 'Cart Viewed' as 'Cart Viewed' | 'Help Opened';
    shop.track(name);
  });

  test('options are checked', () => {
    // @ts-expect-error no such purpose
    shop.track('Cart Viewed', {}, { purpose: 'marketing' });
  });
});

describe('sides', () => {
  test('only a server may send what only servers know', () => {
    onServer.track('Order Completed', { order_id: 'o1' });
    // @ts-expect-error server only
    inBrowser.track('Order Completed', { order_id: 'o1' });
  });

  test('only a browser may send what only browsers see', () => {
    inBrowser.track('Page Scrolled');
    // @ts-expect-error browser only
    onServer.track('Page Scrolled');
  });

  test('names follow', () => {
    type Common = 'Product Added' | 'Article Read' | 'Search Run' | 'Help Opened' | 'Cart Viewed';
    expectTypeOf<EventName<Shop, 'browser'>>().toEqualTypeOf<Common | 'Page Scrolled'>();
    expectTypeOf<EventName<Shop, 'server'>>().toEqualTypeOf<Common | 'Order Completed'>();
    expectTypeOf<EventName<Shop, never>>().toEqualTypeOf<Common>();
    expectTypeOf(inBrowser.with({ userId: 'u1' })).toEqualTypeOf<Tracker<Shop, 'browser'>>();
  });
});

describe('without a plan', () => {
  test('any name and any properties go', () => {
    anywhere.track('Anything');
    anywhere.track('Anything' as string, { deep: [{ a: null }], absent: undefined }, { messageId: 'm1' });
    anywhere.page();
    anywhere.identify('u1', { tier: 'pro' });
  });

  test('properties and traits are no arrays, text or functions', () => {
    // @ts-expect-error an array
    anywhere.track('Anything', ['a']);
    // @ts-expect-error text
    anywhere.page('Home', 'text');
    // @ts-expect-error a function
    anywhere.identify('u1', () => ({}));
  });
});

describe('a shared module', () => {
  test('that wants any tracker takes each of them', () => {
    expectTypeOf<Tracker>().toExtend<Tracker>();
    expectTypeOf<Tracker<Shop>>().toExtend<Tracker>();
    expectTypeOf<Tracker<Shop, 'browser'>>().toExtend<Tracker>();
  });

  test('that keeps to the common events of a plan runs on either side', () => {
    expectTypeOf<Tracker<Shop, 'browser'>>().toExtend<Tracker<Shop, never>>();
    expectTypeOf<Tracker<Shop, 'server'>>().toExtend<Tracker<Shop, never>>();
    expectTypeOf<Tracker<Shop>>().toExtend<Tracker<Shop, 'browser'>>();
    expectTypeOf<Tracker>().toExtend<Tracker<Shop, 'browser'>>();
  });
});

describe('the host’s own types go as they are', () => {
  test('an interface with optional fields', () => {
    anywhere.track('Order Completed', order);
    anywhere.page('Home', order);
    anywhere.identify('u1', order);
    anywhere.group('g1', order);
    shop.track('Cart Viewed', order);
  });
});
