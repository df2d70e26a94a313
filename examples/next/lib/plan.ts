import { definePlan } from '@org/track-core';

/** Without schemas the names are the plan; any Standard Schema library types the properties. */
export const plan = definePlan({
  version: '1',
  events: {
    'Offer Shown': { source: 'server' },
    'Product Viewed': {},
    'Product Added': { source: 'server' },
    'Order Completed': {},
  },
});
