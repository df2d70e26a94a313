import {
  type ConsentCategory,
  type ConsentPreferences,
  createConsent,
  type EventContext,
  type Plugin,
  type TrackEvent,
  type Tracker,
} from '@org/track-core';
import { anEvent } from '@org/track-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { redaction } from '../plugin/redaction.ts';
import { attribution } from './attribution.ts';

const home = location.href;
const key = 'jn:from';
const yes = { analytics: true, advertising: true };
const days = 86_400_000;

let stops: (() => void)[];

beforeEach(() => {
  stops = [];
  localStorage.clear();
});

afterEach(() => {
  for (const stop of stops) stop();
  history.replaceState(null, '', home);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

interface Load {
  readonly to?: string;
  readonly from?: string;
  readonly by?: 'navigate' | 'reload' | 'back_forward';
  readonly plugin?: Plugin;
  readonly says?: ConsentPreferences;
}

/** A page load: what it tells with each event, and its consent. */
function load({ to = '/', from = '', by = 'navigate', plugin = attribution(), says = yes }: Load = {}) {
  for (const stop of stops.splice(0)) stop();
  history.replaceState(null, '', to);
  vi.spyOn(document, 'referrer', 'get').mockReturnValue(from);
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{ type: by } as PerformanceNavigationTiming]);
  const consent = createConsent({ gpc: false, initial: says, now: Date.now });
  stops.push(plugin.setup?.({ consent } as Tracker) ?? (() => {}));

  /** The context that an event of the session `id` has in the end. */
  function tell(id = 's1', event: Partial<TrackEvent> = {}, purpose: ConsentCategory = 'analytics') {
    const { url = location.href, ...page } = event.context?.page ?? {};
    const context = {
      page: { url, search: new URL(url).search, ...page },
      session: { id },
      consent: { categoryPreferences: { ...consent.get().preferences, [purpose]: true }, gpc: consent.get().gpc },
      ...event.context,
    };
    const out = plugin.process?.(anEvent({ ...(event as object), context } as object));
    const told = JSON.parse(JSON.stringify(out?.context)) as EventContext & Told;
    return { event: out as TrackEvent, ...told };
  }
  return { tell, consent };
}

interface Told {
  readonly campaign?: object;
  readonly referrer?: object;
  readonly clickIds?: object;
  readonly attribution: { readonly landing: object; readonly first: object };
}

/** A storage that notes what is done to it, and may refuse it. */
function watchStorage(refuses: { reading?: string; writing?: string } = {}): string[] {
  const done: string[] = [];
  const refuse = (name?: string): void => {
    if (name) throw new DOMException('no', name);
  };
  const write = (verb: string, name: unknown): true => {
    done.push(`${verb} ${String(name)}`);
    refuse(refuses.writing);
    return true;
  };
  const storage = new Proxy<Record<string, unknown>>(
    {},
    {
      get(kept, name) {
        refuse(refuses.reading);
        if (name === 'setItem')
          return (at: string, text: string) => write('set', at) && Object.assign(kept, { [at]: text });
        if (name === 'removeItem') return (at: string) => write('remove', at) && delete kept[at];
        done.push(`get ${String(name)}`);
        return kept[name as string];
      },
    },
  );
  vi.stubGlobal('localStorage', storage);
  return done;
}

const google = 'https://www.google.com/';
const origin = new URL(home).origin;
const go = (url: string): void => history.pushState(null, '', url);

/** What the last source became after some loads, in short: the campaign's source, else the referrer's host, else direct. */
const short = ({ campaign, referrer }: { campaign?: object; referrer?: object }): string => {
  const { source } = (campaign ?? {}) as { source?: string };
  const { url } = (referrer ?? {}) as { url?: string };
  return source ?? (url ? new URL(url).hostname : 'direct');
};

