import { attempt, type Device, readDevice } from '@org/track-core';
import { cookieDeviceStore } from './cookie-device-store.ts';
import { cookiesSeen, expireElsewhere, rootDomainAttribute } from './cookie-domains.ts';
import type { Remembering, StoragePart } from './storage-part.ts';

/**
 * One cookie for all hosts of a site: `shop.example.co.uk` and `www.example.co.uk` know the same visitor and the same
 * decision. The widest domain that the browser lets have cookies is found when something is first remembered, once a page,
 * and never before that. On `localhost`, IP addresses, and where no cookie can be written, it is the host's alone.
 *
 * What was remembered for single hosts before is taken over; where there is more than one, the latest decision holds.
 *
 * @example
 * createTracker({ endpoint: '/api/j', storage: rootDomain() });
 */
export const rootDomain = (): StoragePart => cookieOf(rootDomainAttribute);

/**
 * One cookie for this host alone, as by default, for sites whose visitors may still have one of `rootDomain()`: that is
 * taken over and removed.
 *
 * @example
 * createTracker({ endpoint: '/api/j', storage: hostOnly() });
 */
export const hostOnly = (): StoragePart => cookieOf(() => '');

/** Keeps one cookie, of the domain that `attributeOf` names. */
function cookieOf(attributeOf: () => string): Remembering {
  function save(device: Device): void {
    const attribute = attempt(attributeOf) ?? '';
    cookieDeviceStore.save(device, attribute);
    // Which of two is whose a page cannot see.
    if (cookiesSeen().length > 1) expireElsewhere(attribute);
  }

  return {
    store: {
      load() {
        const devices = cookiesSeen()
          .map((cookie) => attempt(() => readDevice(cookie)))
          .filter((device) => Object(device) === device) as Device[];
        if (devices.length < 2) return devices[0];
        // Browsers list the oldest first. https://www.rfc-editor.org/rfc/rfc6265#section-5.4
        const { consent } = [...devices].sort((a, b) => decidedAt(a) - decidedAt(b)).at(-1) as Device;
        const device = consent?.[0]?.analytics === false ? { consent } : { ...(devices.at(-1) as Device), consent };
        save(device);
        return device;
      },
      save,
    },
  };
}

const decidedAt = ({ consent }: Device): number => consent?.[1] ?? 0;
