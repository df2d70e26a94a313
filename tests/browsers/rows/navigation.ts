import type { CollectedEvent } from '@org/track-core';
import { atLeast, between, type Row } from '../row.ts';

const isId = (value: unknown): boolean => typeof value === 'string' && value.length === 36;

/** Navigations of an app, and coming back. */
export const navigation: readonly Row[] = [
  {
    plugin: 'pageViews',
    name: 'an app shows three pages, one behind a redirect, and goes back',
    async visit({ open, click, stay, page }) {
      await open('/app');
      await stay(300);
      await click('#to-products');
      await stay(300);
      await click('#to-old');
      await stay(300);
      await page.goBack();
      await stay(300);
    },
    of: /^page$/,
    expected: [
      { event: 'page', properties: { path: '/app', title: 'Start', referrer: '' } },
      { event: 'page', properties: { path: '/app/products', title: 'products', referrer: /\/app$/ } },
      { event: 'page', properties: { path: '/app/new', title: 'new', referrer: /\/app\/products$/ } },
      { event: 'page', properties: { path: '/app/products', title: 'products', referrer: /\/app\/new$/ } },
    ],
  },
  {
    plugin: 'pageViews',
    name: 'a link to a part of the page is no other page',
    async visit({ open, click, stay, leave }) {
      await open('/app');
      await click('#to-part');
      await stay(300);
      await leave();
    },
    of: /^page$/,
    expected: [{ event: 'page', properties: { path: '/app' } }],
  },
  {
    plugin: 'pageViews',
    name: 'a page comes back as it was, from the back/forward cache',
    isQuick: true,
    async visit({ site, open, stay, page, sees }) {
      await open('/home');
      await stay(300);
      await page.evaluate(() => void window.tracker.flush());
      await stay(1_200);
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => Object.assign(window, { wasRestored: persisted }));
      });
      await page.goto(`${site.elsewhere}/elsewhere`);
      await page.goBack();
      await sees(() => (window as { wasRestored?: boolean }).wasRestored === true);
    },
    of: /^page$/,
    expected: [
      { event: 'page', properties: { path: '/home' } },
      { event: 'page', properties: { path: '/home' } },
    ],
  },
  {
    plugin: 'createTracker',
    name: 'a request that is answered while the page is in the back/forward cache costs no event, nor holds up the next for ever',
    // Firefox puts no page aside that holds a lock, as one does that stores its events.
    tracker: { isPageOnly: true },
    async visit({ site, open, stay, page, sees }) {
      await open('/home');
      await stay(300);
      await page.evaluate(() => void window.tracker.flush());
      await stay(1_200);
      site.answerAfter(1_500);
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => Object.assign(window, { wasRestored: persisted }));
        window.tracker.track('Asked Before');
        void window.tracker.flush();
      });
      await stay(300);
      await page.goto(`${site.elsewhere}/elsewhere`);
      await stay(2_500);
      site.answerAfter(0);
      await page.goBack();
      await sees(() => (window as { wasRestored?: boolean }).wasRestored === true);
      await page.evaluate(() => void window.tracker.track('Asked After'));
    },
    of: /^Asked /,
    expected: [{ event: 'Asked Before' }, { event: 'Asked After' }],
  },
  {
    plugin: 'attribution',
    name: 'a link of a campaign is the source of all that follows',
    async visit({ open, click, stay }) {
      await open('/app?utm_source=mail&utm_campaign=spring');
      await stay(200);
      await click('#to-products');
      await stay(300);
    },
    of: /^page$/,
    expected: ['/app', '/app/products'].map((path) => ({
      event: 'page',
      properties: { path },
      also: ({ context }: CollectedEvent) => {
        const { name, source } = (context?.campaign ?? {}) as { readonly name?: string; readonly source?: string };
        return name === 'spring' && source === 'mail' ? undefined : `campaign is ${JSON.stringify(context?.campaign)}`;
      },
    })),
  },
  {
    plugin: 'redaction',
    name: 'an address in an address does not leave',
    async visit({ open, stay }) {
      await open('/app/ada@example.com?token=abc&size=m');
      await stay(200);
    },
    of: /^page$/,
    expected: [{ event: 'page', properties: { path: '/app/[email]', search: '?token=[redacted]&size=m' } }],
  },
  {
    plugin: 'engagement',
    name: 'a page of an app is looked at for two seconds, the next one for a second',
    async visit({ open, click, stay, leave }) {
      await open('/app');
      await stay(2_000);
      await click('#to-products');
      await stay(1_300);
      await leave();
    },
    of: /^(page|Page Engaged)$/,
    expected: [
      { event: 'page', properties: { path: '/app', view_id: isId } },
      {
        event: 'page',
        properties: { path: '/app/products', previous_seconds: between(1.9, 15), previous_view_id: isId },
      },
      { event: 'Page Engaged', properties: { seconds: between(1, 15) } },
    ],
  },
  {
    plugin: 'engagement',
    name: 'a click into a frame is somebody who is still there',
    async visit({ open, click, stay, leave }) {
      await open('/app');
      await stay(300);
      await click('iframe >>> #inside');
      await stay(1_500);
      await leave();
    },
    of: /^(Page Engaged|Element Clicked)$/,
    expected: [{ event: 'Page Engaged', properties: { seconds: atLeast(1.5) } }],
  },
];
