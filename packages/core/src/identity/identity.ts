import type { Decision, SessionContext } from '../event/event.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Device, DeviceStore, Session } from './device.ts';

export interface SessionLimits {
  /** A visit ends after this long without an event, milliseconds. Default 30 minutes. */
  readonly idleMs: number;
  /** A visit ends after this long whatever happens, milliseconds. Default 24 hours. */
  readonly maxMs: number;
}

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
  /**
   * Somebody did something: continues the session or starts a new one.
   *
   * @param userId - who it is from now on. Another known user before means another person: all ids start anew
   * @param isSame - not another person: the one before is `userId` too
   */
  touch(userId?: string, isSame?: boolean): Who;
  /** Who it was until now; no activity of theirs. */
  known(): Pick<Who, 'anonymousId' | 'userId'>;
  /** Forgets the person, keeps the consent decision. */
  reset(): void;
  /** Writes down the consent decision, and the ids if they may be stored now; else removes them. */
  remember(consent: Decision): void;
}

/** Activity is written at most this often: a cookie write costs the page time. */
const saveEveryMs = 5_000;

/** Visits that began this long after each other differ in the first eight digits of their ids, which count 66 seconds. */
const toldApartMs = 100_000;

/** Keeps a device's ids and session, shared by its tabs through the store. */
export function createIdentity({
  now,
  store,
  ids,
  mayStore,
  session: { maxMs = 24 * 3_600_000, idleMs = 30 * 60_000 } = {},
}: IdentityOptions): Identity {
  let device: Device = { anonymousId: ids.random() };
  let seenAt = 0; // not written with each event

  /** Another tab may have heard since who it is, or that nobody is: what is written must not bring back who was. */
  function catchUp(): Device {
    const stored = store?.load();
    device = stored?.anonymousId ? stored : device;
    return device;
  }
  catchUp();

  /** Unless it is what changes, the decision is the store's: another tab may have heard the person since. */
  function change(next: Device, decided?: Decision): void {
    const consent = decided ?? store?.load()?.consent ?? device.consent;
    device = { anonymousId: ids.random(), ...next, consent };
    // Before a decision there is nothing to write, and no right to: ids in the store are a tab's that was told yes. A no
    // is written again and again, or it would expire.
    if ((!mayStore() && decided) || consent?.[0]?.analytics === false) store?.save({ consent });
    else if (mayStore()) store?.save(device);
  }

  return {
    known: () => device,
    touch(userId, isSame) {
      const at = now();
      const isDue = !(at - (device.session as Session)?.[2] <= saveEveryMs);
      if ((isDue || userId) && mayStore()) catchUp();
      if (userId && userId !== device.userId) change({ ...((isSame || !device.userId) && device), userId });
      // Another tab may have kept the visit alive, or have begun the next; nothing locks a cookie, so both may begin it.
      // Without one all of it is undefined, and no comparison holds.
      let { 0: id, 1: startedAt, 2: writtenAt } = (device.session ?? []) as Session;
      seenAt = Math.max(writtenAt, seenAt);
      // A clock set back does not end a visit: only time that passed does.
      const isNew = !(at - seenAt < idleMs && at - startedAt < maxMs) || undefined;
      if (isNew) {
        // Then its id is the same in both: the time, told to 66 seconds, and what followed that in the last one's.
        id = at - startedAt > toldApartMs ? ids.time().slice(0, 8) + `${id}`.slice(8) : ids.time();
        startedAt = seenAt = at;
      }
      seenAt = Math.max(at, seenAt);
      if (isDue || isNew) change({ ...device, session: [id, startedAt, seenAt] });
      return { ...device, session: { id, isNew } };
    },
    reset: () => change({}, store?.load()?.consent),
    remember: (consent) => change(catchUp(), consent),
  };
}
