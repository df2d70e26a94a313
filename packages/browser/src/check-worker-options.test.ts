import { describe, expect, test, vi } from 'vitest';
import { checkWorkerOptions } from './check-worker-options.ts';

const valid = { endpoint: '/api/j' };

test.each([
  { why: 'an endpoint', options: valid },
  {
    why: 'all of them',
    options: {
      ...valid,
      writeKey: 'shop',
      anonymousId: 'a1',
      userId: 'u1',
      sessionId: 's1',
      plugins: [],
      consent: { initial: { analytics: true } },
      queue: { maxEvents: 10 },
      purposeOf: () => 'analytics',
      onDiagnostic() {},
    },
  },
  { why: 'ids that are not known', options: { ...valid, anonymousId: undefined } },
])('accepted: $why', ({ options }) => {
  expect(() => checkWorkerOptions(options)).not.toThrow();
});

describe('refused, by name, with what was expected and what came', () => {
  test.each([
    { why: 'no endpoint', options: {}, message: 'createWorkerTracker: endpoint is undefined, expected a path' },
    { why: 'a query', options: { endpoint: '/j?v=1' }, message: 'createWorkerTracker: endpoint is "/j?v=1", expected' },
    {
      why: 'what only pages have',
      options: { ...valid, capture: [] },
      message: 'createWorkerTracker: capture is array, expected one of endpoint, writeKey, anonymousId, userId, ',
    },
    {
      why: 'an id that is no text',
      options: { ...valid, anonymousId: 7 },
      message: 'createWorkerTracker: anonymousId is number, expected string',
    },
    {
      why: 'an id that nobody has',
      options: { ...valid, userId: null },
      message: 'createWorkerTracker: userId is null, expected string',
    },
  ])('$why', ({ options, message }) => {
    expect(() => checkWorkerOptions(options as never)).toThrow(message);
  });
});

test('what visitors get looks at nothing', async () => {
  vi.doMock('./runtime/is-development.ts', () => ({ isDevelopment: false }));
  vi.resetModules();
  const { createWorkerTracker } = await import('./create-worker-tracker.ts');
  const tracker = createWorkerTracker({ capture: [] } as never);
  await tracker.shutdown();
  vi.doUnmock('./runtime/is-development.ts');
});
