// @ts-nocheck: React is the browser package's, and none of these tests' own.
import { Impression, TrackProvider } from '@org/track-browser/react';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

/** A list of products in React, of which each says that it was seen. */
export function mountList(place, tracker) {
  const items = ['p1', 'p2', 'p3'].map((product_id) =>
    createElement(
      Impression,
      { key: product_id, event: 'Product Viewed', properties: { product_id }, as: 'li', className: 'product' },
      product_id,
    ),
  );
  createRoot(place).render(createElement(TrackProvider, { tracker }, createElement('ul', null, items)));
}
