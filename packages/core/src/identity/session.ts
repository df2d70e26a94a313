import type { Session } from './device.ts';

export interface SessionLimits {
  /** A visit ends after this long without an event, milliseconds. Default 30 minutes. */
  readonly idleMs: number;
  /** A visit ends after this long whatever happens, milliseconds. Default 24 hours. */
  readonly maxMs: number;
}

export const defaultSessionLimits: SessionLimits = { idleMs: 30 * 60_000, maxMs: 24 * 3_600_000 };

/** Whether a visit goes on at `now`. A clock set back does not end it: only time that passed does. */
export function isSessionAlive(session: Session | undefined, now: number, { idleMs, maxMs }: SessionLimits): boolean {
  return session !== undefined && now - session.lastSeenAt < idleMs && now - session.startedAt < maxMs;
}
