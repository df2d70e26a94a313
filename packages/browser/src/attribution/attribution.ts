import { attempt, clickIdsOf, type Plugin, type Tracker } from '@org/track-core';
import { capturePlugin } from '../capture/capture-plugin.ts';
import { redactors } from '../plugin/redactors.ts';
import { listen } from '../runtime/page-lifecycle.ts';
import { type Origins, originsAt, withoutClicks } from './origins.ts';
import { readTouch, type Touch } from './read-touch.ts';

export interface AttributionOptions {
  /**
   * Hosts that are no source, each with those below it: your other hosts (`example.com` speaks for all of them), and
   * those that send people back, like `paypal.com`. The page's own host, without `www.`, always is one.
   *
   * Nothing is guessed beyond that. Which part of a host was registered only the Public Suffix List knows, which is no
   * load for a page: on `shop.example.com`, `example.com` is another site until it is named here.
   */
  readonly internalHosts?: readonly string[];
}

const storageKey = 'jn:from';

/**
 * Says with each event how its person came: `context.campaign`, `context.referrer.url` and `context.clickIds` are the
 * visit's latest source, `context.attribution.landing` how the visit began, `context.attribution.first` how the first
 * one did.
 *
 * A visit has the source of the page it began on. Within it another takes its place: a link with `utm_…`, a page load
 * from another site or with a click id. Coming directly, reloading and going back do not. What the caller says in
 * `context` comes first.
 *
 * Click ids need a yes to `advertising` on the event itself; without it they are also cut out of every address in it.
 * With a yes to `analytics` all of this is remembered in localStorage, for all tabs, until a no; without what `redaction()`
 * takes out, where the tracker has it. Otherwise, with `pageOnly()`, and where nothing can be stored, it is known to this
 * page only.
 *
 * @example
 * createTracker({ endpoint: '/api/j', plugins: [attribution({ internalHosts: ['example.com'] })] });
 */
export function attribution({ internalHosts = [] }: AttributionOptions = {}): Plugin {
  const hosts = internalHosts.map((host) => host.toLowerCase());
  const clickIds: readonly string[] = Object.values(clickIdsOf).flat();
  // Runs of them in an address, also in one that is another's parameter, and in one of that, with what stands before and
  // after.
  const escaped = '%(?:25)*';
  const namedClicks = new RegExp(
    `([?&]|${escaped}(?:3F|26))((?:${clickIds.join('|')})(?:=|${escaped}3D)(?:(?!${escaped}2[63])[^&#"\\s])*(&|${escaped}26)?)+`,
    'gi',
  );
  /** How often it is escaped: `%25` of `%2526`. */
  const depthOf = (sign: string): string => sign.slice(0, -2);
  let owner: Tracker;
  let arrival: Touch | undefined; // how this page was come to, until an event tells it
  let isSource = false; // does that take the place of the source that the visit had?
  let lastUrl: string | undefined;
  let origins: Origins | undefined;
  let isRead = false;
  let stored: unknown; // the text that is known to be in storage
  // Campaigns this page has seen: going back to one is no new one.
  const told = new Set<string | undefined>();
  // What is told of the origins, which is made anew only when something changes.
  let telling:
    | { readonly of: Origins; readonly whole: boolean; readonly told: Origins; readonly text: string }
    | undefined;

  const read = (url: string, referrer = ''): Touch =>
    readTouch(url, referrer, clickIds, [location.hostname.replace(/^www\./, ''), ...hosts]);

  /** A copy in which no address names a click. */
  function withoutClicksIn<V>(value: V): V {
    if (typeof value === 'string') {
      // Most texts are no address with parameters.
      if (!/=|3D/i.test(value)) return value;
      // What follows may be a parameter of the address around it.
      return value.replace(namedClicks, (_, before, _run, after = '') =>
        after && depthOf(after) >= depthOf(before) ? before : after,
      ) as V;
    }
    if (!value || typeof value !== 'object') return value;
    const copy = (Array.isArray(value) ? [] : {}) as V;
    for (const key in value) copy[key] = withoutClicksIn(value[key]);
    return copy;
  }

  function load(): Origins | undefined {
    stored = attempt(() => localStorage[storageKey]);
    const found: Origins | undefined = attempt(() => JSON.parse((stored ?? 'null') as string));
    return found?.last && found.landing && found.first && found;
  }

  function save(text: string): void {
    if (text !== stored) attempt(() => localStorage.setItem(storageKey, text));
    stored = text;
  }

  /** Forgets what may not be remembered any more. */
  function heed({ consent }: Tracker): void {
    const mayStore = consent.allows('analytics');
    if (mayStore === false) {
      attempt(() => localStorage.removeItem(storageKey));
      stored = undefined;
    }
    const found = mayStore && consent.allows('advertising') === false && load();
    if (found) save(JSON.stringify(withoutClicks(found)));
  }

  const listening = capturePlugin('attribution', (tracker, signal) => {
    owner = tracker;
    arrival = read(location.href, document.referrer);
    told.add(JSON.stringify(arrival.campaign));
    const { type } = (attempt(() => performance.getEntriesByType('navigation')[0]) ?? {}) as { readonly type?: string };
    // A click id without a referrer comes from an app; with one of our own pages, from a link that passes it on.
    const isFound = arrival.campaign || arrival.referrer || (arrival.clickIds && !document.referrer);
    isSource = !!isFound && type !== 'reload' && type !== 'back_forward';
    heed(tracker);
    signal.addEventListener(
      'abort',
      tracker.consent.onChange(() => heed(tracker)),
    );
    // Another tab has written.
    const reread = (moment: Event): void => {
      if ((moment as StorageEvent).key === storageKey) isRead = false;
    };
    listen('storage', reread, signal);
  });

  return {
    ...listening,
    process(event) {
      const { session, page, consent, cookieless } = event.context ?? {};
      const { analytics, advertising } = consent?.categoryPreferences ?? {};
      const mayStore = analytics === true && !cookieless;
      if (mayStore && !isRead) {
        isRead = true;
        const found = load();
        if (found && (!origins || found.session === session?.id)) origins = found;
      }

      const url = page?.url ?? location.href;
      const came = arrival;
      arrival = undefined;
      const before = origins;
      origins = originsAt(before, event, came ?? { url: read(url).url });
      if (came && isSource && origins === before) origins = { ...origins, last: came };
      if (url !== lastUrl) {
        const touch = read(url);
        const campaign = JSON.stringify(touch.campaign);
        if (campaign && !told.has(campaign)) origins = { ...origins, last: touch };
        told.add(campaign);
      }
      lastUrl = url;

      // The signal speaks for the person, whatever else was said.
      const whole = advertising === true && !consent?.gpc;
      if (telling?.of !== origins || telling.whole !== whole) {
        const view = whole ? origins : withoutClicks(origins);
        const redact = redactors.get(owner);
        const kept = redact ? redact({ ...event, context: { attribution: view } }).context?.attribution : view;
        telling = { of: origins, whole, told: view, text: JSON.stringify(kept) };
      }
      if (mayStore) save(telling.text);

      const { last, landing, first } = telling.told;
      const { campaign, referrer, clickIds } = last;
      const context = {
        ...{ campaign, clickIds, referrer: referrer && { url: referrer } },
        attribution: { landing: { url: landing.url, referrer: landing.referrer }, first },
        ...event.context,
      };
      if (whole) return { ...event, context };
      return withoutClicksIn({ ...event, context: { ...context, clickIds: undefined } });
    },
  };
}
