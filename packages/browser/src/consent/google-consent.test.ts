import { type Consent, type ConsentPreferences, createConsent, type Tracker } from '@org/track-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GoogleConsentOptions, googleConsent } from './google-consent.ts';

type Said = Readonly<Record<string, unknown>>;
type Page = { dataLayer?: unknown; otherLayer?: unknown[] };

const page = globalThis as unknown as Page;
const all = (word: string): Said => ({
  ...{ ad_storage: word, ad_user_data: word, ad_personalization: word, analytics_storage: word },
  ...{ functionality_storage: word, personalization_storage: word, security_storage: word },
});
const ads = (word: string): Said => ({ ad_storage: word, ad_user_data: word, ad_personalization: word });

let stops: (() => void)[];
let changes: number;

beforeEach(() => {
  delete page.dataLayer;
  stops = [];
  changes = 0;
});
afterEach(() => {
  for (const stop of stops) stop();
  vi.restoreAllMocks();
  delete page.otherLayer;
});

/** As Google's snippet has it. */
function gtag(..._command: unknown[]): void {
  page.dataLayer ??= [];
  // biome-ignore lint/complexity/noArguments: as Google's snippet has it
  (page.dataLayer as unknown[]).push(arguments);
}

interface Start extends GoogleConsentOptions {
  readonly initial?: ConsentPreferences;
  readonly gpc?: boolean;
  readonly undecided?: boolean;
}

function start({ initial, gpc = false, undecided, ...options }: Start = {}): Consent {
  const consent = createConsent({ initial, gpc, undecided, now: Date.now });
  consent.onChange(() => changes++);
  stops.push(googleConsent(options).setup?.({ consent } as Tracker) ?? (() => {}));
  return consent;
}

/** All commands in the data layer so far. */
const commands = (): unknown[][] => [...(page.dataLayer as ArrayLike<unknown>[])].map((entry) => Array.from(entry));

