import { afterEach, describe, expect, test } from 'vitest';
import { closeAll, consented, run } from './running-collector.ts';

afterEach(closeAll);

const site = { source: 'browser', name: 'site', consent: { analytics: true } } as const;
const opened = { event: 'Mail Opened', userId: 'u1', messageId: 'm1', properties: { subject: 'Hello ÿ?>' } };
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
const base64Url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function isPicture(response: Response): Promise<boolean> {
  const bytes = Buffer.from(await response.arrayBuffer());
  return response.headers.get('content-type') === 'image/gif' && bytes.subarray(0, 6).toString() === 'GIF89a';
}

describe('a picture', () => {
  test.each([
    { why: 'base64', path: `/v1/pixel/track?data=${encodeURIComponent(base64({ ...opened, writeKey: 'site' }))}` },
    {
      why: 'base64 whose plus signs were not encoded',
      path: `/v1/pixel/track?data=${base64({ ...opened, writeKey: 'site' })}`,
    },
    { why: 'base64 for addresses', path: `/v1/pixel/track?data=${base64Url({ ...opened, writeKey: 'site' })}` },
    { why: 'a key of its own', path: `/v1/pixel/track?data=${base64Url(opened)}&writeKey=site` },
    {
      why: 'spelled out',
      path: `/v1/pixel/track?writeKey=site&event=Mail%20Opened&userId=u1&messageId=m1&properties.subject=Hello+%C3%BF%3F%3E`,
    },
    { why: "RudderStack's address", path: '/pixel/v1/track?writeKey=site&event=Mail+Opened&userId=u1&messageId=m1' },
  ])('brings an event: $why', async ({ path }) => {
    const { url, delivered } = await run({ keys: { site } });
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(await isPicture(response)).toBe(true);
    const [event, ...others] = await delivered();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'track',
      event: 'Mail Opened',
      userId: 'u1',
      messageId: 'm1',
      source: 'browser',
    });
    if (path.includes('subject') || path.includes('data'))
      expect(event).toMatchObject({ properties: opened.properties });
    expect(JSON.stringify(event)).not.toContain('writeKey');
  });

  test.each([
    { why: 'an unknown key', path: '/v1/pixel/track?writeKey=other&event=e&userId=u', status: 401 },
    {
      why: "a server's key, which whoever gets the mail could read",
      path: '/v1/pixel/track?writeKey=secret&event=e&userId=u',
      status: 403,
    },
    {
      why: "a server's key among the data",
      path: `/v1/pixel/track?data=${base64Url({ ...opened, writeKey: 'secret' })}`,
      status: 403,
    },
    { why: 'no JSON', path: '/v1/pixel/track?data=AAAA&writeKey=site', status: 400 },
    { why: 'nothing at all', path: '/v1/pixel/page', status: 401 },
  ])('is a picture whatever becomes of its event: $why', async ({ path, status }) => {
    const { url, log } = await run({ keys: { site, secret: { source: 'server', consent: { analytics: true } } } });
    const response = await fetch(url + path);
    expect(response.status).toBe(status);
    expect(await isPicture(response)).toBe(true);
    expect(log.appended).toEqual([]);
  });

  test('is never acknowledged before its event is stored', async () => {
    const { url, log } = await run({ keys: { site } });
    log.isFull = true;
    const response = await fetch(`${url}/v1/pixel/track?writeKey=site&event=e&userId=u`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await isPicture(response)).toBe(true);
  });

  test.each([
    { why: 'names that would change every object', query: '__proto__.polluted=1' },
    { why: 'a name with thousands of dots', query: 'a.'.repeat(3_000) },
    { why: 'a text where another name has fields', query: 'properties=x&properties.a=1' },
  ])('with $why does no harm', async ({ query }) => {
    const { url } = await run({ keys: { site } });
    const response = await fetch(`${url}/v1/pixel/track?writeKey=site&event=e&userId=u&${query}`);
    expect(response.status).toBe(200);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe('a picture on a page', () => {
  const keys = { site: { ...site, allowedOrigins: ['https://shop.example'] } };
  test.each([
    {
      why: 'of an allowed site',
      headers: { 'Sec-Fetch-Site': 'cross-site', Referer: 'https://shop.example/cart' },
      status: 200,
    },
    {
      why: 'of another site',
      headers: { 'Sec-Fetch-Site': 'cross-site', Referer: 'https://evil.example/' },
      status: 403,
    },
    { why: 'that hides which site it is', headers: { 'Sec-Fetch-Site': 'cross-site' }, status: 403 },
    {
      why: 'of our own site',
      headers: { 'Sec-Fetch-Site': 'same-origin', Referer: 'https://track.example/' },
      status: 200,
    },
    { why: 'that is no page: a mail', headers: {}, status: 200 },
  ])('$why: $status', async ({ headers, status }) => {
    const { url } = await run({ keys });
    const response = await fetch(`${url}/v1/pixel/track?writeKey=site&event=e&userId=u`, { headers });
    expect(response.status).toBe(status);
  });

  test('with a secret key gives the secret away, and is refused', async () => {
    const { url } = await run({ keys: { secret: { source: 'server', consent: {} } } });
    const headers = { 'Sec-Fetch-Site': 'cross-site', Referer: 'https://shop.example/' };
    const response = await fetch(`${url}/v1/pixel/track?writeKey=secret&event=e&userId=u`, { headers });
    expect(response.status).toBe(403);
  });
});

test('a beacon brings a batch, with its key in the address', async () => {
  const { post, log } = await run({ keys: { site } });
  const batch = [{ type: 'track', event: 'e', userId: 'u', context: consented }];
  const { status } = await post(
    { batch, sentAt: new Date().toISOString() },
    { path: '/beacon/v1/batch?writeKey=site' },
  );
  expect(status).toBe(200);
  expect(log.appended[0]?.facts.keyName).toBe('site');
});
