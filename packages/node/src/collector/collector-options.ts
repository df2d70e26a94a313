import type { AnyPlan, Clock, ConsentPreferences, Destination, OnDiagnostic, Plan } from '@org/track-core';
import {
  checkObject,
  describe,
  isAboveZero,
  isFunction,
  isListOf,
  isObject,
  isOneOf,
  isWholeFromZero,
  type Rules,
} from '../config/rules.ts';
import type { Enrichment } from '../enrichment/enrichment.ts';
import { type IdentityOptions, identityWords, isIdentityOptions } from '../identity/identity-cookie.ts';
import type { Log } from '../log/log.ts';
import type { Transformation } from '../transformation/transformation.ts';
import type { AddressPolicy } from './client-address.ts';
import type { CollectorKey } from './keys.ts';

/** What a collector takes on at most. */
export interface CollectorLimits {
  /** A body as it travels. Default 4 MiB. */
  readonly maxBodyBytes: number;
  /** A body unpacked. Default 16 MiB. */
  readonly maxInflatedBytes: number;
  /** Events in one body. Default 5,000. */
  readonly maxEvents: number;
  /** Requests worked on at once; more are told to come back. Default 1,000. */
  readonly maxInFlight: number;
  /** Bytes of all bodies worked on at once. Default 64 MiB. */
  readonly maxInFlightBytes: number;
  /** How long a body may take to arrive, milliseconds. Default 30,000. */
  readonly bodyTimeoutMs: number;
  /**
   * Events one address may send for ever, and for a while 40 times as many; each request and each 4 KiB count as one too.
   * Addresses of your own network are not limited, nor is what carries a `server` key. Default 250, `Infinity` for none.
   */
  readonly addressEventsPerSecond: number;
  /** The same for each key, and for all that comes without one. Default 20,000. */
  readonly keyEventsPerSecond: number;
}

export const defaultCollectorLimits: CollectorLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxInflatedBytes: 16 * 1024 * 1024,
  maxEvents: 5_000,
  maxInFlight: 1_000,
  maxInFlightBytes: 64 * 1024 * 1024,
  bodyTimeoutMs: 30_000,
  addressEventsPerSecond: 250,
  keyEventsPerSecond: 20_000,
};

export interface CollectorOptions<P extends Plan = AnyPlan> {
  /** Where accepted events are kept before anything else: `sqliteLog(path)`. Closed with the collector. */
  readonly log: Log;
  /** Says what events are for, what they look like, and which of them only a server may send. */
  readonly plan?: P;
  readonly destinations?: readonly Destination[];
  /** Who may write, by write key. Default: only browsers on the collector's own site, without a key. */
  readonly keys?: { readonly [writeKey: string]: CollectorKey };
  /** Other sites whose browsers may write: `https://shop.example`. Default none. */
  readonly allowedOrigins?: readonly string[];
  /**
   * Consent you vouch for where neither an event nor its key says anything. Default none: such events are refused as
   * `consent_denied`, save those whose purpose is `necessary`.
   */
  readonly consent?: ConsentPreferences;
  /**
   * Know browsers by a signed cookie that no script can read or change: `{ keys: [process.env.TRACK_IDENTITY_KEY] }`. It is
   * set with the answer to events whose consent covers `analytics`, and lives for 13 months. Default: by the id that the
   * browser's tracker keeps for itself.
   */
  readonly identity?: IdentityOptions;
  /** What becomes of events the plan does not name. Default `store`. */
  readonly unplanned?: 'store' | 'quarantine';
  /** What is found out about visitors and put into `context`: `userAgents()`, `bots()`, `geo({ file })`. Default nothing. */
  readonly enrichments?: readonly Enrichment[];
  /** Your own changes to events before they are stored, one after the other. Default none. */
  readonly transformations?: readonly Transformation[];
  /** What of a visitor's address is kept. Default `truncated`: `203.0.113.0`, `2001:db8:abcd::`. */
  readonly ip?: AddressPolicy;
  /** Proxies of yours in front of the collector: as many hops of `X-Forwarded-For` are believed. Default 0. */
  readonly trustedProxies?: number;
  readonly limits?: Partial<CollectorLimits>;
  readonly clock?: Clock;
  readonly onDiagnostic?: OnDiagnostic;
}

const isPreferences = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(
    ([category, answer]) =>
      ['functional', 'analytics', 'advertising'].includes(category) &&
      (answer === undefined || typeof answer === 'boolean'),
  );

