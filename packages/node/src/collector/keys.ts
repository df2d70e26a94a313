import { createHash } from 'node:crypto';
import type { ConsentPreferences, EventSource } from '@org/track-core';
import type { HttpRequest } from '../http/exchange.ts';
import type { Cors } from './cors.ts';
import { Refusal } from './refusal.ts';

/** Who may write with a key. */
export interface CollectorKey {
  /** `server` keys are secrets: what comes with one is believed. A `browser` key is public. */
  readonly source: EventSource;
  /** Shown in place of the key. */
  readonly name?: string;
  /** Consent this source vouches for, used where an event carries none. */
  readonly consent?: ConsentPreferences;
}

/** Who a batch came from. */
export interface Sender {
  readonly source: EventSource;
  readonly keyName?: string;
  readonly consent?: ConsentPreferences;
}

/** Tells who sent a request; `bodyKey` is the `writeKey` in its body. */
export type Authenticate = (request: HttpRequest, bodyKey: string | undefined) => Sender | Refusal;

/**
 * A key makes a sender. Without one a request is a browser's, if it comes from the collector's own site or one of those
 * allowed, and if no key was given out to browsers.
 */
export function createAuthenticate(keys: { readonly [writeKey: string]: CollectorKey }, cors: Cors): Authenticate {
  // Looked up by digest: how long that takes tells nothing of the keys.
  const known = new Map(Object.entries(keys).map(([key, info]) => [digestOf(key), info]));
  const needsBrowserKey = Object.values(keys).some(({ source }) => source === 'browser');

  return (request, bodyKey) => {
    // With no keys at all, a header is meant for somebody else: a site behind a password has browsers send one.
    const headerKey = known.size === 0 ? undefined : keyOfHeader(request.header('authorization'));
    const given = [bodyKey, headerKey].filter((key) => key !== undefined && key !== '') as string[];
    const info = given.map((key) => known.get(digestOf(key))).find((found) => found !== undefined);
    if (info === undefined && given.length > 0)
      return new Refusal(401, 'unknown-key', 'The write key is not known here.');
    if (info === undefined && needsBrowserKey) return new Refusal(401, 'no-key', 'A write key is required.');
    if (info?.source !== 'server' && !cors.mayWrite(request)) {
      return new Refusal(403, 'foreign-origin', "This site is not among the collector's allowedOrigins.");
    }
    return {
      source: info?.source ?? 'browser',
      ...(info?.name === undefined ? {} : { keyName: info.name }),
      ...(info?.consent === undefined ? {} : { consent: info.consent }),
    };
  };
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

/** The user name of Basic (Segment's clients; some leave out the colon), or a Bearer token. */
function keyOfHeader(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  return scheme === '' ? undefined : Buffer.from(value, 'base64').toString().split(':')[0];
}
