import { type Device, formatDevice } from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { createTracker } from '../create-node-tracker.ts';
import { closeAll, type Running, run } from './running-collector.ts';

afterEach(closeAll);

const identity = { keys: ['key-of-the-shop-'.repeat(2)] };
const browserId = 'browser-id-1';
const decidedAt = '2026-01-01T00:00:00.000Z';
const yes = { consent: { categoryPreferences: { analytics: true }, decidedAt } };

const necessary = { version: '1', events: { 'Order Seen': { purpose: 'necessary' } } } as const;

/** What a browser says that lost all it had stored: it has asked again. */
const lost = { consent: { ...yes.consent, decidedAt: '2026-02-01T00:00:00.000Z' } };

/** What a browser sends back of a `Set-Cookie` header. */
const pairOf = (setCookie: string | undefined): string => (setCookie ?? '').split(';', 1)[0] as string;

/** Sends one event as a page does, and returns what the answer sets. */
async function visit(
  { post }: Running,
  {
    cookie = '',
    headers = {},
    ...event
  }: Parameters<typeof anEvent>[0] & {
    cookie?: string;
    headers?: Record<string, string>;
  },
): Promise<string | undefined> {
  const batch = [anEvent({ anonymousId: browserId, context: yes, ...event })];
  const reply = await post({ batch }, { headers: { ...headers, ...(cookie === '' ? {} : { cookie }) } });
  expect(reply.status).toBe(200);
  return reply.headers.get('set-cookie') ?? undefined;
}

