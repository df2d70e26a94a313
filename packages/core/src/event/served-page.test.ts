import { expect, test } from 'vitest';
import { parseEvent } from './parse-event.ts';
import { isServedPage } from './served-page.ts';

const id = '0b8c1a52-7f0e-4c39-9d7a-3f5f6f1f0a11';
const properties = { page_view_id: id, consent: 'given' };
const served = {
  type: 'track',
  event: 'Page Served',
  messageId: 'm1',
  timestamp: '2026-11-20T10:00:00.000Z',
  properties,
};

test.each<{ why: string; event: object; expected: boolean }>([
  { why: 'the least that can be told', event: served, expected: true },
  {
    why: 'all that can be told',
    event: {
      ...served,
      properties: { ...properties, called_home: true, bot: 'Googlebot', browser: 'Firefox' },
      context: { library: { name: 'x', version: '1' }, page: { path: '/journal' } },
    },
    expected: true,
  },
  {
    why: 'as a collector has it',
    event: { ...served, source: 'server', receivedAt: 'x', sentAt: 'x', originalTimestamp: 'x' },
    expected: true,
  },
  { why: 'another name', event: { ...served, event: 'Page Seen' }, expected: false },
  { why: 'another call', event: { ...served, type: 'page' }, expected: false },
  { why: 'whose device', event: { ...served, anonymousId: 'a1' }, expected: false },
  { why: 'whose account', event: { ...served, userId: 'u1' }, expected: false },
  { why: 'an address', event: { ...served, context: { ip: '203.0.113.7' } }, expected: false },
  { why: 'an agent', event: { ...served, context: { userAgent: 'x' } }, expected: false },
  { why: 'a visit', event: { ...served, context: { session: { id: 's1' } } }, expected: false },
  { why: 'consent, which is somebody’s', event: { ...served, context: { consent: {} } }, expected: false },
  { why: 'where they came from', event: { ...served, context: { page: { referrer: 'x' } } }, expected: false },
  { why: 'what they asked', event: { ...served, context: { page: { path: '/a?email=x' } } }, expected: false },
  { why: 'a library that is more', event: { ...served, context: { library: { who: 'x' } } }, expected: false },
  { why: 'one property more', event: { ...served, properties: { ...properties, email: 'x' } }, expected: false },
  {
    why: 'an agent for a bot',
    event: { ...served, properties: { ...properties, bot: 'x'.repeat(41) } },
    expected: false,
  },
  { why: 'an agent for a browser', event: { ...served, properties: { ...properties, browser: 'x' } }, expected: false },
  {
    why: 'an id with something in it',
    event: { ...served, properties: { ...properties, page_view_id: 'ada' } },
    expected: false,
  },
  { why: 'no word on consent', event: { ...served, properties: { page_view_id: id } }, expected: false },
  { why: 'no properties', event: { ...served, properties: undefined }, expected: false },
])('a served page is about nobody, and says nothing else: $why', ({ event, expected }) => {
  expect(isServedPage(event)).toBe(expected);
  // What is no served page has to say whose it is.
  const { anonymousId, userId } = event as { readonly anonymousId?: string; readonly userId?: string };
  if (anonymousId === undefined && userId === undefined) expect(parseEvent(event).ok).toBe(expected);
});
