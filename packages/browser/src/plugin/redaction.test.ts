import 'fake-indexeddb/auto';
import type { TrackEvent } from '@org/track-core';
import { afterEach, expect, test, vi } from 'vitest';
import { clicks } from '../capture/clicks.ts';
import { pageViews } from '../capture/page-views.ts';
import { createTracker } from '../create-browser-tracker.ts';
import { redaction } from './redaction.ts';

const home = location.href;

afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, '', home);
  document.body.innerHTML = '';
});

test.each([
  { why: 'without advertising', initial: { analytics: true }, search: '?utm_source=mail&token=[redacted]' },
  {
    why: 'with advertising',
    initial: { analytics: true, advertising: true },
    search: '?utm_source=mail&token=[redacted]&gclid=Cj0demo',
  },
])('it sees what was captured, and the consent it was captured under: $why', async ({ initial, search }) => {
  const sent: TrackEvent[] = [];
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    sent.push(...JSON.parse(body).batch);
    return Response.json({ success: true });
  });
  history.replaceState(null, '', '/u/ada@example.com?utm_source=mail&token=abc&gclid=Cj0demo');
  document.title = 'Orders of ada@example.com';
  document.body.innerHTML = '<a data-track="Help Opened" href="/help/ada@example.com">Help</a>';
  const tracker = createTracker({
    endpoint: '/api/j',
    capture: [pageViews(), clicks()],
    plugins: [redaction()],
    consent: { initial },
  });
  dispatchEvent(new Event('pagehide')); // the view, at once
  const link = document.querySelector('a');
  link?.addEventListener('click', (event) => event.preventDefault());
  link?.click();
  await tracker.shutdown();

  const page = {
    url: `http://localhost:3999/u/[email]${search}`,
    path: '/u/[email]',
    search,
    title: 'Orders of [email]',
    referrer: '',
  };
  expect(sent).toMatchObject([
    { type: 'page', properties: page, context: { page } },
    { event: 'Help Opened', properties: { href: 'http://localhost:3999/help/[email]' }, context: { page } },
  ]);
});
