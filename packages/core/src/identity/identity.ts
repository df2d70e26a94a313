import type { SessionContext } from '../event/event.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Device, DeviceStore, Session } from './device.ts';
import { defaultSessionLimits, isSessionAlive, type SessionLimits } from './session.ts';

export interface IdentityOptions {
  readonly ids: Ids;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Where the device remembers. None: for this page only. */
  readonly store?: DeviceStore | undefined;
  /** Whether ids may be stored now. The consent decision is stored in any case. */
  readonly mayStore: () => boolean;
  readonly session?: Partial<SessionLimits> | undefined;
}

/** Who an event is about. */
export interface Who {
  readonly anonymousId?: string | undefined;
  readonly userId?: string | undefined;
  readonly session?: SessionContext;
}

/** Who uses this device. */
export interface Identity {
  /** Who it is now; continues the session or starts a new one. */
  touch(): Who;
  /** Who it was until now; no activity of theirs. */
  known(): Pick<Who, 'anonymousId' | 'userId'>;
  /** The same person is `userId` too. */
  alias(userId: string): void;
  /** From now on it is `userId`. Another known user before means another person: all ids start anew. */
  identify(userId: string): void;
  /** Forgets the person, keeps the consent decision. */
  reset(): void;
  /** Writes down the consent decision, and the ids if they may be stored now; else removes them. */
  remember(consent: Device['consent']): void;
}

/** Activity is written at most this often: a cookie write costs the page time. */
const saveEveryMs = 5_000;

/** Keeps a device's ids and session, shared by its tabs through the store. */
export function createIdentity({ ids, now, store, mayStore, session }: IdentityOptions): Identity {
  const limits = { ...defaultSessionLimits, ...session };
  let device: Device = store?.load() ?? {};
  let savedAt = 0;

  /** Unless it is what changes, the decision is the store's: another tab may have heard the person since. */
  function change(next: Device, consent: Device['consent'] = store?.load()?.consent ?? device.consent): void {
    device = { ...next, consent };
    savedAt = now();
    // Before a decision there is nothing to write, and no right to.
    if (mayStore() && consent?.preferences.analytics !== false) store?.save(device);
    else if (consent) store?.save({ consent });
  }

  return {
    touch() {
      const at = now();
      const alive = (visit: Session | undefined): Session | undefined =>
        isSessionAlive(visit, at, limits) ? visit : undefined;
      // Another tab may have kept the visit alive, or have begun the next.
      const visit = alive(device.session) ?? (mayStore() ? alive(store?.load()?.session) : undefined);
      const { id, startedAt, lastSeenAt } = visit ?? { id: ids.time(), startedAt: at, lastSeenAt: at };
      const { userId, anonymousId = ids.random() } = device;
      const isDue = !visit || !device.anonymousId || at - savedAt > saveEveryMs;
      // A clock that was set back must not shorten the visit.
      device = { ...device, anonymousId, session: { id, startedAt, lastSeenAt: Math.max(lastSeenAt, at) } };
      if (isDue) change(device);
      return { anonymousId, userId, session: visit ? { id } : { id, isNew: true } };
    },
    known() {
      device = { ...device, anonymousId: device.anonymousId ?? ids.random() };
      return device;
    },
    alias: (userId) => change({ ...device, userId }),
    identify: (userId) => change({ ...(device.userId && device.userId !== userId ? {} : device), userId }),
    reset: () => change({}),
    remember: (consent) => change(device, consent),
  };
}
