import { expect, test, vi } from 'vitest';
import type { TrackEvent } from '../event/event.ts';
import { anEvent } from '../testing/builders.ts';
import { redactEvent } from './redact-event.ts';

const page = {
  url: 'https://shop.example.com/u/ada@example.com?token=t&gclid=g#id_token=t',
  path: '/u/ada@example.com',
  search: '?token=t&gclid=g',
  title: 'Mail from ada@example.com',
  referrer: 'https://ada:pw@mail.example.com/?q=ada%40example.com',
};

test('the page of an event keeps its shape and loses the person', () => {
  const event = anEvent({ context: { page, locale: 'en', referrer: { type: 'mail', url: '/?email=a', id: 'r1' } } });
  expect(redactEvent(event)).toEqual({
    ...event,
    context: {
      page: {
        url: 'https://shop.example.com/u/[email]?token=[redacted]',
        path: '/u/[email]',
        search: '?token=[redacted]',
        title: 'Mail from [email]',
        referrer: 'https://mail.example.com/?q=[redacted]',
      },
      locale: 'en',
      referrer: { type: 'mail', url: '/?email=[redacted]', id: 'r1' },
    },
  });
});

test('how somebody came is told without them', () => {
  const touch = { url: '/u/ada@example.com', referrer: 'https://mail.example.com/ada@example.com' };
  const campaign = { source: 'mail', content: 'for ada@example.com' };
  const event = anEvent({
    context: { campaign, attribution: { landing: touch, first: { ...touch, campaign, clickIds: { gclid: 'g' } } } },
  });
  const to = { url: '/u/[email]', referrer: 'https://mail.example.com/[email]' };
  const by = { source: 'mail', content: 'for [email]' };
  expect(redactEvent(event).context).toEqual({
    campaign: by,
    attribution: { landing: to, first: { ...to, campaign: by, clickIds: { gclid: 'g' } } },
  });
});

test.each([
  {
    why: 'what a page call says',
    name: 'url',
    value: page.url,
    expected: 'https://shop.example.com/u/[email]?token=[redacted]',
  },
  { why: 'where a link leads', name: 'href', value: 'mailto:ada@example.com', expected: 'mailto:[redacted]' },
  { why: 'a name of two words', name: 'image_url', value: '/i?token=t', expected: '/i?token=[redacted]' },
  { why: 'one in capitals', name: 'imageUrl', value: '/i?token=t', expected: '/i?token=[redacted]' },
  { why: 'one as people write it', name: 'Link URL', value: '/i?token=t', expected: '/i?token=[redacted]' },
  { why: 'one with a hyphen', name: 'link-url', value: '/i?token=t', expected: '/i?token=[redacted]' },
  { why: 'a title as people write it', name: 'Page Title', value: 'ada@example.com', expected: '[email]' },
  { why: 'a title', name: 'page_title', value: 'ada@example.com', expected: '[email]' },
  { why: 'what somebody chose to record', name: 'email', value: 'ada@example.com', expected: 'ada@example.com' },
  { why: 'a name that only contains one', name: 'curl_type', value: '?token=t', expected: '?token=t' },
  { why: 'no text', name: 'url', value: 1, expected: 1 },
])('a property: $why', ({ name, value, expected }) => {
  expect(redactEvent(anEvent({ properties: { [name]: value } })).properties).toEqual({ [name]: expected });
});

test.each([
  { why: 'advertising was agreed to', advertising: true, search: '?token=[redacted]&gclid=g' },
  { why: 'Global Privacy Control is on', advertising: true, gpc: true, search: '?token=[redacted]' },
  { why: 'it was denied', advertising: false, search: '?token=[redacted]' },
  { why: 'it was not decided', advertising: undefined, search: '?token=[redacted]' },
])('a click id, when $why', ({ advertising, gpc, search }) => {
  const consent = { categoryPreferences: { analytics: true, ...(advertising !== undefined && { advertising }) }, gpc };
  expect(redactEvent(anEvent({ context: { page, consent } })).context?.page?.search).toBe(search);
});

test('traits are said on purpose, also beside the place', () => {
  const event: TrackEvent = {
    ...{ type: 'identify', messageId: 'm1', userId: 'u1', timestamp: '2026-01-01T00:00:00.000Z' },
    traits: { email: 'ada@example.com', url: 'https://ada.example.com/?key=k' },
    context: { traits: { url: 'https://ada.example.com/?key=k' } },
  } as const;
  expect(redactEvent(event)).toEqual(event);
});

test.each([
  { why: 'no context', event: { ...anEvent(), context: undefined } },
  { why: 'a referrer that is a list', event: anEvent({ context: { referrer: ['ada'] } }) },
  { why: 'a referrer that is a text', event: anEvent({ context: { referrer: 'ada' } }) },
])('an odd event passes as it is: $why', ({ event }) => {
  expect(redactEvent(event as TrackEvent)).toEqual(event);
});

test('the event it was given stays as it was', () => {
  const event = anEvent({ context: { page }, properties: { url: page.url } });
  const before = structuredClone(event);
  redactEvent(event);
  expect(event).toEqual(before);
});

test('what is kept of earlier events is never another’s: a title is no URL, and consent changes', () => {
  const text = '/p?gclid=g';
  const said = (advertising: boolean): unknown => {
    const event = anEvent({
      context: { page: { url: text, title: text }, consent: { categoryPreferences: { advertising } } },
    });
    return redactEvent(event).context?.page;
  };
  for (const round of [1, 2]) {
    for (let at = 0; at < 50 * round; at++) redactEvent(anEvent({ properties: { url: `/${at}` } }));
    expect(said(true)).toEqual({ url: text, title: text });
    expect(said(false)).toEqual({ url: '/p', title: text });
    expect(said(false)).toEqual({ url: '/p', title: text });
  }
});

test('few of them are kept, however many pages there are', () => {
  const cleared = vi.spyOn(Map.prototype, 'clear');
  for (let at = 0; at < 100; at++) redactEvent(anEvent({ properties: { url: `/page/${at}` } }));
  expect(cleared.mock.calls.length).toBeGreaterThanOrEqual(2);
  cleared.mockRestore();
});
