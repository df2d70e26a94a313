'use client';

import { createTracker, pageViews } from '@org/track-browser';
import { TrackProvider } from '@org/track-browser/react';
import type { ReactNode } from 'react';
import type { plan } from '../lib/plan.ts';

// One for the page, beside no component. While it renders on the server it is inert.
const tracker = createTracker<typeof plan>({ endpoint: '/api/j', capture: [pageViews()] });

export function Tracking({ children }: { children: ReactNode }): ReactNode {
  return (
    <TrackProvider tracker={tracker}>
      {children}
      <p>
        <button id="agree" type="button" onClick={() => tracker.consent.set({ analytics: true })}>
          You may count me
        </button>
      </p>
    </TrackProvider>
  );
}
