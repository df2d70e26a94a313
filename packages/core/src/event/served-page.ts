import type { TrackCall } from './event.ts';

/** What a served page is called among events. */
export const pageServed = 'Page Served';

/** What a server says of a page that it served, and all that it may say. */
export interface ServedPage {
  /** A random UUID of this one response. The browser's page view says it again, if it is sent. */
  readonly page_view_id: string;
  /**
   * What the request said of consent to `analytics`: `given`, `undecided`, or `denied`, which Global Privacy Control says
   * too where the person has not said otherwise.
   */
  readonly consent: 'given' | 'denied' | 'undecided';
  /**
   * It was served before, and its page has since made an ordinary request of the app's own: it is alive, whoever blocks
   * what. Absent on the answer itself.
   */
  readonly called_home?: true;
  /** The bot's name, where a bot asked. */
  readonly bot?: string;
  /** A browser's family, and nothing more of its agent. */
  readonly browser?: 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'other';
}

/** Longest name of a bot, characters. */
export const maxBotLength = 40;

type Fields = { readonly [key: string]: unknown };

// Patterns, because a bundler drops one that nobody uses, and a set it would keep.
/** What makes it an event, and what a collector adds to any. */
const eventKeys = /^(?:type|event|messageId|timestamp|properties|context|originalTimestamp|receivedAt|sentAt|source)$/;
const propertyKeys = /^(?:page_view_id|consent|called_home|bot|browser)$/;
const contextKeys = /^(?:library|page)$/;
const libraryKeys = /^(?:name|version)$/;
const pageKeys = /^path$/;
const consents = /^(?:given|denied|undecided)$/;
const browsers = /^(?:Chrome|Edge|Firefox|Safari|other)$/;
const paths = /^\/[^?#]*$/;

/**
 * Does this event say that a page was served, and nothing else? Then it is about nobody: a count, which needs no consent
 * and goes to warehouses alone. With one word more, an id, an address, an agent, it is no such event.
 */
export function isServedPage(event: unknown): event is TrackCall & { readonly properties: ServedPage } {
  // Asked of every event: most are told apart by their name.
  if (!isObject(event) || event.event !== pageServed || event.type !== 'track' || !hasOnly(event, eventKeys)) {
    return false;
  }
  const { properties, context = {} } = event;
  if (!hasOnly(properties, propertyKeys) || !hasOnly(context, contextKeys)) return false;
  const { page_view_id: id, consent, called_home: hasCalled, bot, browser } = properties;
  const { page = {}, library = {} } = context;
  return (
    isPageViewId(id) &&
    isLike(consents, consent) &&
    (hasCalled === undefined || hasCalled === true) &&
    (browser === undefined || isLike(browsers, browser)) &&
    (bot === undefined || (typeof bot === 'string' && bot.length <= maxBotLength)) &&
    hasOnly(library, libraryKeys) &&
    hasOnly(page, pageKeys) &&
    (page.path === undefined || isLike(paths, page.path))
  );
}

/** Is it a UUID, as we write them? */
export function isPageViewId(id: unknown): id is string {
  return isLike(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, id);
}

function isLike(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: unknown, keys: RegExp): value is Fields {
  return isObject(value) && Object.keys(value).every((key) => keys.test(key) || value[key] === undefined);
}