describe('a browser', () => {
  test('is given a cookie with its first event, and known by it when it has lost its own id', async () => {
    const shop = await run({ identity });
    const set = await visit(shop, {});
    expect(set).toMatch(/^__Host-jn=1\.browser-id-1\.[\w.-]+; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    const cookie = pairOf(set);
    expect(await visit(shop, { cookie })).toBeUndefined();
    expect(await visit(shop, { cookie, anonymousId: 'browser-id-2', context: lost })).toMatch(
      /^__Host-jn=1\.browser-id-1\./,
    );
    expect(await shop.delivered()).toMatchObject([
      { anonymousId: browserId, context: { identity: { browserId } } },
      { anonymousId: browserId, context: { identity: { browserId } } },
      { anonymousId: browserId, context: { identity: { browserId: 'browser-id-2' } } },
    ]);
  });

  test('without the option nothing is set, and nothing changed', async () => {
    const shop = await run();
    expect(await visit(shop, {})).toBeUndefined();
    const [event] = await shop.delivered();
    expect(event?.context).not.toHaveProperty('identity');
  });

  test.each([
    { why: 'that was changed', change: (cookie: string) => cookie.replace(browserId, 'somebody-elses') },
    { why: 'that nobody signed', change: () => '__Host-jn=somebody-elses' },
  ])('sends a cookie $why: told with the event, not believed, and replaced', async ({ change }) => {
    const shop = await run({ identity });
    const cookie = change(pairOf(await visit(shop, {})));
    expect(await visit(shop, { cookie })).toMatch(/^__Host-jn=1\.browser-id-1\./);
    expect((await shop.delivered())[1]).toMatchObject({
      anonymousId: browserId,
      context: { identity: { browserId, tampered: true } },
    });
  });

  test('cannot say itself what its cookie was', async () => {
    const shop = await run({ identity, consent: { analytics: true } });
    const claimed = { identity: { browserId: 'x', tampered: false, more: 1 } };
    await visit(shop, { context: { ...yes, ...claimed } });
    await visit(shop, { context: { consent: { categoryPreferences: { analytics: true } }, ...claimed } });
    for (const { context } of await shop.delivered()) expect(context?.identity).toEqual({ browserId });
  });

  test('that joins who it was until now names the id its events have', async () => {
    const shop = await run({ identity });
    const cookie = pairOf(await visit(shop, {}));
    const alias = { type: 'alias', messageId: 'a1', userId: 'u1', previousId: 'browser-id-2' };
    await shop.post(
      { batch: [{ ...anEvent({ anonymousId: 'browser-id-2', context: lost }), ...alias }] },
      { headers: { cookie } },
    );
    expect((await shop.delivered())[1]).toMatchObject({ anonymousId: browserId, previousId: browserId });
  });
});

describe('consent', () => {
  const undecided = { event: 'Order Seen', context: {} };

  test('without a yes no cookie is set, and none is used', async () => {
    const shop = await run({ identity, plan: necessary });
    expect(await visit(shop, undecided)).toBeUndefined();
    const cookie = pairOf(await visit(shop, {}));
    const claimed = { identity: { browserId: 'x' } };
    expect(await visit(shop, { ...undecided, cookie, anonymousId: 'browser-id-2', context: claimed })).toBeUndefined();
    const [first, , third] = await shop.delivered();
    expect(first?.context).not.toHaveProperty('identity');
    expect(third).toMatchObject({ anonymousId: 'browser-id-2' });
    expect(third?.context).not.toHaveProperty('identity');
  });

  test('of a page that stores nothing it sets none, uses none, and removes one from before', async () => {
    const shop = await run({ identity });
    const context = { ...yes, cookieless: true };
    expect(await visit(shop, { context })).toBeUndefined();
    const cookie = pairOf(await visit(shop, {}));
    expect(await visit(shop, { cookie, context, anonymousId: 'page-id-1' })).toMatch(/^__Host-jn=; Max-Age=0;/);
    const last = (await shop.delivered()).at(-1);
    expect(last).toMatchObject({ anonymousId: 'page-id-1', context: { cookieless: true } });
    expect(last?.context).not.toHaveProperty('identity');
  });

  test('an event that is refused for it sets nothing', async () => {
    const shop = await run({ identity });
    expect(await visit(shop, { context: {} })).toBeUndefined();
  });

  test('after a no the cookie is removed, though an earlier event still comes', async () => {
    const shop = await run({ identity });
    const cookie = pairOf(await visit(shop, {}));
    const no = formatDevice({ consent: [{ analytics: false }, 2] });
    const earlier = { anonymousId: 'browser-id-2', context: lost };
    const set = await visit(shop, { cookie: `${cookie}; ${no}`, ...earlier });
    expect(set).toMatch(/^__Host-jn=; Max-Age=0; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    expect((await shop.delivered())[1]).toMatchObject({ anonymousId: 'browser-id-2' });
    expect(await visit(shop, { cookie: no })).toBeUndefined();
  });

  test('what the collector vouches for counts where nobody else says anything', async () => {
    const shop = await run({ identity, consent: { analytics: true } });
    expect(await visit(shop, { context: {} })).toMatch(/^__Host-jn=/);
  });
});

test('who is suppressed is so under either id', async () => {
  const shop = await run({ identity });
  const cookie = pairOf(await visit(shop, {}));
  const event = { anonymousId: 'browser-id-2', context: lost };
  await shop.collector.suppress({ anonymousId: browserId });
  await visit(shop, { cookie, ...event });
  await shop.collector.unsuppress({ anonymousId: browserId });
  await shop.collector.suppress({ anonymousId: 'browser-id-2' });
  await visit(shop, { cookie, ...event });
  expect(shop.arrivals.map(({ status }) => status)).toEqual(['stored', 'suppressed', 'suppressed']);
});

test('what is stored already of a browser is suppressed by its own id too', async () => {
  const shop = await run({ identity });
  const event = { anonymousId: 'known-by-cookie', context: { identity: { browserId } } };
  await shop.collector.suppress({ anonymousId: browserId });
  expect(shop.log.suppression.has(event)).toBe(true);
  expect(shop.log.suppression.has({ ...event, context: { identity: { browserId: 'other-one' } } })).toBe(false);
});

test('a server says itself whom it means', async () => {
  const shop = await run({ identity, keys: { secret: { source: 'server', consent: { analytics: true } } } });
  const headers = { authorization: `Basic ${btoa('secret:')}` };
  expect(await visit(shop, { headers })).toBeUndefined();
  const [event] = await shop.delivered();
  expect(event?.context).not.toHaveProperty('identity');
});

describe('a server event inside of a request', () => {
  const device = (id: string, at: string): Device => ({
    anonymousId: id,
    consent: [{ analytics: true }, Date.parse(at)],
  });
  const other = formatDevice(device('browser-id-2', lost.consent.decidedAt));

  test.each([
    { why: "the collector's own tracker", isRemote: false },
    { why: 'a tracker elsewhere that has the keys', isRemote: true },
  ])('has the id of the browser, though that has lost its own: $why', async ({ isRemote }) => {
    const shop = await run({ identity, keys: { secret: { source: 'server' } } });
    const tracker = isRemote
      ? createTracker({ endpoint: shop.url, writeKey: 'secret', identity })
      : shop.collector.tracker;
    const cookie = pairOf(await visit(shop, {}));
    tracker.run({ headers: { cookie: `${cookie}; ${other}` } }, () => tracker.track('Order Completed'));
    tracker.for({ headers: { cookie: `__Host-jn=1.forged; ${other}` } }).track('Order Completed');
    await tracker.flush();
    if (isRemote) await tracker.shutdown();
    expect((await shop.delivered()).slice(1)).toMatchObject([
      { anonymousId: browserId, context: { identity: { browserId: 'browser-id-2' } } },
      { anonymousId: 'browser-id-2', context: { identity: { browserId: 'browser-id-2', tampered: true } } },
    ]);
  });

  test('has the id of the browser itself, and nothing of the cookie, without a yes', async () => {
    const shop = await run({ identity, plan: necessary });
    const cookie = pairOf(await visit(shop, {}));
    const undecided = formatDevice({ anonymousId: 'browser-id-2' });
    const tracker = shop.collector.tracker.for({ headers: { cookie: `${cookie}; ${undecided}` } });
    tracker.track('Order Seen');
    const [, event] = await shop.delivered();
    expect(event).toMatchObject({ anonymousId: 'browser-id-2' });
    expect(event?.context).not.toHaveProperty('identity');
  });

  test('and its twin in the browser are one event', async () => {
    const shop = await run({ identity });
    const { tracker } = shop.collector;
    const headers = { cookie: formatDevice(device(browserId, decidedAt)) };
    const messageId = 'order-o1';
    tracker.run({ headers }, () => tracker.track('Order Completed', { total: 5 }, { messageId }));
    await tracker.flush();
    const twin = anEvent({ anonymousId: browserId, event: 'Order Completed', messageId, context: yes });
    const reply = await shop.post({ batch: [twin] });
    expect(reply.body.results).toEqual({ [messageId]: { status: 'duplicate', kind: 'delivered' } });
    expect(await shop.delivered()).toMatchObject([{ messageId, source: 'server', anonymousId: browserId }]);
  });
});

test('keys never show in an error', async () => {
  const options = { identity: { keys: ['short-secret'] } };
  const shown = await run(options as never).catch((error: Error) => error.message);
  expect(shown).toMatch(/^createCollector: identity: expected \{ keys, domain \}/);
  expect(shown).not.toContain('short-secret');
  expect(() =>
    createTracker({ endpoint: 'https://a.example', writeKey: 'k', identity: 'short-secret' } as never),
  ).toThrow(/"identity" must be .* got string$/);
});