describe('in', () => {
  test.each<{ why: string; said: [kind: string, signals: Said][]; is: ConsentPreferences; start?: Start }>([
    {
      why: 'granted',
      said: [['update', all('granted')]],
      is: { functional: true, analytics: true, advertising: true },
    },
    {
      why: 'denied',
      said: [['update', all('denied')]],
      is: { functional: false, analytics: false, advertising: false },
    },
    {
      why: 'each for itself',
      said: [['update', { ...ads('denied'), analytics_storage: 'granted' }]],
      is: { analytics: true, advertising: false },
    },
    { why: 'part of a yes is none', said: [['update', { ad_storage: 'granted', ad_user_data: 'granted' }]], is: {} },
    {
      why: 'part of a no is one',
      said: [['update', { ...ads('granted'), ad_user_data: 'denied' }]],
      is: { advertising: false },
    },
    {
      why: 'in two steps',
      said: [
        ['update', { ad_storage: 'granted' }],
        ['update', { ad_user_data: 'granted', ad_personalization: 'granted' }],
      ],
      is: { advertising: true },
    },
    {
      why: 'the latest counts',
      said: [
        ['update', all('granted')],
        ['update', { analytics_storage: 'denied' }],
      ],
      is: { functional: true, analytics: false, advertising: true },
    },
    { why: 'a default grants nothing', said: [['default', all('granted')]], is: {} },
    {
      why: 'nor does it complete a yes',
      said: [
        ['default', all('granted')],
        ['update', { ad_storage: 'granted' }],
      ],
      is: {},
    },
    { why: 'a default that denies leaves it open', said: [['default', all('denied')]], is: {} },
    {
      why: 'until an update',
      said: [
        ['default', all('denied')],
        ['update', { analytics_storage: 'granted' }],
      ],
      is: { analytics: true },
    },
    {
      why: 'what an update leaves denied is a no',
      said: [
        ['default', all('denied')],
        ['update', { ad_storage: 'granted' }],
      ],
      is: { advertising: false },
    },
    {
      why: 'under opt-out a default that denies is a no',
      said: [['default', { analytics_storage: 'denied', region: ['ES'], wait_for_update: 500 }]],
      is: { analytics: false },
      start: { undecided: true },
    },
    {
      why: 'but none against the person',
      said: [['default', all('denied')]],
      is: { analytics: true },
      start: { undecided: true, initial: { functional: true, analytics: true, advertising: true } },
    },
    {
      why: 'other words are no answer',
      said: [
        ['update', all('maybe')],
        ['update', { analytics_storage: true }],
      ],
      is: {},
    },
    {
      why: 'Global Privacy Control stays',
      said: [['update', all('granted')]],
      is: { analytics: true, advertising: false },
      start: { gpc: true },
    },
  ])('$why', ({ said, is, start: options }) => {
    for (const [kind, signals] of said) gtag('consent', kind, signals);
    expect(start({ ...options, writes: false }).get().preferences, 'said before').toMatchObject(is);
    const wanted = start({ ...options, writes: false }).get().preferences;
    delete page.dataLayer;
    const consent = start({ ...options, writes: false });
    for (const [kind, signals] of said) gtag('consent', kind, signals);
    expect(consent.get().preferences, 'said after').toEqual(wanted);
    if (Object.keys(is)[0] === undefined) expect(wanted).toEqual({});
  });

  test('an array will do for a command', () => {
    page.dataLayer = [['consent', 'update', { analytics_storage: 'granted' }]];
    expect(start().get().preferences).toEqual({ analytics: true });
  });

  test('a category of which nothing is said stays as it is', () => {
    const consent = start({ writes: false });
    gtag('consent', 'update', { analytics_storage: 'granted' });
    consent.set({ analytics: false });
    gtag('consent', 'update', ads('denied'));
    expect(consent.get().preferences).toEqual({ analytics: false, advertising: false });
  });

  test('what Global Privacy Control said is not decided again', () => {
    start({ gpc: true });
    gtag('consent', 'update', ads('granted'));
    gtag('consent', 'update', ads('denied'));
    expect(changes).toBe(0);
  });

  test('what is known already is not decided again', () => {
    const consent = start({ initial: { analytics: true } });
    gtag('consent', 'update', { analytics_storage: 'granted' });
    expect(changes).toBe(0);
    expect(consent.get().decidedAt).toBeUndefined();
  });

  test.each([
    { why: 'another command', entry: ['config', 'G-1'] },
    { why: 'an event of a tag manager', entry: { event: 'gtm.js', length: 1e9 } },
    { why: 'nothing', entry: null },
    { why: 'a text', entry: 'consent' },
    { why: 'no signals', entry: ['consent', 'update'] },
    { why: 'null for signals', entry: ['consent', 'update', null] },
    {
      why: 'signals that throw',
      entry: [
        'consent',
        'update',
        {
          get analytics_storage() {
            throw new Error('hostile');
          },
        },
      ],
    },
  ])('$why harms nothing, before or after', ({ entry }) => {
    page.dataLayer = [entry];
    const consent = start();
    const layer = page.dataLayer as unknown[];
    expect(layer.push(entry, entry)).toBe(3);
    gtag('consent', 'update', { analytics_storage: 'granted' });
    expect(consent.get().preferences).toEqual({ analytics: true });
    layer.push(entry);
    consent.set({ analytics: false });
    expect(Array.from(layer.at(-1) as ArrayLike<unknown>)).toEqual([
      'consent',
      'update',
      { analytics_storage: 'denied' },
    ]);
  });

  test('once stopped it hears nothing, and the data layer is as it was', () => {
    const push = vi.fn(Array.prototype.push);
    page.dataLayer = Object.assign([], { push });
    const consent = start();
    for (const stop of stops.splice(0)) stop();
    expect((page.dataLayer as unknown[]).push).toBe(push);
    gtag('consent', 'update', all('granted'));
    expect(consent.get().preferences).toEqual({});
  });

  test('what Google wrapped around it since stays, and it hears no more', () => {
    const consent = start();
    const layer = page.dataLayer as unknown[];
    const { push } = layer;
    const outer = (...entries: unknown[]): number => push.apply(layer, entries);
    layer.push = outer;
    gtag('consent', 'update', { analytics_storage: 'granted' });
    for (const stop of stops.splice(0)) stop();
    expect(layer.push).toBe(outer);
    gtag('consent', 'update', { analytics_storage: 'denied' });
    expect(consent.get().preferences).toEqual({ analytics: true });
    expect(commands()).toHaveLength(2);
  });

  test('it can be left out', () => {
    const consent = start({ reads: false });
    gtag('consent', 'update', all('granted'));
    expect(consent.get().preferences).toEqual({});
  });
});

