import type { EventType } from '@org/track-core';

/** What an address asks for. */
export type Endpoint =
  | { readonly kind: 'events' /** Says `type` where an event does not. */; readonly type?: EventType }
  /** A client's own counters, which nobody here wants. */
  | { readonly kind: 'metrics' }
  /** An event in the address of a picture. */
  | { readonly kind: 'pixel'; readonly type: EventType }
  /** What Segment's library for browsers asks before it starts. */
  | { readonly kind: 'segment-settings'; readonly key: string }
  /** What RudderStack's library for browsers asks before it starts. */
  | { readonly kind: 'rudderstack-settings' }
  | { readonly kind: 'unknown' };

/** Segment's names for single events, in full and as its browser library shortens them. RudderStack has the full ones. */
const typeOfName: { readonly [name: string]: EventType } = {
  track: 'track',
  t: 'track',
  page: 'page',
  p: 'page',
  screen: 'screen',
  s: 'screen',
  identify: 'identify',
  i: 'identify',
  group: 'group',
  g: 'group',
  alias: 'alias',
  a: 'alias',
};

const settingsPattern = /\/v1\/projects\/([^/]+)\/settings\/?$/;
const sourceConfigPattern = /\/sourceConfig\/?$/;
/** Segment's order, and RudderStack's. */
const pixelPattern = /\/(?:v1\/pixel|pixel\/v1)\/(\w+)\/?$/;
const eventsPattern = /\/v1\/(\w+)\/?$/;

/** @param path - whatever it is mounted at: the end counts */
export function endpointOf(path: string): Endpoint {
  const key = settingsPattern.exec(path)?.[1];
  if (key !== undefined) return { kind: 'segment-settings', key };
  if (sourceConfigPattern.test(path)) return { kind: 'rudderstack-settings' };
  const picture = pixelPattern.exec(path)?.[1];
  if (picture !== undefined) {
    const type = typeOf(picture);
    return type === undefined ? { kind: 'unknown' } : { kind: 'pixel', type };
  }
  const name = eventsPattern.exec(path)?.[1];
  if (name === undefined || name === 'batch' || name === 'b' || name === 'import') return { kind: 'events' };
  if (name === 'm') return { kind: 'metrics' };
  const type = typeOf(name);
  return type === undefined ? { kind: 'unknown' } : { kind: 'events', type };
}

function typeOf(name: string): EventType | undefined {
  return Object.hasOwn(typeOfName, name) ? typeOfName[name] : undefined;
}

/** Clients that cannot set headers, for pictures and beacons, put their public key into the address. */
const keyedPattern = /\/(?:pixel|beacon)\//;

/** Does what is asked for there stand in pages and mails, for everybody to read? */
export function isPublicAddress(path: string): boolean {
  return keyedPattern.test(path);
}

/** The write key in an address, where one may stand there. */
export function keyOfAddress(path: string, query: string): string | undefined {
  return isPublicAddress(path) ? (new URLSearchParams(query).get('writeKey') ?? undefined) : undefined;
}