export const collectorRules: Rules = {
  log: ['a log, such as sqliteLog(path)', (value) => isObject(value) && typeof value.append === 'function'],
  plan: ['a plan made by definePlan', (value) => isObject(value) && isObject(value.events)],
  destinations: ['a list of destinations', Array.isArray],
  keys: ['an object of write keys, each with what it may do', isObject],
  allowedOrigins: ['a list of origins', Array.isArray],
  consent: ['answers by category (functional, analytics, advertising), such as { analytics: true }', isPreferences],
  identity: [identityWords, isIdentityOptions],
  unplanned: ['"store" or "quarantine"', isOneOf('store', 'quarantine')],
  enrichments: [
    'a list of enrichments, such as userAgents()',
    isListOf((item) => isObject(item) && isFunction(item.find)),
  ],
  transformations: ['a list of functions', isListOf(isFunction)],
  ip: ['"truncated", "full" or "none"', isOneOf('truncated', 'full', 'none')],
  trustedProxies: ['a whole number, 0 or more', isWholeFromZero],
  limits: ['an object with limits', isObject],
  clock: ['a clock', (value) => isObject(value) && typeof value.after === 'function'],
  onDiagnostic: ['a function', isFunction],
};

const keyRules: Rules = {
  source: ['"browser" or "server"', isOneOf('browser', 'server')],
  name: ['a text', (value) => typeof value === 'string'],
  previous: ['a list of older keys, none of them empty', isListOf((key) => typeof key === 'string' && key !== '')],
  allowedOrigins: ['a list of origins', Array.isArray],
  consent: ['answers by category (functional, analytics, advertising), such as { analytics: true }', isPreferences],
  eventsPerSecond: ['a number above 0', isAboveZero],
};

const limitRules: Rules = Object.fromEntries(
  Object.keys(defaultCollectorLimits).map((limit) => [limit, ['a number above 0', isAboveZero] as const]),
);

/** @throws TypeError for the first option that is unknown, missing or not what it must be */
export function checkCollectorOptions(options: unknown): asserts options is CollectorOptions {
  checkObject('createCollector', options, collectorRules, ['log']);
  checkNestedOptions('createCollector', options as CollectorOptions);
}

/** What stands inside of options that are objects and lists themselves. */
export function checkNestedOptions(
  where: string,
  { keys = {}, allowedOrigins = [], limits = {} }: Pick<CollectorOptions, 'keys' | 'allowedOrigins' | 'limits'>,
): void {
  checkKeys(where, keys);
  checkObject(`${where}: limits`, limits, limitRules, []);
  checkOrigins(`${where}: allowedOrigins`, allowedOrigins);
}

/** What `[process.env.TRACK_KEY]` and `[process.env.TRACK_KEY ?? '']` are where that is not set: keys that everybody knows. */
const unsetKeys: ReadonlySet<string> = new Set(['', 'undefined', 'null']);

/** Keys are secrets: they are told apart by their place. */
function checkKeys(where: string, keys: { readonly [writeKey: string]: CollectorKey }): void {
  const places = new Map<string, string>();
  for (const [index, [writeKey, key]] of Object.entries(keys).entries()) {
    const place = `keys[${index}]`;
    if (unsetKeys.has(writeKey)) {
      throw new TypeError(
        `${where}: ${place}: expected a write key, got "${writeKey}": is the environment variable that holds it set?`,
      );
    }
    checkObject(`${where}: ${place}`, key, keyRules, ['source']);
    checkOrigins(`${where}: ${place}: allowedOrigins`, key.allowedOrigins ?? []);
    if (key.source === 'server' && key.allowedOrigins !== undefined) {
      throw new TypeError(`${where}: ${place}: allowedOrigins: a server key is never taken from a browser`);
    }
    for (const secret of [writeKey, ...(key.previous ?? [])]) {
      const earlier = places.get(secret);
      if (earlier !== undefined) {
        throw new TypeError(`${where}: ${place}: expected keys of its own, got one that ${earlier} has too`);
      }
      places.set(secret, place);
    }
  }
}

function checkOrigins(where: string, origins: readonly unknown[]): void {
  for (const origin of origins) {
    if (typeof origin !== 'string' || !isOrigin(origin)) {
      throw new TypeError(
        `${where}: expected origins such as "https://shop.example", got ${describe(origin)}` +
          (origin === '*' ? '; browsers take no "*" for requests that carry cookies' : ''),
      );
    }
  }
}

/** As browsers write it in `Origin`. Of extensions and apps (`chrome-extension://…`, `capacitor://localhost`) `URL` knows none. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === text || (origin === 'null' && /^[a-z][a-z\d+.-]*:\/\/[a-z\d.-]+(:\d+)?$/.test(text));
}
