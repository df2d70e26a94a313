import type { Diagnostic } from '@org/track-core';
import { describe, expect, test, vi } from 'vitest';
import { createTracker } from './create-browser-tracker.ts';
import { whyListed } from './listed-endpoint.ts';

const pageUrl = 'https://www.shop.example/cart';
const whyOn = (page: string, endpoint: string): string | undefined =>
  whyListed(new URL(endpoint, page), new URL(page).hostname);

const path = 'lists match this path';
const words = 'lists match paths with ';
const host = 'lists match the name of its host';
const site = 'lists match hosts of other sites';

// Blocked for fetch or beacons by EasyPrivacy, uBlock Origin, Ghostery or AdGuard when that was measured, as far as an
// endpoint may be so: none has a query or an extension.
test.each([
  { endpoint: '/api/collect', why: path },
  { endpoint: '/shop/api/collect', why: path },
  { endpoint: '/api/events', why: path },
  { endpoint: '/analytics/event', why: path },
  { endpoint: '/analytics/events', why: path },
  { endpoint: '/analytics/event/new', why: path },
  { endpoint: '/stats/events', why: path },
  { endpoint: '/rum/events', why: path },
  { endpoint: '/stats/api/event', why: path },
  { endpoint: '/api/v1/activity', why: path },
  { endpoint: '/api/v1/metrics', why: path },
  { endpoint: '/api/statsd', why: path },
  { endpoint: '/api/pageview/new', why: path },
  { endpoint: '/hit', why: path },
  { endpoint: '/cdn-cgi/zaraz/t', why: path },
  { endpoint: '/com.snowplowanalytics.snowplow/tp2', why: path },
  { endpoint: '/track/page-view', why: `${words}track and page-view` },
  { endpoint: 'https://shop.example/analytics/event', why: path },
  { endpoint: 'https://matomo.shop.example/j', why: host },
  { endpoint: 'https://piwik.shop.example/j', why: host },
  { endpoint: 'https://events.vendor.example/j', why: site },
  { endpoint: 'http://10.0.0.7:3000/api/j', why: site },
])('$endpoint: $why', ({ endpoint, why }) => {
  expect(whyOn(pageUrl, endpoint)).toContain(why);
});

test.each(
  [
    ...['/api/event', '/collect', '/track', '/analytics', '/beacon', '/pixel', '/events', '/e', '/t', '/p', '/i'],
    ...[
      '/ingest',
      '/metrics',
      '/telemetry',
      '/_e',
      '/api/sync',
      '/relay',
      '/v1/batch',
      '/api/v1/p',
      '/v1/t',
      '/api/log',
    ],
    ...['/api/stats', '/api/track', '/monitoring', '/api/j', '/api/_j', '/_j', '/-/j', '/api/journal', '/api/signals'],
    ...['/api/notes', '/api/reader/journal', '/_app/b', '/.well-known/j'],
    ...['https://www.shop.example/api/j', 'https://news.shop.example/j'],
  ].map((endpoint) => ({ endpoint })),
)('$endpoint passed wherever it was measured', ({ endpoint }) => {
  expect(whyOn(pageUrl, endpoint)).toBeUndefined();
});

test('on a developer’s machine another port is the same site', () => {
  expect(whyOn('http://localhost:5173/', 'http://localhost:3000/api/j')).toBeUndefined();
});

describe('whoever develops a page', () => {
  const told = async (endpoint: string, isDevelopment: boolean): Promise<Diagnostic[]> => {
    vi.doMock('./runtime/is-development.ts', () => ({ isDevelopment }));
    vi.resetModules();
    const module: { createTracker: typeof createTracker } = await import('./create-browser-tracker.ts');
    const diagnostics: Diagnostic[] = [];
    const tracker = module.createTracker({ endpoint, onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
    tracker.track('Product Viewed');
    await tracker.shutdown();
    vi.doUnmock('./runtime/is-development.ts');
    return diagnostics.filter(({ code }) => code === 'listed-endpoint');
  };

  test('is told once, and the tracker works all the same', async () => {
    expect(await told('/api/collect', true)).toEqual([
      { code: 'listed-endpoint', detail: '/api/collect: lists match this path' },
    ]);
  });

  test('is told nothing of a good one', async () => {
    expect(await told('/api/j', true)).toEqual([]);
  });

  test('and visitors are told nothing', async () => {
    expect(await told('/api/collect', false)).toEqual([]);
  });

  test('nothing is thrown where a path is of no place', () => {
    vi.spyOn(document, 'baseURI', 'get').mockReturnValue('data:text/html,');
    expect(() => createTracker({ endpoint: '/api/j' })).not.toThrow();
    vi.restoreAllMocks();
  });

  test('a listener that throws costs nothing', () => {
    const onDiagnostic = (): never => {
      throw new Error('host');
    };
    expect(() => createTracker({ endpoint: '/api/collect', onDiagnostic })).not.toThrow();
  });
});
