import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

export const analytics = new RudderAnalytics();
const statsCollection = { errors: { enabled: false }, metrics: { enabled: false } };
analytics.load('bench', location.origin, {
  getSourceConfig: () => ({
    source: {
      id: 'bench',
      name: 'bench',
      writeKey: 'bench',
      enabled: true,
      workspaceId: 'bench',
      config: { statsCollection },
      destinations: [],
      updatedAt: '2026-01-01T00:00:00.000Z',
    },
    updatedAt: '2026-01-01T00:00:00.000Z',
  }),
});
