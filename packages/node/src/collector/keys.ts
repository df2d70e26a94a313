import { hash, randomBytes } from 'node:crypto';
import { type ConsentPreferences, type EventSource, type OnDiagnostic, report } from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import { type Cors, isFromBrowser } from './cors.ts';
import { isPublicAddress, keyOfAddress } from './endpoint.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { Refusal } from './refusal.ts';

/** Who may write with a key. */
export interface CollectorKey {
  /** `server` keys are secrets: what comes with one is believed, and never from a browser. A `browser` key is public. */
  readonly source: EventSource;
  /** Shown in place of the key. */
  readonly name?: string;
  /** Older keys of this source that are still taken, while its clients change to the new one. */
  readonly previous?: readonly string[];
  /** For a `browser` key: the sites that may use it beside the collector's own. Default: the collector's `allowedOrigins`. */
  readonly allowedOrigins?: readonly string[];
  /** Consent this source vouches for, used where an event carries none. */
  readonly consent?: ConsentPreferences;
  /** What it may send for ever; for a while 40 times as much. Default: the collector's `keyEventsPerSecond`. */
  readonly eventsPerSecond?: number;
}

/** Who a batch came from. */
export interface Sender {
  readonly source: EventSource;
  readonly keyName?: string;
  readonly consent?: ConsentPreferences;
  /** Shared by all that comes with the same key, or without one. */
  readonly limit: RateLimit;
}

/** Tells who sent a request. */
export interface Authenticate {
  /** By what stands around the body; `undefined` if that names no key we know. */
  beforeBody(request: HttpRequest): Sender | Refusal | undefined;
  /** @param bodyKey - the `writeKey` in the body */
  byBody(request: HttpRequest, bodyKey: string | undefined): Sender | Refusal;
  /** The key that stands around the body, known or not. */
  keyOf(request: HttpRequest): string | undefined;
  /** Is it a key for browsers? One for servers is as unknown as any other. */
  isPublic(key: string): boolean;
}

export interface AuthenticateOptions {
  readonly keys: { readonly [writeKey: string]: CollectorKey };
  readonly cors: Cors;
  readonly eventsPerSecond: number;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  readonly onDiagnostic: OnDiagnostic | undefined;
}

/** One entry of `keys`, with all its keys. */
interface Source {
  readonly source: EventSource;
  readonly name: string;
  readonly origins: ReadonlySet<string> | undefined;
  readonly sender: Sender;
}

/**
 * A key makes a sender. Without one a request is a browser's, if it comes from the collector's own site or one of those
 * allowed, and if no key was given out to browsers.
 */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { keys, cors, eventsPerSecond, elapsed, onDiagnostic } = options;
  // Looked up by a digest that nobody outside can compute: how long that takes tells nothing of the keys.
  const salt = randomBytes(32).toString('hex');
  const digestOf = (key: string): string => hash('sha256', salt + key, 'base64');
  const limitOf = (rate: number): RateLimit => createRateLimit({ eventsPerSecond: rate, maxSenders: 1, elapsed });

  const known = new Map<string, { readonly source: Source; readonly isPrevious: boolean }>();
  for (const [writeKey, key] of Object.entries(keys)) {
    const source = sourceOf(key, limitOf(key.eventsPerSecond ?? eventsPerSecond));
    known.set(digestOf(writeKey), { source, isPrevious: false });
    for (const previous of key.previous ?? []) known.set(digestOf(previous), { source, isPrevious: true });
  }
  const needsBrowserKey = Object.values(keys).some(({ source }) => source === 'browser');
  const keyless: Sender = { source: 'browser', limit: limitOf(eventsPerSecond) };
  const reported = new Set<string>();

  function reportOnce(code: string, name: string): void {
    if (reported.has(`${code} ${name}`)) return;
    reported.add(`${code} ${name}`);
    report(onDiagnostic, code, name);
  }

  function find(given: string | undefined): Source | undefined {
    const found = given === undefined || given === '' ? undefined : known.get(digestOf(given));
    if (found?.isPrevious) reportOnce('previous-key-used', found.source.name);
    return found?.source;
  }

  function admit({ source, name, origins, sender }: Source, request: HttpRequest): Sender | Refusal {
    if (source === 'browser') return cors.mayWrite(request, origins) ? sender : foreignOrigin();
    if (!isFromBrowser(request) && !isPublicAddress(request.path)) return sender;
    reportOnce('secret-key-exposed', name);
    return new Refusal(
      403,
      'secret-key-in-browser',
      'This key is a secret of a server, and it came from a browser or in an address: whoever opened that page or mail can read it. Replace it, and give browsers a key of their own.',
    );
  }

  return {
    beforeBody(request) {
      if (known.size === 0) return undefined;
      const source = find(keyOf(request));
      return source === undefined ? undefined : admit(source, request);
    },
    byBody(request, bodyKey) {
      // With no keys at all, a header is meant for somebody else: a site behind a password has browsers send one.
      const headerKey = known.size === 0 ? undefined : keyOf(request);
      const source = find(bodyKey) ?? find(headerKey);
      if (source !== undefined) return admit(source, request);
      if (bodyKey || headerKey) return unknownKey();
      if (needsBrowserKey) return new Refusal(401, 'no-key', 'A write key is required.');
      return cors.mayWrite(request, undefined) ? keyless : foreignOrigin();
    },
    keyOf,
    isPublic: (key) => known.get(digestOf(key))?.source.source === 'browser',
  };
}

function sourceOf({ source, name, consent, allowedOrigins }: CollectorKey, limit: RateLimit): Source {
  return {
    source,
    name: name ?? unnamedKey,
    origins: allowedOrigins === undefined ? undefined : new Set(allowedOrigins),
    sender: {
      source,
      limit,
      ...(name === undefined ? {} : { keyName: name }),
      ...(consent === undefined ? {} : { consent }),
    },
  };
}

/** What stands for a key in diagnostics that has no name. */
export const unnamedKey = 'a key without a name';

function foreignOrigin(): Refusal {
  return new Refusal(403, 'foreign-origin', "This site is not among the collector's allowedOrigins.");
}

export function unknownKey(): Refusal {
  return new Refusal(401, 'unknown-key', 'The write key is not known here.');
}

/** The user name of Basic (Segment's clients; some leave out the colon), a Bearer token, or what stands in the address. */
function keyOf(request: HttpRequest): string | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
  if (scheme === '') return keyOfAddress(request.path, request.query);
  if (scheme.toLowerCase() === 'bearer') return value;
  return Buffer.from(value, 'base64').toString().split(':')[0];
}
