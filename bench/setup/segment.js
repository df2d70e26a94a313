import { AnalyticsBrowser } from '@segment/analytics-next';

// IS_BATCHING is set by the build: their default is one request for each event.
export const analytics = AnalyticsBrowser.load(
  { writeKey: 'bench', cdnSettings: { integrations: { 'Segment.io': { apiKey: 'bench' } } } },
  {
    integrations: {
      'Segment.io': {
        apiHost: `${location.host}/v1`,
        protocol: 'http',
        ...(IS_BATCHING ? { deliveryStrategy: { strategy: 'batching' } } : {}),
      },
    },
  },
);
