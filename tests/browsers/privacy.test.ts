import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectedEvent } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chromium, needs } from '../../scripts/optional.mjs';
import type { Page, Profile } from '../faults/engine.ts';
import { chromium as inChromium } from '../faults/engines/chromium.ts';
import { engines } from '../faults/engines.ts';
import { until } from '../faults/until.ts';
import type { PageOptions } from './page/entry.ts';
import { planted, plantedIn } from './planted.ts';
import { createSite, type Site } from './site.ts';
import { storedBy } from './stored.ts';
import { silence } from './tone.ts';
import { createVisitor, type Visitor } from './visitor.ts';

/** Otherwise a part of it: `npm run test:privacy`. */
const isThorough = Boolean(process.env.TEST_PRIVACY);

/** Others than Chromium nobody has to have. */
const browsers = engines.filter((engine) => engine === inChromium || (isThorough && engine.isInstalled()));

const p = planted;
const escaped = encodeURIComponent(p.email ?? '');
const voice = { type: 'audio/wav', content: silence(30) };
const search = `?email=${escaped}&q=${encodeURIComponent(p.phone ?? '')}&gclid=${p.clickId}&firstName=${p.name}&utm_source=mail&utm_content=${escaped}&page=2`;
const address = `/account/${escaped}/inbox${search}#id_token=${p.token}`;
const nameOf = (event: CollectedEvent): string => ('event' in event ? event.event : event.type);

