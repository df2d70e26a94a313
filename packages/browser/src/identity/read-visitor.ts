import {
  attempt,
  type ConsentPreferences,
  createIdentity,
  createIds,
  type Device,
  type DeviceStore,
  deviceCookieName,
  parseDevice,
  type SessionLimits,
} from '@org/track-core';
import type { HandedIds } from './handed-identity.ts';

/** What a device remembers of its visitor, as options of a worker's tracker. It can be posted as a message. */
export interface Visitor extends HandedIds {
  readonly consent?: {
    readonly initial: ConsentPreferences;
    /** When the person decided, epoch milliseconds. */
    readonly decidedAt: number;
  };
}

/**
 * Reads who uses this device, and what they agreed to, from the tracker's cookie: on a page, which may post it to its
 * workers, and in a service worker of a browser that has a `cookieStore`. Reading it is no activity: no visit goes on by it.
 *
 * Empty where nothing is remembered: before a yes, without cookies, in other workers. Never rejects.
 *
 * @param session - when a visit ends, if the page's tracker was told so
 */
export async function readVisitor(session?: Partial<SessionLimits>): Promise<Visitor> {
  const { anonymousId, userId, consent, ...device } = parseDevice(await readCookie());
  const sessionId = device.session && openSession(device, session);
  return {
    ...(anonymousId && { anonymousId }),
    ...(userId && { userId }),
    ...(sessionId && { sessionId }),
    ...(consent && { consent: { initial: consent[0], decidedAt: consent[1] } }),
  };
}

async function readCookie(): Promise<string> {
  if (typeof document === 'object') return attempt(() => document.cookie) ?? '';
  try {
    const cookie = await cookieStore.get(deviceCookieName);
    return `${deviceCookieName}=${cookie?.value}`;
  } catch {
    return '';
  }
}

/** The visit that an event would belong to now, unless that would be a new one. */
function openSession(device: Device, session: Partial<SessionLimits> | undefined): string | undefined {
  const now = Date.now;
  // A visit is somebody's; here it does not matter whose.
  const store: DeviceStore = { load: () => ({ anonymousId: 'somebody', ...device }), save() {} };
  const who = createIdentity({ ids: createIds({ now }), now, store, mayStore: () => true, session }).touch();
  return who.session?.isNew ? undefined : who.session?.id;
}
