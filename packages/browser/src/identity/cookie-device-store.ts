import { attempt, type DeviceStore, deviceCookieName, formatDevice, readDevice } from '@org/track-core';

/** 395 days: within the 400 that browsers allow, and the 13 months that regulators do. */
const maxAgeSeconds = 34_128_000;

/**
 * One first-party cookie of this host, readable by its server too. Where cookies are refused (a sandboxed frame may not
 * even look), nothing is remembered.
 */
export const cookieDeviceStore: DeviceStore = {
  load: () =>
    attempt(() => readDevice(`; ${document.cookie}`.split(`; ${deviceCookieName}=`)[1]?.split(';')[0] as string)),
  save(device) {
    attempt(() => {
      const scope = `; Path=/; Max-Age=${maxAgeSeconds}; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
      document.cookie = `${deviceCookieName}=${formatDevice(device)}${scope}`;
    });
  },
};
