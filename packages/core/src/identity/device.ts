import type { Decision } from '../event/event.ts';

/** A visit: until 30 minutes without activity, or 24 hours. Both times in epoch milliseconds. */
export type Session = readonly [id: string, startedAt: number, seenAt: number];

/**
 * What a device remembers of its person. In memory it is what the cookie says: one small cookie, that both sides can
 * read. It travels with every request, hence the lists.
 */
export interface Device {
  /** Remembering it is necessary; everything below needs it to be a yes. */
  readonly consent?: Decision | undefined;
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  readonly session?: Session | undefined;
}

/** Where a device remembers. Neither call throws. */
export interface DeviceStore {
  load(): Device | null | undefined;
  save(device: Device): void;
}

/** The cookie's name: short, and nobody else's. */
export const deviceCookieName: string = 'jn';

/** The cookie as `name=value`: the value is the format's version, then the device as JSON, escaped. */
export const formatDevice = (device: Device): string => `jn=1${encodeURIComponent(JSON.stringify(device))}`;

/**
 * Finds what `formatDevice` wrote among the cookies of a page or a request, and believes it; null if there is nothing of
 * that kind and version. Throws at what cannot be read, and only then: to throw makes a browser parse the page's script
 * again, milliseconds of a first visit on a slow phone.
 */
export const readDevice = (cookies: string): Device | null =>
  JSON.parse(decodeURIComponent(/(^|;) *jn=1([^;]*)/.exec(cookies)?.[2] ?? 'null'));
