import { definePlan, type StandardSchemaV1, type Tracker } from '@org/track-core';
import { expectTypeOf, test } from 'vitest';
import {
  type BrowserTrackerOptions,
  beacon,
  createTracker,
  type Plugin,
  pageOnly,
  pageViews,
  redaction,
} from './index.ts';

declare const product: StandardSchemaV1<{ product_id: string }>;
const plan = definePlan({
  version: '1',
  events: { 'Product Added': { properties: product }, 'Order Completed': { source: 'server' } },
});

test('a plan names the events a browser may send, and their properties', () => {
  const tracker = createTracker<typeof plan>({ endpoint: '/api/j' });
  expectTypeOf(tracker).toEqualTypeOf<Tracker<typeof plan, 'browser'>>();
  expectTypeOf(tracker.track).parameter(0).toEqualTypeOf<'Product Added'>();
  // @ts-expect-error: a property is missing
  tracker.track('Product Added', {});
  // @ts-expect-error: only a server may send it
  tracker.track('Order Completed');
});

test('without a plan any event goes', () => {
  const tracker = createTracker({ endpoint: '/api/j' });
  expectTypeOf(tracker.track).parameter(0).toEqualTypeOf<string>();
});

test('the endpoint is the only option one must give', () => {
  expectTypeOf<{ endpoint: string }>().toExtend<BrowserTrackerOptions>();
  expectTypeOf<{ writeKey: string }>().not.toExtend<BrowserTrackerOptions>();
});

test('what was not called is no part: it would do nothing, or send nothing', () => {
  createTracker({ endpoint: '/api/j', capture: [pageViews()], plugins: [redaction()], delivery: [beacon()] });
  // @ts-expect-error: a function
  createTracker({ endpoint: '/api/j', capture: [pageViews] });
  // @ts-expect-error: a function
  createTracker({ endpoint: '/api/j', plugins: [redaction] });
  // @ts-expect-error: a function
  createTracker({ endpoint: '/api/j', delivery: [beacon] });
  // @ts-expect-error: a function
  createTracker({ endpoint: '/api/j', storage: pageOnly });
});

test('a plugin may be an object of a class', () => {
  class Counting implements Plugin {
    readonly name = 'counting';
    readonly setup = () => () => {};
  }
  createTracker({ endpoint: '/api/j', plugins: [new Counting()] });
});