describe('out', () => {
  test('what was decided, and each later decision, in Google’s words', () => {
    const consent = start({ initial: { analytics: true } });
    consent.set({ advertising: false, functional: true });
    consent.set({ advertising: true });
    expect(commands()).toEqual([
      ['consent', 'update', { analytics_storage: 'granted' }],
      ['consent', 'update', { functionality_storage: 'granted', personalization_storage: 'granted', ...ads('denied') }],
      ['consent', 'update', ads('granted')],
    ]);
    // Google's tags tell a command by its kind: an array is none.
    expect(Object.prototype.toString.call((page.dataLayer as unknown[])[0])).toBe('[object Arguments]');
  });

  test('nobody decided: nothing is said', () => {
    start();
    expect(commands()).toEqual([]);
  });

  test('Global Privacy Control is said', () => {
    start({ gpc: true });
    expect(commands()).toEqual([['consent', 'update', ads('denied')]]);
  });

  test('and once more, when the page says otherwise', () => {
    start({ gpc: true });
    gtag('consent', 'update', all('granted'));
    expect(commands().at(-1)).toEqual(['consent', 'update', ads('denied')]);
    expect(commands()).toHaveLength(3);
  });

  test.each([
    { why: 'at once, as a platform and a template do', waits: [0, 0] },
    { why: 'at each view of a page', waits: [0, 2_000, 2_000, 2_000, 2_000] },
  ])('and whenever the page says the same again: $why', ({ waits }) => {
    let at = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => at);
    start({ gpc: true });
    for (const wait of waits) {
      at += wait;
      gtag('consent', 'update', all('granted'));
      expect(commands().at(-1)).toEqual(['consent', 'update', ads('denied')]);
    }
  });

  test('it can be left out', () => {
    start({ writes: false }).set({ analytics: true });
    expect(commands()).toEqual([]);
  });

  test('once stopped nothing is said', () => {
    const consent = start();
    for (const stop of stops.splice(0)) stop();
    consent.set({ analytics: true });
    expect(commands()).toEqual([]);
  });

  test('into the data layer that is named', () => {
    start({ dataLayer: 'otherLayer' }).set({ analytics: true });
    expect(page.otherLayer).toHaveLength(1);
    expect(page.dataLayer).toBeUndefined();
  });
});

describe('no word comes back', () => {
  test('what was read is not written, and what was written is not read', () => {
    const consent = start();
    gtag('consent', 'update', { analytics_storage: 'granted' });
    expect(commands()).toHaveLength(1);
    consent.set({ analytics: false });
    expect(commands()).toHaveLength(2);
    expect(changes).toBe(2);
  });

  test('nor when it is set up again over what it wrote', () => {
    const plugin = googleConsent();
    const consent = createConsent({ gpc: false, now: Date.now });
    plugin.setup?.({ consent } as Tracker);
    consent.set({ analytics: true });
    consent.set({ analytics: false });
    stops.push(plugin.setup?.({ consent } as Tracker) ?? (() => {}));
    expect(consent.get().preferences).toEqual({ analytics: false });
  });

  test.each([
    { why: 'at once', later: (task: () => void) => task() },
    { why: 'later', later: (task: () => void) => void queueMicrotask(task) },
  ])('not even from a page that answers each of ours with its own $why', async ({ later }) => {
    page.dataLayer = [];
    const layer = page.dataLayer as unknown[];
    const { push } = layer;
    let echoes = 0;
    layer.push = (...entries) => {
      const length = push.apply(layer, entries);
      const { 2: said } = entries[0] as { 2: Said };
      if (said.ad_storage === 'denied' && ++echoes < 50) later(() => gtag('consent', 'update', all('granted')));
      return length;
    };
    const consent = start({ gpc: true });
    await new Promise((done) => setTimeout(done, 20));
    expect(echoes).toBeLessThan(4);
    expect(consent.get().preferences.advertising).toBe(false);
  });

  test('nor from one that also takes back each yes', () => {
    page.dataLayer = [];
    const layer = page.dataLayer as unknown[];
    const { push } = layer;
    let words = 0;
    layer.push = (...entries) => {
      const length = push.apply(layer, entries);
      const { 2: said } = entries[0] as { 2: Said };
      if (said.analytics_storage === 'denied' && ++words < 50)
        gtag('consent', 'update', { analytics_storage: 'granted' });
      return length;
    };
    const consent = start();
    consent.onChange(({ preferences }) => preferences.analytics && consent.set({ analytics: false }));
    consent.set({ analytics: false });
    expect(words).toBeLessThan(4);
  });
});

test.each([{ taken: { push: 1 } }, { taken: 'text' }, { taken: document.createElement('form') }])(
  'where something else has the name it does nothing',
  ({ taken }) => {
    page.dataLayer = taken;
    start().set({ analytics: true });
    expect(page.dataLayer).toBe(taken);
  },
);
