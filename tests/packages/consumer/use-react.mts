// A user's components, compiled against the packed declarations and whichever React is there.
import { createTracker } from '@org/track-browser';
import { Impression, TrackProvider, useTrack } from '@org/track-browser/react';
import { createElement, type ReactElement } from 'react';
import type { plan } from './use-packages.mts';

const tracker = createTracker<typeof plan>({ endpoint: '/api/j' });
const usePlanned = useTrack<typeof plan>;
const Seen = Impression<typeof plan>;

function Button(): ReactElement {
  const track = usePlanned();
  // @ts-expect-error only a server may send it
  const wrong = () => track('Order Completed');
  return createElement('button', { type: 'button', onClick: () => track('Product Added'), onDoubleClick: wrong });
}

export const app: ReactElement = createElement(
  TrackProvider<typeof plan>,
  { tracker },
  createElement(Seen, { event: 'Product Added', className: 'card' }, createElement(Button)),
);
