import { type DeviceStore, deviceCookieName, formatDevice, parseDevice } from '@org/track-core';

/** 395 days: within the 400 that browsers allow, and the 13 months that regulators do. */
const maxAgeSeconds = 34_128_000;

/** One first-party cookie of this host, readable by its server too. Where cookies are refused, nothing is remembered. */
export function createCookieDeviceStore(): DeviceStore {
  return {
    load() {
      try {
        const prefix = `${deviceCookieName}=`;
        const cookie = document.cookie.split('; ').find((pair) => pair.startsWith(prefix));
        if (cookie) return parseDevice(cookie.slice(prefix.length));
      } catch {
        // A sandboxed frame may not even look.
      }
      return undefined;
    },
    save(device) {
      try {
        const secure = location.protocol === 'https:' ? '; Secure' : '';
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
        document.cookie = `${deviceCookieName}=${formatDevice(device)}; Path=/; Max-Age=${maxAgeSeconds}; SameSite=Lax${secure}`;
      } catch {
        // As above.
      }
    },
  };
}
