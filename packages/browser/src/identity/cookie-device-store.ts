import { attempt, type Device, type DeviceStore, formatDevice, readDevice } from '@org/track-core';

interface CookieDeviceStore extends DeviceStore {
  /** @param domain - the attribute `; Domain=…`. Default: none, the cookie is this host's. */
  save(device: Device, domain?: string): void;
}

/**
 * One first-party cookie, readable by its server too: of this host, or of a domain above it. Where cookies are refused (a
 * sandboxed frame may not even look), nothing is remembered.
 */
export const cookieDeviceStore: CookieDeviceStore = {
  load: () => attempt(() => readDevice(document.cookie)),
  save: (device, domain = '') =>
    attempt(() => {
      const secure = location.protocol === 'https:' ? '; Secure' : '';
      // 395 days: within the 400 that browsers allow, and the 13 months that regulators do.
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
      document.cookie = `${formatDevice(device)}; Path=/; Max-Age=34128000; SameSite=Lax${secure}${domain}`;
    }),
};