test('the page a visit begins on says where it came from, on every event', () => {
  const { tell } = load({
    to: '/sale?utm_source=mail&utm_campaign=spring&gclid=Cj0&q=shoes',
    from: `${google}search?q=x`,
  });
  const told = {
    campaign: { source: 'mail', name: 'spring' },
    referrer: { url: `${google}search` },
    clickIds: { gclid: 'Cj0' },
    attribution: {
      landing: { url: `${origin}/sale`, referrer: `${google}search` },
      first: {
        ...{ url: `${origin}/sale`, referrer: `${google}search`, timestamp: '2026-01-01T00:00:00.000Z' },
        ...{ campaign: { source: 'mail', name: 'spring' }, clickIds: { gclid: 'Cj0' } },
      },
    },
  };
  expect(tell()).toMatchObject(told);
  go('/product');
  expect(tell()).toMatchObject(told);
});

describe('within a visit', () => {
  test.each<{ why: string; loads: readonly Load[]; is: string }>([
    { why: 'coming directly wipes nothing', loads: [{ to: '/?utm_source=mail' }, { to: '/b' }], is: 'mail' },
    { why: 'nor does a link of ours', loads: [{ from: google }, { from: `${origin}/` }], is: 'www.google.com' },
    { why: 'a campaign takes the place of one', loads: [{ to: '/?utm_source=a' }, { to: '/?utm_source=b' }], is: 'b' },
    { why: 'also if it comes from us', loads: [{ from: google }, { to: '/?utm_source=b', from: origin }], is: 'b' },
    { why: 'another site does', loads: [{ to: '/?utm_source=a' }, { from: google }], is: 'www.google.com' },
    { why: 'a click from an app does', loads: [{ to: '/?utm_source=a' }, { to: '/?gclid=1' }], is: 'direct' },
    {
      why: 'a click id that we pass on does not',
      loads: [{ to: '/?utm_source=a&gclid=1' }, { to: '/b?gclid=1', from: `${origin}/` }],
      is: 'a',
    },
    {
      why: 'a reload does not',
      loads: [{ to: '/?utm_source=a' }, { to: '/?utm_source=b' }, { to: '/?utm_source=a', by: 'reload' }],
      is: 'b',
    },
    {
      why: 'nor does going back',
      loads: [{ from: google }, { to: '/?utm_source=b' }, { from: google, by: 'back_forward' }],
      is: 'b',
    },
    {
      why: 'a site that is one of ours is no source',
      loads: [
        { from: google },
        { from: 'https://pay.example/', plugin: attribution({ internalHosts: ['pay.example'] }) },
      ],
      is: 'www.google.com',
    },
    {
      why: 'nor where it was written in capitals',
      loads: [
        { from: google },
        { from: 'https://pay.example/', plugin: attribution({ internalHosts: ['Pay.Example'] }) },
      ],
      is: 'www.google.com',
    },
  ])('$why', ({ loads, is }) => {
    const tell = () => loads.map((one) => load(one).tell()).at(-1);
    expect(short(tell() ?? {})).toBe(is);
  });

  test('the landing stays, and the first touch', () => {
    load({ to: '/first?utm_source=a', from: google }).tell();
    const { attribution: told } = load({ to: '/second?utm_source=b' }).tell();
    expect(told).toMatchObject({
      landing: { url: `${origin}/first`, referrer: google },
      first: { campaign: { source: 'a' } },
    });
  });

  test('a link of a single-page app with a campaign counts, and going back to the page before does not', () => {
    const { tell } = load({ to: '/?utm_source=a', from: google });
    tell();
    go('/sale?utm_source=banner');
    expect(short(tell())).toBe('banner');
    go('/?utm_source=a');
    expect(short(tell())).toBe('banner');
    go('/other?gclid=passed-on');
    expect(short(tell())).toBe('banner');
  });

  test('the page an event happened on counts, not the one of the moment it may go on', () => {
    const { tell } = load({ to: '/now' });
    expect(short(tell('s1', { context: { page: { url: `${origin}/then?utm_source=mail` } } }))).toBe('mail');
  });
});

