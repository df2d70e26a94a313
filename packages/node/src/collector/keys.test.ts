import type { Diagnostic } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import type { CollectorOptions } from './collector-options.ts';
import { batchOf, closeAll, consented, run } from './running-collector.ts';

afterEach(closeAll);

const batch = () => batchOf(anEvent({ context: consented }));
const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
const shop = { Origin: 'https://shop.example' };
const blog = { Origin: 'https://blog.example' };

function diagnosed(): { readonly heard: Diagnostic[]; readonly onDiagnostic: (diagnostic: Diagnostic) => void } {
  const heard: Diagnostic[] = [];
  return { heard, onDiagnostic: (diagnostic) => heard.push(diagnostic) };
}

describe('a source that changes its key', () => {
  const keys = { new: { source: 'server', name: 'backend', previous: ['old', 'older'] } } as const;

  test.each([
    { why: 'the new one', headers: bearer('new'), status: 200 },
    { why: 'the one before', headers: bearer('old'), status: 200 },
    { why: 'the one before that', headers: bearer('older'), status: 200 },
    { why: 'one that was never its', headers: bearer('oldest'), status: 401 },
  ])('is taken with $why: $status', async ({ headers, status }) => {
    const { post, log } = await run({ keys });
    expect((await post(batch(), { headers })).status).toBe(status);
    if (status === 200) expect(log.appended[0]?.facts).toMatchObject({ source: 'server', keyName: 'backend' });
  });

  test('is told once that the old one is still in use, and not what it is', async () => {
    const { heard, onDiagnostic } = diagnosed();
    const { post } = await run({ keys: { new: { ...keys.new, consent: {} } }, onDiagnostic });
    await post(batch(), { headers: bearer('new') });
    expect(heard).toEqual([]);
    for (const key of ['old', 'older', 'old']) await post({ ...batch(), writeKey: key });
    expect(heard).toEqual([{ code: 'previous-key-used', detail: 'backend' }]);
  });

  test('has one limit for all its keys', async () => {
    const { post } = await run({ keys: { new: { ...keys.new, eventsPerSecond: 0.025 } } }); // one at a time
    expect((await post(batch(), { headers: bearer('new') })).status).toBe(200);
    expect((await post(batch(), { headers: bearer('old') })).status).toBe(429);
  });
});

describe('a secret key that comes from a browser', () => {
  const keys = { 'k-9f2': { source: 'server', name: 'backend', consent: {} } } as const;

  test.each([
    { why: 'a page of another site', headers: shop },
    { why: 'a page of our own site', headers: (url: string) => ({ Origin: url }) },
    { why: 'a sandboxed frame', headers: { Origin: 'null' } },
    { why: 'a request that a page made without saying which', headers: { 'Sec-Fetch-Site': 'same-origin' } },
  ])('is refused, and so is all it brings: $why', async ({ headers }) => {
    const { heard, onDiagnostic } = diagnosed();
    const options: Partial<CollectorOptions> = { keys, allowedOrigins: [shop.Origin], onDiagnostic };
    const { post, url, log } = await run(options);
    const browser = typeof headers === 'function' ? headers(url) : headers;
    for (const reply of [
      await post(batch(), { headers: { ...browser, ...bearer('k-9f2') } }),
      await post({ ...batch(), writeKey: 'k-9f2' }, { headers: browser }),
    ]) {
      expect(reply).toMatchObject({ status: 403, body: { error: 'secret-key-in-browser' } });
      expect(JSON.stringify(reply.body)).not.toContain('k-9f2');
    }
    expect(log.appended).toEqual([]);
    expect(heard).toEqual([{ code: 'secret-key-exposed', detail: 'backend' }]);
  });
});

describe('a key with sites of its own', () => {
  const keys = {
    'for-shop': { source: 'browser', allowedOrigins: [shop.Origin] },
    'for-all': { source: 'browser' },
  } as const;
  const allowedOrigins = [blog.Origin];

  test.each([
    { why: 'its site', key: 'for-shop', headers: shop, status: 200 },
    { why: 'a site that may use other keys', key: 'for-shop', headers: blog, status: 403 },
    { why: "the collector's own site", key: 'for-shop', headers: { 'Sec-Fetch-Site': 'same-origin' }, status: 200 },
    { why: "another key's site", key: 'for-all', headers: shop, status: 403 },
    { why: 'a site allowed to all keys that name none', key: 'for-all', headers: blog, status: 200 },
  ])('$key from $why: $status', async ({ key, headers, status }) => {
    const { post } = await run({ keys, allowedOrigins });
    expect((await post({ ...batch(), writeKey: key }, { headers })).status).toBe(status);
  });

  test('is known to the pre-flight, which does not say which key will come', async () => {
    const { url } = await run({ keys, allowedOrigins });
    for (const { Origin } of [shop, blog, { Origin: 'https://evil.example' }]) {
      const { headers } = await fetch(url, { method: 'OPTIONS', headers: { Origin } });
      const isKnown = Origin !== 'https://evil.example';
      expect(headers.get('access-control-allow-origin')).toBe(isKnown ? Origin : null);
    }
  });

  test('a page may read when to come back', async () => {
    const { post } = await run({ keys, allowedOrigins });
    const { headers } = await post({ ...batch(), writeKey: 'for-shop' }, { headers: shop });
    expect(headers.get('access-control-expose-headers')).toBe('Retry-After');
  });
});
