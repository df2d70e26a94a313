import { afterEach, describe, expect, test } from 'vitest';
import type { HttpRequest } from '../http/exchange.ts';
import { segmentSettings } from './client-settings.ts';
import { closeAll, run } from './running-collector.ts';

afterEach(closeAll);

const keys = { site: { source: 'browser' }, secret: { source: 'server', consent: {} } } as const;

describe("what a client's library asks before it starts", () => {
  test.each([
    { why: 'Segment, with a key for browsers', path: '/v1/projects/site/settings', status: 200 },
    { why: 'Segment, with a secret: unknown, like any other', path: '/v1/projects/secret/settings', status: 401 },
    { why: 'Segment, with no key of ours', path: '/v1/projects/other/settings', status: 401 },
    { why: 'Segment, with a name of JavaScript', path: '/v1/projects/constructor/settings', status: 401 },
    { why: 'RudderStack, with a key for browsers', path: '/sourceConfig/?p=npm&writeKey=site', status: 200 },
    { why: 'RudderStack, with a secret', path: '/sourceConfig/?writeKey=secret', status: 401 },
    { why: 'RudderStack, without a key', path: '/sourceConfig', status: 401 },
  ])('$why: $status', async ({ path, status }) => {
    const { url } = await run({ keys });
    const response = await fetch(url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    if (status !== 200) expect(await response.text()).not.toContain('secret');
  });

  test('RudderStack may say the key as its user', async () => {
    const { url } = await run({ keys });
    const headers = { Authorization: `Basic ${Buffer.from('site:').toString('base64')}` };
    const settings = await (await fetch(`${url}/sourceConfig/?p=npm`, { headers })).json();
    expect(settings).toMatchObject({ source: { enabled: true, writeKey: 'site', destinations: [] } });
  });

  test.each([
    { method: 'POST', path: '/v1/projects/site/settings', allow: 'GET, OPTIONS' },
    { method: 'GET', path: '/v1/batch', allow: 'POST, OPTIONS' },
  ])('$method $path is told what is allowed', async ({ method, path, allow }) => {
    const { url } = await run({ keys });
    const response = await fetch(url + path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });
});

test.each<{ why: string; request: Partial<HttpRequest>; headers?: Record<string, string>; expected: object }>([
  {
    why: 'at the root, behind a proxy that ended TLS',
    request: {},
    expected: { apiHost: 'track.example/v1', protocol: 'https' },
  },
  {
    why: 'over TLS that we see',
    request: { isEncrypted: true },
    headers: { origin: 'http://shop.example' },
    expected: { apiHost: 'track.example/v1', protocol: 'https' },
  },
  {
    why: 'for a page that was loaded in the open, as on a developer’s machine',
    request: {},
    headers: { origin: 'http://localhost:3000' },
    expected: { protocol: 'http' },
  },
  {
    why: 'for our own page, which says no origin',
    request: {},
    headers: { referer: 'http://localhost:3000/cart' },
    expected: { protocol: 'http' },
  },
  {
    why: 'mounted',
    request: { path: '/api/j/v1/projects/k/settings' },
    expected: { apiHost: 'track.example/api/j/v1' },
  },
])('Segment is told where events go: $why', ({ request, headers = {}, expected }) => {
  const whole: HttpRequest = {
    method: 'GET',
    path: '/v1/projects/k/settings',
    query: '',
    header: (name) => ({ host: 'track.example', ...headers })[name],
    readBody: async () => ({ kind: 'aborted' }),
    ...request,
  };
  expect(segmentSettings('k', whole)).toMatchObject({ integrations: { 'Segment.io': { apiKey: 'k', ...expected } } });
});