describe('the next visit', () => {
  test('begins as its page says, and the first touch stays', () => {
    load({ to: '/?utm_source=a' }).tell('s1');
    const told = load({ to: '/b', from: google }).tell('s2');
    expect(short(told)).toBe('www.google.com');
    expect(told.attribution).toMatchObject({
      landing: { url: `${origin}/b`, referrer: google },
      first: { campaign: { source: 'a' } },
    });
  });

  test('on a page that is still open it is direct, whatever the address says', () => {
    const { tell } = load({ to: '/?utm_source=a', from: google });
    tell('s1');
    const told = tell('s2');
    expect(short(told)).toBe('direct');
    expect(told.attribution).toMatchObject({ landing: { url: `${origin}/` }, first: { campaign: { source: 'a' } } });
  });

  test('on a reloaded page nobody remembers, the page says it: banners reload', () => {
    expect(short(load({ to: '/?utm_source=a', by: 'reload' }).tell())).toBe('a');
  });

  test.each([
    {
      why: 'another person’s is theirs',
      event: { anonymousId: 'somebody-else', timestamp: new Date(days).toJSON() },
      is: 'b',
    },
    { why: 'a year later the first touch is the same', event: { timestamp: new Date(394 * days).toJSON() }, is: 'a' },
    { why: 'after 395 days it is forgotten', event: { timestamp: new Date(395 * days).toJSON() }, is: 'b' },
  ])('$why', ({ event, is }) => {
    load({ to: '/?utm_source=a' }).tell('s1', { timestamp: new Date(0).toJSON() });
    const { attribution: told } = load({ to: '/?utm_source=b' }).tell('s2', event);
    expect(told.first).toMatchObject({ campaign: { source: is } });
  });
});

test('what a caller says comes first', () => {
  const { tell } = load({ to: '/?utm_source=a' });
  const context = { campaign: { source: 'mine' }, referrer: { url: 'https://mine.example/' } };
  expect(tell('s1', { context })).toMatchObject(context);
});

describe('a click id', () => {
  const landing = '/p?gclid=Cj0demo&utm_medium=cpc';

  test.each([
    { why: 'undecided', says: { analytics: true } },
    { why: 'no', says: { analytics: true, advertising: false } },
  ])('without a yes to advertising ($why) is nowhere: not told, in no address, not stored', ({ says }) => {
    const { tell } = load({ to: landing, says });
    const properties = {
      url: `${origin}${landing}`,
      ...{
        search: '?gclid=1',
        cut: '/p?a=1&gclid=1',
        mid: '?a=1&fbclid=2&MSCLKID=3&b=2#x',
        run: '?gclid=1&fbclid=2&b=1',
      },
      ...{
        next: '/login?to=%2Fp%3Fgclid%3DCj0demo%26b%3D2&c=3',
        end: '/login?to=%2Fp%3Fgclid%3DCj0demo&c=3',
        both: '/login?to=%2Fp%3Fgclid%3DCj0demo&fbclid=2&c=3',
        deep: '/login?to=%2Fa%3Ft%3D%252Fp%253Fgclid%253DCj0demo%2526b%253D2%26c%3D3&d=4',
        deepEnd: '/login?to=%2Fa%3Ft%3D%252Fp%253Fgclid%253DCj0demo%26c%3D3&d=4',
        odd: '/p?gclid=1%26b%3D2',
        twice: '%252Fp%253Fgclid%253DCj0demo',
        text: 'see /p?gclid=1 there',
        kept: '?mygclid=1&gclidx=2',
        escaped: '%2Fp%3Fgclid%3D1',
        products: [{ url: '/p?gclid=1' }, null],
      },
    };
    const { event, ...told } = tell('s1', { properties } as Partial<TrackEvent>);
    expect(told.page).toMatchObject({ url: `${origin}/p?utm_medium=cpc`, search: '?utm_medium=cpc' });
    expect(event).toMatchObject({
      properties: {
        url: `${origin}/p?utm_medium=cpc`,
        ...{ search: '', cut: '/p?a=1', mid: '?a=1&b=2#x', run: '?b=1' },
        ...{
          next: '/login?to=%2Fp%3Fb%3D2&c=3',
          end: '/login?to=%2Fp&c=3',
          both: '/login?to=%2Fp&c=3',
          deep: '/login?to=%2Fa%3Ft%3D%252Fp%253Fb%253D2%26c%3D3&d=4',
          deepEnd: '/login?to=%2Fa%3Ft%3D%252Fp%26c%3D3&d=4',
          odd: '/p?b%3D2',
          twice: '%252Fp',
          text: 'see /p there',
          kept: '?mygclid=1&gclidx=2',
          escaped: '%2Fp',
          products: [{ url: '/p' }, null],
        },
      },
    });
    expect(JSON.stringify(event)).not.toContain('Cj0demo');
    expect(told).toMatchObject({ campaign: { medium: 'cpc' } });
    expect(localStorage[key]).toContain('cpc');
    expect(localStorage[key]).not.toMatch(/Cj0demo|clickIds/);
  });

  test('is nowhere under Global Privacy Control, whatever the event says', () => {
    const { tell } = load({ to: landing });
    const consent = { categoryPreferences: yes, gpc: true };
    expect(JSON.stringify(tell('s1', { context: { consent } }).event)).not.toContain('Cj0demo');
    expect(localStorage[key]).not.toContain('Cj0demo');
  });

  test('that the caller hands in needs the yes too', () => {
    const { tell } = load({ says: { analytics: true } });
    expect(tell('s1', { context: { clickIds: { gclid: '1' } } }).clickIds).toBeUndefined();
  });

  test('is told once the yes is there, and remembered', () => {
    const { tell, consent } = load({ to: landing, says: { analytics: true } });
    expect(tell().clickIds).toBeUndefined();
    consent.set({ advertising: true });
    expect(tell().clickIds).toEqual({ gclid: 'Cj0demo' });
    expect(load({ to: '/b' }).tell().clickIds).toEqual({ gclid: 'Cj0demo' });
  });

  test('is forgotten with the no, at once', () => {
    const { tell, consent } = load({ to: landing });
    tell();
    expect(localStorage[key]).toContain('Cj0demo');
    consent.set({ advertising: false });
    expect(localStorage[key]).toContain('cpc');
    expect(localStorage[key]).not.toContain('Cj0demo');
  });

  test('is forgotten if the no was said elsewhere', () => {
    load({ to: landing }).tell();
    load({ to: '/b', says: { analytics: true, advertising: false } });
    expect(localStorage[key]).not.toContain('Cj0demo');
  });
});

