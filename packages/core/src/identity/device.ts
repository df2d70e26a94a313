import type { ConsentPreferences } from '../event/event.ts';

/** A visit: until 30 minutes without activity, or 24 hours. */
export interface Session {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds. */
  readonly lastSeenAt: number;
}

/** What a device remembers of its person, all of it, in one small cookie that both sides can read. */
export interface Device {
  /** The person's decision. Remembering it is necessary; everything below needs it to be a yes. */
  readonly consent?: { readonly preferences: ConsentPreferences; readonly decidedAt: number } | undefined;
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  readonly session?: Session | undefined;
}

/** Where a device remembers. Neither call throws. */
export interface DeviceStore {
  load(): Device | undefined;
  save(device: Device): void;
}

/** The cookie's name: short, and nobody else's. */
export const deviceCookieName: string = 'jn';

/** Marks the format, so that a later one can tell. */
const format = 1;

/** Cookie-safe text: JSON, escaped, with keys of one letter because it travels with every request. */
export function formatDevice({ consent, anonymousId, userId, session }: Device): string {
  const visit = session && [session.id, session.startedAt, session.lastSeenAt];
  const { preferences, decidedAt } = consent ?? {};
  return encodeURIComponent(
    JSON.stringify({ v: format, c: preferences, t: decidedAt, a: anonymousId, u: userId, s: visit }),
  );
}

/** Reads what `formatDevice` wrote, and believes it. Throws at what is no text of that kind. */
export function readDevice(text: string): Device | undefined {
  const { v, c, t, a, u, s } = JSON.parse(decodeURIComponent(text));
  if (v !== format) return undefined;
  return {
    consent: t && { preferences: { ...c }, decidedAt: t }, // whatever `c` is, it can be asked
    anonymousId: a,
    userId: u,
    session: s && { id: s[0], startedAt: s[1], lastSeenAt: s[2] },
  };
}
