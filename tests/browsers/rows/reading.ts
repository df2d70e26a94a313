import { atLeast, between, type Row } from '../row.ts';

/** A long article with pictures that come late, and its links. */
export const reading: readonly Row[] = [
  {
    plugin: 'scrollDepth',
    name: 'an article is read to its end, and grows on the way',
    async visit({ open, page, scroll, stay, leave }) {
      await open('/article');
      await stay(700);
      const isAtEnd = (): boolean => scrollY + innerHeight >= document.documentElement.scrollHeight - 5;
      for (let turn = 0; turn < 60 && !(await page.evaluate(isAtEnd)); turn++) await scroll(900);
      await stay(500);
      await leave();
    },
    of: /^Page Engaged$/,
    expected: [{ event: 'Page Engaged', properties: { percent: 100 } }],
  },
  {
    plugin: 'scrollDepth',
    name: 'an article is left after some lines',
    async visit({ open, scroll, stay, leave }) {
      await open('/article');
      await stay(700);
      await scroll(600);
      await stay(500);
      await leave();
    },
    of: /^Page Engaged$/,
    expected: [{ event: 'Page Engaged', properties: { percent: between(5, 60) } }],
  },
  {
    plugin: 'impressions',
    name: 'a headline is seen for a second and more, the end never',
    isQuick: true,
    async visit({ open, stay, leave }) {
      await open('/article');
      await stay(1_500);
      await leave();
    },
    of: /^Impression$/,
    expected: [
      { event: 'Impression', properties: { name: 'Headline', id: 'a1', share: 1, visible_ms: atLeast(1_000) } },
    ],
  },
  {
    plugin: 'impressions',
    name: 'a card in a shadow tree is seen',
    async visit({ open, stay, leave }) {
      await open('/app');
      await stay(1_600);
      await leave();
    },
    of: /^Impression$/,
    expected: [{ event: 'Impression', properties: { name: 'Card', id: 'c1', visible_ms: atLeast(1_000) } }],
  },
  {
    plugin: 'Impression (React)',
    name: 'three products of a list are seen, each once',
    async visit({ open, click, stay, leave }) {
      await open('/app');
      await stay(1_600);
      await click('#answers');
      await stay(1_200);
      await leave();
    },
    of: /^Product Viewed$/,
    expected: ['p1', 'p2', 'p3'].map((product_id) => ({ event: 'Product Viewed', properties: { product_id } })),
  },
  {
    plugin: 'outboundLinks',
    name: 'a link leads to another site: the page goes, the event comes',
    isQuick: true,
    async visit({ site, open, click, page }) {
      await open('/article');
      await click('#outbound');
      await page.waitForURL(`${site.elsewhere}/elsewhere?ref=us#top`);
    },
    of: /^Outbound Link Clicked$/,
    expected: [
      { event: 'Outbound Link Clicked', properties: { host: 'localhost', href: /localhost:\d+\/elsewhere$/ } },
    ],
  },
  {
    plugin: 'outboundLinks',
    name: 'the middle button opens one, our own links are none',
    async visit({ open, click, stay }) {
      await open('/article');
      await click('#new-tab', { button: 'middle' });
      await stay(300);
      await click('#own');
      await stay(500);
    },
    of: /^Outbound Link Clicked$/,
    expected: [{ event: 'Outbound Link Clicked', properties: { host: 'localhost' } }],
    untried: { webkit: 'its driver does not come back from a middle button' },
  },
  {
    plugin: 'downloads',
    name: 'a report is downloaded',
    async visit({ open, click, stay }) {
      await open('/article');
      await click('#report');
      await stay(300);
    },
    of: /^File Downloaded$/,
    expected: [{ event: 'File Downloaded', properties: { extension: 'pdf', href: /\/files\/report\.pdf$/ } }],
  },
  {
    plugin: 'webVitals',
    name: 'a page shows its largest part, answers a click, and goes',
    async visit({ open, click, stay, leave }) {
      await open('/app');
      await stay(500);
      await click('#answers');
      await stay(2_000); // the library measures interactions when the page is idle, after a second at most
      await leave();
    },
    of: /^Web Vitals$/,
    expected: [
      {
        event: 'Web Vitals',
        properties: {
          lcp_ms: atLeast(1),
          inp_ms: atLeast(0),
          navigation_type: 'navigate',
        },
      },
    ],
    limits: { webkit: 'this version tells neither largest parts nor interactions' },
  },
  {
    plugin: 'webVitals',
    name: 'a page comes and shows something',
    async visit({ open, stay, leave }) {
      await open('/app');
      await stay(500);
      await leave();
    },
    of: /^Web Vitals$/,
    expected: [
      { event: 'Web Vitals', properties: { ttfb_ms: atLeast(0), fcp_ms: atLeast(1), navigation_type: 'navigate' } },
    ],
  },
  {
    plugin: 'webVitals',
    name: 'how much a page moves while it loads',
    async visit({ open, stay, leave }) {
      await open('/app');
      await stay(500);
      await leave();
    },
    of: /^Web Vitals$/,
    expected: [{ event: 'Web Vitals', properties: { cls: atLeast(0), ttfb_ms: atLeast(0) } }],
    limits: { firefox: 'it does not tell layout shifts', webkit: 'it does not tell layout shifts' },
  },
];