describe('without a yes to analytics', () => {
  const necessary = (tell: ReturnType<typeof load>['tell']) => tell('s1', {}, 'necessary');

  test.each<{ why: string; says: ConsentPreferences }>([
    { why: 'undecided', says: {} },
    { why: 'no to advertising', says: { advertising: false } },
  ])('($why) nothing is stored or even read, and this page knows all the same', ({ says }) => {
    const done = watchStorage();
    const { tell } = load({ to: '/?utm_source=a', says });
    expect(short(necessary(tell))).toBe('a');
    go('/b');
    expect(short(necessary(tell))).toBe('a');
    expect(done).toEqual([]);
  });

  test.each([
    { why: 'a later no', act: () => load({ to: '/?utm_source=a' }) },
    { why: 'a no said elsewhere, when the next page loads', act: () => load({ says: { analytics: false } }) },
  ])('$why removes what was stored', ({ act }) => {
    load({ to: '/?utm_source=a' }).tell();
    expect(localStorage[key]).toContain('utm_source'.slice(4));
    act().consent.set({ analytics: false });
    expect(Object.keys(localStorage)).toEqual([]);
    load({ says: { analytics: false } });
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test('after a no and a yes on one page, all is stored anew', () => {
    const { tell, consent } = load({ to: '/?utm_source=a' });
    tell();
    consent.set({ analytics: false });
    expect(localStorage[key]).toBeUndefined();
    consent.set({ analytics: true });
    tell();
    expect(localStorage[key]).toContain('"a"');
  });

  test('what the page knew is stored with the yes, in place of what an older visit left', () => {
    load({ to: '/?utm_source=old' }).tell('s0');
    const { tell, consent } = load({ to: '/?utm_source=a', says: {} });
    necessary(tell);
    go('/b');
    consent.set({ analytics: true });
    tell();
    expect(short(load({ to: '/c' }).tell())).toBe('a');
  });
});

describe('storage', () => {
  test('is written when something changes, and read once, not with each event', () => {
    const done = watchStorage();
    const { tell } = load({ to: '/?utm_source=a' });
    for (let i = 0; i < 10; i++) tell();
    expect(done).toEqual([`get ${key}`, `set ${key}`]);
    tell('s2');
    expect(done.slice(2)).toEqual([`set ${key}`]);
  });

  test('another tab’s source is heard', () => {
    const { tell } = load({ to: '/?utm_source=a' });
    tell();
    localStorage[key] = localStorage[key].replaceAll('"a"', '"b"');
    expect(short(tell())).toBe('a');
    dispatchEvent(new StorageEvent('storage', { key: 'another' }));
    expect(short(tell())).toBe('a');
    dispatchEvent(new StorageEvent('storage', { key }));
    expect(short(tell())).toBe('b');
  });

  test.each(['null', '1', '"x"', '[]', '{', '{"session":"s1"}', '{"session":"s1","last":{},"landing":{}}', ''])(
    'that holds %j tells nothing and harms nothing',
    (text) => {
      localStorage.setItem(key, text);
      expect(short(load({ to: '/?utm_source=a' }).tell())).toBe('a');
    },
  );

  test.each([
    { why: 'is refused', stub: () => void watchStorage({ reading: 'SecurityError' }) },
    { why: 'is full', stub: () => void watchStorage({ writing: 'QuotaExceededError' }) },
    { why: 'is missing', stub: () => void vi.stubGlobal('localStorage', undefined) },
  ])('that $why costs nothing', ({ stub }) => {
    stub();
    const { tell, consent } = load({ to: '/?utm_source=a', from: google });
    expect(short(tell())).toBe('a');
    go('/b');
    expect(short(tell())).toBe('a');
    consent.set({ analytics: false });
    consent.set({ advertising: false, analytics: true });
    expect(short(tell())).toBe('a');
  });
});

test('an event without context, as a plugin may have left it, is told of too', () => {
  const plugin = attribution();
  load({ to: '/?utm_source=a', plugin });
  const event = plugin.process?.(anEvent());
  expect(event?.context).toMatchObject({ campaign: { source: 'a' } });
});

test('once stopped it hears neither consent nor other tabs', () => {
  const { consent } = load({ to: '/?utm_source=a' });
  const done = watchStorage();
  for (const stop of stops.splice(0)) stop();
  consent.set({ analytics: false });
  expect(done).toEqual([]);
});

test('where the browser does not tell how a page was loaded, it was gone to', () => {
  const plugin = attribution();
  load({ to: '/?utm_source=a', plugin }).tell();
  for (const stop of stops.splice(0)) stop();
  history.replaceState(null, '', '/?utm_source=b');
  vi.spyOn(performance, 'getEntriesByType').mockImplementation(() => {
    throw new TypeError('no such thing');
  });
  const next = attribution();
  const consent = createConsent({ gpc: false, initial: yes, now: Date.now });
  stops.push(next.setup?.({ consent } as Tracker) ?? (() => {}));
  const context = { session: { id: 's1' }, consent: { categoryPreferences: yes } };
  expect(next.process?.(anEvent({ context }))?.context).toMatchObject({ campaign: { source: 'b' } });
});

test('what redaction takes out of events is not remembered either', () => {
  const plugin = attribution();
  const { setup } = plugin;
  const guarded: Plugin = {
    ...plugin,
    setup(tracker) {
      const stop = setup?.(tracker);
      redaction().setup?.(tracker); // in whichever order
      return () => stop?.();
    },
  };
  const { tell } = load({
    to: '/u/ada@example.com?utm_content=for+1+ada%40',
    from: 'https://a.example/x@y.example',
    plugin: guarded,
  });
  tell();
  expect(localStorage[key]).toContain('/u/[email]');
  expect(localStorage[key]).not.toMatch(/ada@example|x@y/);
});
