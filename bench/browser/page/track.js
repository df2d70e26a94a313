import { createTracker, pageViews } from '@org/track-browser';

const tracker = createTracker({
  endpoint: '/api/j',
  consent: { initial: { analytics: true } },
  capture: [pageViews()],
});

window.client = { track: (properties) => void tracker.track('Product Added', properties) };
