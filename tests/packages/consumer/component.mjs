// What a test hears of a component that tracks: node component.mjs
import { TrackProvider, useTrack } from '@org/track-browser/react';
import { createTestTracker, trackMatchers } from '@org/track-node/testing';
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';

function Product() {
  useTrack()('Product Viewed', { product_id: 'p1' });
  return null;
}
const tracker = createTestTracker();
renderToString(h(TrackProvider, { tracker: tracker.with({ anonymousId: 'somebody' }) }, h(Product)));
const { pass } = trackMatchers.toHaveTracked(tracker, 'Product Viewed', { product_id: 'p1' });
console.log(JSON.stringify({ pass, tracked: tracker.events.map(({ anonymousId }) => anonymousId) }));
