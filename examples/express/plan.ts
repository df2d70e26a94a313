import { definePlan } from '@org/track-node';
import { z } from 'zod';

export const plan = definePlan({
  version: '1',
  events: {
    'Product Added': { properties: z.object({ product_id: z.string() }) },
    'Stock Reserved': { properties: z.object({ product_id: z.string() }), source: 'server' },
    'Order Completed': { properties: z.object({ order_id: z.string(), total: z.number() }) },
  },
});
