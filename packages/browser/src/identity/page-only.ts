import { createMemoryOutbox, type Device } from '@org/track-core';
import { readContext } from '../runtime/page-context.ts';
import { cookieDeviceStore } from './cookie-device-store.ts';
import { expireElsewhere } from './cookie-domains.ts';
import type { Remembering, StoragePart } from './storage-part.ts';

export interface PageOnlyOptions {
  /**
   * Keep what the person decides, and nothing else, in the cookie: that is necessary, or the next page would ask again and
   * forget a no. Until they decide there is none. `false`: not even that, for a host that says it with each page, as
   * `consent.initial`. Default true.
   */
  readonly keepsDecision?: boolean;
}

/**
 * Nothing is stored: no id in a cookie, no event in IndexedDB or localStorage, also where consent allows it. Ids, visit and
 * events that wait live as long as the page. Each page load is another visitor, and each of its events says so, as
 * `context.cookieless`: a warehouse must not count people by them.
 *
 * Events that cannot leave with the page are lost: there is no next visit that would find them. What is consented to is the
 * person's and the law's to say as ever: pass `consent: { model: 'opt-out' }` where measuring without storage needs no yes.
 * Cookies with ids from before are removed; where the host keeps decisions, those with a decision too.
 *
 * @example
 * createTracker({ endpoint: '/api/j', storage: pageOnly(), consent: { model: 'opt-out' } });
 */
export function pageOnly({ keepsDecision = true }: PageOnlyOptions = {}): StoragePart {
  function save({ consent }: Device): void {
    if (keepsDecision && consent) cookieDeviceStore.save({ consent });
  }

  const remembering: Remembering = {
    // As much as otherwise waits on the device.
    outbox: createMemoryOutbox({ maxEvents: 5_000, maxBytes: 4 << 20 }),
    mayStore: () => false,
    context: () => ({ ...readContext(), cookieless: true }),
    store: {
      load() {
        const device: Device | null | undefined = cookieDeviceStore.load();
        if (!device) return;
        const { anonymousId, userId, session, consent } = device;
        if (anonymousId || userId || session || !keepsDecision) expireElsewhere();
        save({ consent }); // again, or it would expire: Safari keeps a page's cookies for a week
        // What was kept before the host kept it may be older than what the host says.
        return keepsDecision ? { consent } : undefined;
      },
      save,
    },
  };
  return remembering;
}
