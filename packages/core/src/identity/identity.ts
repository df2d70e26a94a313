import type { SessionContext } from '../event/event.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Device, DeviceStore, Session } from './device.ts';
import { defaultSessionLimits, isSessionAlive, type SessionLimits } from './session.ts';

export interface IdentityOptions {
  readonly ids: Ids;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Where the device remembers. None: for this page only. */
  readonly store?: DeviceStore;
  /** Whether ids may be stored now. The consent decision is stored in any case. */
  readonly mayStore: () => boolean;
  readonly session?: Partial<SessionLimits>;
}

/** Who an event is about. */
export interface Who {
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly session?: SessionContext;
}

/** Who uses this device. */
export interface Identity {
  /** Who it is now; continues the session or starts a new one. */
  touch(): Who;
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
export function createIdentity({ ids, now, store, mayStore, session: limits }: IdentityOptions): Identity {
  const sessionLimits = { ...defaultSessionLimits, ...limits };
  let device: Device = store?.load() ?? {};
  let savedAt = 0;

  function save(): void {
    savedAt = now();
    if (mayStore()) store?.save(device);
    else if (device.consent !== undefined) store?.save({ consent: device.consent });
  }

  /** The visit that goes on, here or in another tab, if one does. */
  function aliveSession(): Session | undefined {
    const isAlive = (session: Session | undefined): boolean =>
      session !== undefined && isSessionAlive(session, now(), sessionLimits);
    if (!isAlive(device.session) && mayStore()) {
      // Another tab may have kept the visit alive, or have begun the next.
      const shared = store?.load()?.session;
      if (isAlive(shared)) return shared;
    }
    return isAlive(device.session) ? device.session : undefined;
  }

  return {
    touch() {
      const alive = aliveSession();
      const at = now();
      const session = alive ?? { id: ids.time(), startedAt: at, lastSeenAt: at };
      const isFresh = alive === undefined || device.anonymousId === undefined;
      // A clock that was set back must not shorten the visit.
      const lastSeenAt = Math.max(session.lastSeenAt, at);
      device = { ...device, anonymousId: device.anonymousId ?? ids.random(), session: { ...session, lastSeenAt } };
      if (mayStore() && (isFresh || at - savedAt > saveEveryMs)) save();
      return {
        ...(device.anonymousId === undefined ? {} : { anonymousId: device.anonymousId }),
        ...(device.userId === undefined ? {} : { userId: device.userId }),
        session: alive === undefined ? { id: session.id, isNew: true } : { id: session.id },
      };
    },
    identify(userId) {
      const isOther = device.userId !== undefined && device.userId !== userId;
      device = isOther ? { ...onlyConsent(device), userId } : { ...device, userId };
      save();
    },
    reset() {
      device = onlyConsent(device);
      save();
    },
    remember(consent) {
      device = { ...device, ...(consent === undefined ? {} : { consent }) };
      save();
    },
  };
}

function onlyConsent({ consent }: Device): Device {
  return consent === undefined ? {} : { consent };
}
