import { definePlan, type StandardSchemaV1, type Tracker } from '@org/track-core';
import { createElement, type ReactElement } from 'react';
import { expectTypeOf, test } from 'vitest';
import { Impression, TrackProvider, useTrack } from './react.ts';

declare const product: StandardSchemaV1<{ product_id: string }>;
declare const search: StandardSchemaV1<{ query?: string }>;
const plan = definePlan({
  version: '1',
  events: {
    'Product Viewed': { properties: product },
    'Products Searched': { properties: search },
    'Order Completed': { source: 'server' },
  },
});
declare const planned: Tracker<typeof plan, 'browser'>;

test('a hook of the plan knows its events and their properties', () => {
  const usePlanned = useTrack<typeof plan>;
  const track = usePlanned();
  expectTypeOf(track).toEqualTypeOf(planned.track);
  track('Product Viewed', { product_id: 'p1' });
  // @ts-expect-error its product is missing
  track('Product Viewed');
  // @ts-expect-error only a server may send it
  track('Order Completed');
});

test('without a plan any event goes', () => {
  useTrack()('Anything', { at: new Date() });
});

test('a provider takes the tracker of any plan', () => {
  expectTypeOf(createElement(TrackProvider<typeof plan>, { tracker: planned })).toExtend<ReactElement>();
});

test('an impression of the plan asks for its event’s properties', () => {
  const Seen = Impression<typeof plan>;
  Seen({ event: 'Product Viewed', properties: { product_id: 'p1' }, as: 'li', className: 'card' });
  Seen({ event: 'Products Searched' });
  // @ts-expect-error its product is missing
  Seen({ event: 'Product Viewed' });
  // @ts-expect-error another event's properties
  Seen({ event: 'Product Viewed', properties: { query: 'mug' } });
  // @ts-expect-error only a server may send it
  Seen({ event: 'Order Completed' });
  // @ts-expect-error no element
  Seen({ event: 'Products Searched', as: 'card' });
  expectTypeOf(Impression).toBeCallableWith({ event: 'Anything', properties: { at: new Date() } });
});
