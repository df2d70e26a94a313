import { attempt, type DeviceStore, formatDevice, readDevice } from '@org/track-core';

/**
 * One first-party cookie of this host, readable by its server too. Where cookies are refused (a sandboxed frame may not
 * even look), nothing is remembered.
 */
export const cookieDeviceStore: DeviceStore = {
  load: () => attempt(() => readDevice(document.cookie)),
  save: (device) =>
    attempt(() => {
      const secure = location.protocol === 'https:' ? '; Secure' : '';
      // 395 days: within the 400 that browsers allow, and the 13 months that regulators do.
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous: too late before a navigation
      document.cookie = `${formatDevice(device)}; Path=/; Max-Age=34128000; SameSite=Lax${secure}`;
    }),
};
