// @vitest-environment node
import { createElement as h, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createTracker } from './create-browser-tracker.ts';
import { Impression, TrackProvider, useTrack } from './react.ts';

const Title = (): ReactNode => h('h2', null, typeof useTrack());

test('on a server it renders, and records nothing', () => {
  const tracker = createTracker({ endpoint: '/api/j' });
  const card = h(Impression, { event: 'Product Viewed', as: 'article', id: 'p1' }, h(Title));
  expect(renderToString(h(TrackProvider, { tracker }, card))).toBe('<article id="p1"><h2>function</h2></article>');
  expect(tracker.stats().accepted).toBe(0);
});