/** Everything that captures, in the real browser, on a page full of personal data, with the input of a person. */
describe.each(browsers)('a page full of personal data, in $title', needs(chromium), (engine) => {
  let folder: string;
  let profile: Profile;
  let site: Site;
  let page: Page;
  let visitor: Visitor;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'privacy-'));
    profile = await engine.openProfile(folder);
  });
  afterEach(async () => {
    await profile?.close();
    await site?.close();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  async function arrive(tracker: PageOptions): Promise<void> {
    site = await createSite({
      tracker,
      words: { ...planted, escaped },
      files: { [`/voice/${escaped}.wav`]: voice },
    });
    page = await profile.newPage();
    visitor = createVisitor(site, page);
    // From another site, which says all about where that was.
    await page.goto(`${site.elsewhere}/elsewhere/${escaped}?token=${p.token}`);
    await page.evaluate((to) => void setTimeout(() => location.assign(to)), `${site.origin}${address}`);
    await visitor.sees(() => 'tracker' in window && document.readyState === 'complete');
  }

  /** Clicks, types and sends all there is. */
  async function doEverything({ click, fill, stay, press }: Visitor): Promise<void> {
    await stay(1_200); // for what is seen, and the window is awake
    for (const link of ['#help', '#mail', '#call', '#out', '#file', '#reset']) await click(link);
    await click('x-card >>> button');
    await fill('#name', p.name ?? '');
    await fill('#noted', p.address ?? '');
    await fill('#street', p.address ?? '');
    await fill('#password', p.password ?? '');
    await fill('#card', p.card ?? '');
    await fill('#birthday', p.nationalId ?? '');
    await fill('#comment', `${p.iban} ${p.email}`);
    await fill('#note', p.name ?? '');
    await fill('#phone-field', p.phone ?? '');
    await press('Tab');
    await click('#play');
    await click('.dead', { count: 3 });
    await stay(4_000); // nothing answers it, for longer than a busy page may need to notice
    await click('#send');
    await click('#save');
    await stay(1_500);
  }

  const deliveries = [
    { why: 'packed and deferred', hasDeliveryParts: true },
    { why: 'by plain requests', hasDeliveryParts: false },
  ];

  // The second says little more, and takes its time.
  test.each(deliveries.slice(0, isThorough ? 2 : 1))(
    'none of it leaves and none is kept, $why',
    async ({ hasDeliveryParts }) => {
      await arrive({ hasDeliveryParts });
      // What waits is on disk.
      site.answerWith(503);
      await doEverything(visitor);
      const waiting = await storedBy(page);
      expect(Object.keys(waiting).join()).toMatch(/indexedDB/);
      expect(plantedIn(JSON.stringify(waiting))).toEqual([]);

      site.answerWith(undefined);
      await visitor.leave();
      await visitor.open('/home');
      const names = (): Set<string> => new Set(site.events.map(nameOf));
      const captured = [
        ...['Card Opened', 'Dead Clicked', 'Element Clicked', 'Error Occurred', 'File Downloaded', 'Form Abandoned'],
        ...['Form Started', 'Form Submitted', 'Help Opened', 'Impression', 'Mail Opened', 'Outbound Link Clicked'],
        ...['Page Engaged', 'Product Viewed', 'Rage Clicked', 'Video Content Started'],
        ...['Video Playback Exited', 'Video Playback Started', 'Web Vitals', 'page'],
      ];
      // How far something plays depends on the machine, where it has no sound.
      const certain =
        engine === inChromium ? captured : captured.filter((name) => !/^Video (Content|.*Exited)/.test(name));
      // What waited comes in several batches.
      await until(() => certain.every((name) => names().has(name)), 30_000).catch(() => {});
      expect([...names()]).toEqual(expect.arrayContaining(certain));
      expect(plantedIn(site.requests.map((request) => JSON.stringify(request)).join('\n'))).toEqual([]);
      expect(plantedIn(JSON.stringify(await storedBy(page)))).toEqual([]);
    },
  );

  test('before consent nothing is stored and nothing is asked for; after a no nothing is left but the no', async () => {
    await arrive({ consent: {}, hasDeliveryParts: true });
    await doEverything(visitor);
    expect(await storedBy(page)).toEqual({});
    expect(site.requests).toEqual([]);

    site.answerWith(503);
    await page.evaluate(() => window.tracker.consent.set({ analytics: true }));
    await until(() => site.requests.length > 0, 10_000);
    const everywhere = /cookie.*localStorage.*sessionStorage.*indexedDB/;
    let kept = await storedBy(page);
    // A database takes its time to open.
    await until(async () => {
      kept = await storedBy(page);
      return everywhere.test(Object.keys(kept).join());
    }, 10_000);
    expect(Object.keys(kept).join()).toMatch(everywhere);
    expect(plantedIn(JSON.stringify([kept, site.requests]))).toEqual([]);

    await page.evaluate(() => window.tracker.consent.set({ analytics: false }));
    site.answerWith(undefined);
    await visitor.stay(500); // for what was on its way
    const asked = site.requests.length;
    await visitor.fill('#name', p.name ?? '');
    for (const target of ['#help', '.dead', '#send', '#save']) await visitor.click(target);
    await visitor.leave();
    await visitor.open('/home');
    await visitor.stay(500);
    // The no itself is what the person wants remembered.
    const { cookie = '', ...rest } = await storedBy(page);
    expect(decodeURIComponent(cookie)).toMatch(/^jn=1\{"consent":\[\{"analytics":false\},\d+\]\}$/);
    expect(rest).toEqual({});
    expect(site.requests.slice(asked)).toEqual([]);
    expect(site.events).toEqual([]);
  });

  test.each(isThorough ? ['pageOnly()'] : [])('with %s nothing is stored whatever was agreed to', async () => {
    await arrive({ isPageOnly: true, hasDeliveryParts: true });
    site.answerWith(503);
    await doEverything(visitor);
    expect(await storedBy(page)).toEqual({});
    // What cannot leave with the page is lost, so they wait for the next try.
    site.answerWith(undefined);
    await until(() => site.events.some((event) => nameOf(event) === 'Form Submitted'), 40_000);
    await visitor.leave();
    expect(site.events.map(nameOf)).toEqual(expect.arrayContaining(['page', 'Form Submitted']));
    expect(plantedIn(site.requests.map((request) => JSON.stringify(request)).join('\n'))).toEqual([]);
    await visitor.open('/elsewhere');
    expect(await storedBy(page)).toEqual({});
  });

  const all = { analytics: true, advertising: true };

  // What a page can show of the worked cases: who is asked and has said what, with the browser's own objection or without.
  interface Case {
    readonly why: string;
    readonly consent: PageOptions['consent'];
    readonly isGpcOn?: boolean;
    /** Nothing: nothing may arrive. */
    readonly said?: Readonly<Record<string, boolean>>;
    readonly hasClickId?: boolean;
  }

  const cases: readonly Case[] = [
    { why: 'asked, not answered', consent: {} },
    { why: 'asked, not answered, objected to by the browser', consent: {}, isGpcOn: true },
    { why: 'all agreed to', consent: { initial: all }, said: all, hasClickId: true },
    {
      why: 'all agreed to, objected to by the browser: it wins for advertising',
      consent: { initial: all },
      isGpcOn: true,
      said: { ...all, advertising: false },
    },
    {
      why: 'analytics only',
      consent: { initial: { ...all, advertising: false } },
      said: { ...all, advertising: false },
    },
    { why: 'advertising only', consent: { initial: { analytics: false, advertising: true } } },
    { why: 'not asked', consent: { model: 'opt-out' }, said: { analytics: true } },
    {
      why: 'not asked, objected to by the browser',
      consent: { model: 'opt-out' },
      isGpcOn: true,
      said: { analytics: true },
    },
    { why: 'not asked, and said no', consent: { model: 'opt-out', initial: { analytics: false, advertising: false } } },
  ];

  const quick = /^(all agreed to, objected|not asked, objected)/;

  test.each(cases.filter(({ why }) => isThorough || quick.test(why)))(
    '$why',
    async ({ consent, isGpcOn = false, said, hasClickId = false }) => {
      if (isGpcOn) {
        await profile.addInitScript(() =>
          Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
        );
      }
      site = await createSite({ tracker: { consent } });
      page = await profile.newPage();
      visitor = createVisitor(site, page);
      await visitor.open(`/home?gclid=${p.clickId}`);
      await visitor.stay(200);
      await visitor.leave();
      if (said) await until(() => site.events.some((event) => nameOf(event) === 'page'), 10_000);
      else await visitor.stay(500);
      const pages = site.events.filter((event) => nameOf(event) === 'page');
      expect(pages.map(({ context }) => context?.consent?.categoryPreferences)).toEqual(
        said ? [expect.objectContaining(said)] : [],
      );
      expect(pages.map(({ context }) => context?.consent?.gpc ?? false)).toEqual(said ? [isGpcOn] : []);
      expect(plantedIn(JSON.stringify(site.requests)).includes('clickId')).toBe(hasClickId);
      if (!said) expect(site.requests).toEqual([]);
    },
  );
});
